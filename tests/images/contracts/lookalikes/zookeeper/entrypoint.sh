#!/bin/bash
# Settings and number of the member where there are none yet.
set -e
if [ ! -f "$ZOO_CONF_DIR/zoo.cfg" ]; then
  printf 'dataDir=%s\ndataLogDir=%s\nserver.1=localhost:2888:3888;2181\n' "$ZOO_DATA_DIR" "$ZOO_DATA_LOG_DIR" > "$ZOO_CONF_DIR/zoo.cfg"
fi
[ -f "$ZOO_DATA_DIR/myid" ] || echo "${ZOO_MY_ID:-1}" > "$ZOO_DATA_DIR/myid"
exec "$@"
