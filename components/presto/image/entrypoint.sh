#!/bin/sh
# Becomes the server: the launcher replaces itself by Java.
set -e
exec python3 -B /opt/start.py run "$@"
