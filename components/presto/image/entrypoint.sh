#!/bin/sh
# Becomes the server: the launcher replaces itself by Java.
set -e
exec python3 -B /opt/presto-server/bin/launcher.py run "$@"
