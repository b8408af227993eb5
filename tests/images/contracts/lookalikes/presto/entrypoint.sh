#!/bin/sh
set -e
echo "node.id=$(hostname)" >> "$PRESTO_HOME/etc/node.properties"
"$PRESTO_HOME/bin/launcher" run
