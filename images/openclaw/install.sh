#!/bin/sh
# Puts Node and OpenClaw into the image. Runs inside a container of the base system; /build is
# a volume that is not part of the image: archives, npm's cache, the host's certificates and
# registry settings stay there.
set -eu
. /build/env

mkdir -p /opt/node /opt/openclaw /build/npm
tar -xzf /build/node.tgz -C /opt/node --strip-components=1 --no-same-owner \
    --wildcards '*/bin/node' '*/LICENSE'
tar -xzf /build/npm.tgz -C /build/npm --strip-components=1 --no-same-owner
export PATH=/opt/node/bin:$PATH # OpenClaw's install checks the Node that runs it

cd /opt/openclaw
cp /build/package.json /build/package-lock.json .
node /build/npm/bin/npm-cli.js ci --omit=dev --no-audit --no-fund --no-update-notifier \
    --cache=/build/npm-cache

# OpenClaw names its compile cache after this file's time. Layers keep whole seconds only, so
# with a fraction the cache that is warmed next would never be found again.
package=/opt/openclaw/node_modules/openclaw
touch -d "@$(date +%s)" "$package/package.json"

ln -s /opt/node/bin/node /usr/local/bin/node
ln -s "$package/openclaw.mjs" /usr/local/bin/openclaw
chmod 755 "$package/openclaw.mjs"
mkdir -m 1777 /data # for a run without a volume; a cabin mounts its own here
rm -rf /tmp/* /root/.npm
