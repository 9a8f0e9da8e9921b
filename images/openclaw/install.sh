#!/bin/sh
# Puts Node and OpenClaw into the image. Runs inside a container of the base system; /build is
# a volume that is not part of the image: the Node and npm of the build, npm's cache, the host's
# certificates and registry settings stay there.
set -eu
. /build/env

npm() { "$node" /build/npm/bin/npm-cli.js "$@" --cache=/build/npm-cache; }
install() { npm ci --omit=dev --no-audit --no-fund --no-update-notifier "$@"; }

# The Node that stays is fetched by the build's own.
node=/build/bin/node
cd /build/node
install --ignore-scripts
stays=$(echo node_modules/node-linux-*)
if [ ! -x "$stays/bin/node" ]; then
    # For npm, a package that not every machine needs may fail to come without a word.
    echo "npm did not bring Node for $(uname -m). Asked for it alone, it says:"
    npm pack --dry-run "$(cat /build/node-name)"
    exit 1
fi
mkdir -p /opt/node/bin /opt/openclaw
cp "$stays/bin/node" /opt/node/bin/node
cp "$stays/LICENSE" /opt/node/LICENSE
node=/opt/node/bin/node
export PATH=/opt/node/bin:$PATH # OpenClaw's install checks the Node that runs it

cd /opt/openclaw
cp /build/package.json /build/package-lock.json .
install

# OpenClaw names its compile cache after this file's time. Layers keep whole seconds only, so
# with a fraction the cache that is warmed next would never be found again.
package=/opt/openclaw/node_modules/openclaw
touch -d "@$(date +%s)" "$package/package.json"

ln -s /opt/node/bin/node /usr/local/bin/node
ln -s "$package/openclaw.mjs" /usr/local/bin/openclaw
chmod 755 "$package/openclaw.mjs"
mkdir -m 1777 /data # for a run without a volume; a cabin mounts its own here
rm -rf /tmp/* /root/.npm
