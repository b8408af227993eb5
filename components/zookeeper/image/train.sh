#!/bin/bash
# Runs a member until a client has written and read. When it ends, Java writes the classes that it used to $CLASS_ARCHIVE.
set -euo pipefail

log=/tmp/server.log
# A build's only network does not know the container's name.
echo "127.0.0.1 $(hostname)" >> /etc/hosts
cat > /tmp/jaas.conf <<'JAAS'
Server { org.apache.zookeeper.server.auth.DigestLoginModule required user_super="training"; };
Client { org.apache.zookeeper.server.auth.DigestLoginModule required username="super" password="training"; };
JAAS
cat > /conf/zoo.cfg <<'CFG'
dataDir=/tmp/data
clientPort=2181
admin.serverPort=8080
4lw.commands.whitelist=ruok,srvr
authProvider.sasl=org.apache.zookeeper.server.auth.SASLAuthenticationProvider
enforce.auth.enabled=true
enforce.auth.schemes=sasl
CFG
export JVMFLAGS="-Djava.security.auth.login.config=/tmp/jaas.conf"
SERVER_JVMFLAGS="-XX:+UseSerialGC -XX:ArchiveClassesAtExit=$CLASS_ARCHIVE -Xlog:disable" ZK_SERVER_HEAP=64 zkServer.sh start-foreground > "$log" 2>&1 &
server=$!
fail() {
  tail -n 50 "$log" >&2
  echo "train.sh: $1" >&2
  exit 1
}
for _ in {1..1800}; do
  if (: < /dev/tcp/localhost/2181) 2> /dev/null; then break; fi
  kill -0 "$server" 2> /dev/null || fail "the server ended"
  sleep 1
done
printf 'create /training one\nget /training\nset /training two\ndelete /training\nquit\n' | zkCli.sh -server localhost:2181 > /tmp/shell.log 2>&1 \
  || { cat /tmp/shell.log >&2; fail "the shell failed"; }
grep -q '\] one$' /tmp/shell.log || { cat /tmp/shell.log >&2; fail "nothing was read"; }
exec 3<> /dev/tcp/localhost/8080
printf 'GET /commands/monitor HTTP/1.0\r\n\r\n' >&3
grep -q znode_count <&3 || fail "the admin server says nothing"
kill -TERM "$server"
wait "$server" || true
[ -s "$CLASS_ARCHIVE" ] || fail "Java wrote no $CLASS_ARCHIVE"
rm /conf/zoo.cfg
