#!/bin/bash
# The shell, with options in CLIENT_JVMFLAGS.
exec java -Xmx256m ${CLIENT_JVMFLAGS:-} ${JVMFLAGS:-} -cp "$ZOOCFGDIR:/apache-zookeeper/lib/*" org.apache.zookeeper.ZooKeeperMain "$@"
