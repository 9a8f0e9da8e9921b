#!/bin/sh
# PostgreSQL as a service of a cabin: run by any uid, on a read-only root, with its data on the
# volume that is mounted at /var/lib/postgresql. It listens on the cabin's own loopback alone,
# so whoever can reach it is in the cabin, and is trusted.
#
# Nobody else ever mounts that volume: that is the platform's word, and what is done here with
# files of a server that is gone rests on it.
set -eu

place=/var/lib/postgresql
data=$place/15
export PATH=/usr/lib/postgresql/15/bin:$PATH LC_ALL=C.UTF-8

echo "postgres:x:$(id -u):$(id -g)::/tmp:/bin/sh" >/tmp/passwd
echo "postgres:x:$(id -g):" >/tmp/group
export LD_PRELOAD=libnss_wrapper.so NSS_WRAPPER_PASSWD=/tmp/passwd NSS_WRAPPER_GROUP=/tmp/group

# Made beside its place: one that was cut short is begun anew, and a whole one is never made again.
if [ ! -d "$data" ]; then
  rm -rf "$data.new"
  initdb --pgdata="$data.new" --username=postgres --encoding=UTF8 --locale=C.UTF-8 --auth=trust
  mv "$data.new" "$data"
  sync "$place"
fi
# Of a server that was killed. Process numbers begin anew in every container, so the one in it may
# by now be somebody else's.
rm -f "$data/postmaster.pid"

# The files are here, so that a newer start script reaches data that an older one made.
postgres -D "$data" \
  -c listen_addresses=127.0.0.1 -c port=5432 -c unix_socket_directories=/tmp \
  -c hba_file=/opt/stateroom/pg_hba.conf \
  -c shared_buffers=32MB -c max_connections=50 -c dynamic_shared_memory_type=mmap \
  -c min_wal_size=32MB -c max_wal_size=64MB \
  -c log_destination=stderr -c logging_collector=off &
server=$!

# Told to end, PostgreSQL by itself waits for its clients to leave; asked so, it takes leave of them.
trap 'kill -INT $server' TERM INT
until wait "$server"; do
  code=$?
  kill -0 "$server" 2>/dev/null || exit "$code"
done
