#!/bin/bash
# The server in the foreground, with the variables of the upstream image: ZK_SERVER_HEAP in MiB, SERVER_JVMFLAGS, JVMFLAGS.
set -euo pipefail

if [ "${1:-}" != start-foreground ]; then
  echo "zkServer.sh: received \"${1:-}\"; this image has only start-foreground" >&2
  exit 2
fi
# The options are lists of words.
# shellcheck disable=SC2086
exec zk-java "-Xmx${ZK_SERVER_HEAP:-1000}m" -XX:+ExitOnOutOfMemoryError ${SERVER_JVMFLAGS:-} ${JVMFLAGS:-} \
  org.apache.zookeeper.server.quorum.QuorumPeerMain "$ZOO_CONF_DIR/zoo.cfg"
