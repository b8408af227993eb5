#!/bin/bash
# ZooKeeper's shell: `zkCli.sh -server host:port ls /`.
set -euo pipefail

export ZOO_LOG_LEVEL=${ZOO_LOG_LEVEL:-WARN}
# By default a client does not log in by DIGEST-MD5, which FIPS has not; the options are lists of words.
# shellcheck disable=SC2086
exec zk-java -Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xlog:disable -Xlog:all=warning:stderr -Dzookeeper.fips-mode=false \
  ${CLIENT_JVMFLAGS:-} ${JVMFLAGS:-} org.apache.zookeeper.ZooKeeperMain "$@"
