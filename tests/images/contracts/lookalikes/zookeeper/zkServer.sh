#!/bin/bash
# The server in the foreground, with a heap by ZK_SERVER_HEAP.
[ -n "${JMXDISABLE:-}" ] || jmx=-Dcom.sun.management.jmxremote
mkdir -p "$ZOO_LOG_DIR"
exec java $jmx "-Xmx${ZK_SERVER_HEAP:-1000}m" ${SERVER_JVMFLAGS:-} ${JVMFLAGS:-} "-Dzookeeper.log.dir=$ZOO_LOG_DIR" \
  -cp "$ZOOCFGDIR:/apache-zookeeper/lib/*" org.apache.zookeeper.server.quorum.QuorumPeerMain "$ZOO_CONF_DIR/zoo.cfg"
