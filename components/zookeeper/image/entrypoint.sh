#!/bin/bash
# Tells the member which one it is, as the upstream image does, then becomes what it is told to.
set -euo pipefail

if [ ! -f "$ZOO_DATA_DIR/myid" ]; then
  echo "${ZOO_MY_ID:-1}" > "$ZOO_DATA_DIR/myid"
fi
exec "$@"
