/** How brokers find each other and vote: a dynamic quorum (KIP-853), which grows without being made anew. */

/** Ports of a broker that its peers use. */
export interface QuorumPorts {
  readonly internal: number;
  readonly controller: number;
}

/** The settings of the quorum, in the environment form of `apache/kafka`. @param hosts Name of each broker, by its id. */
export function quorumSettings(hosts: readonly string[], ports: QuorumPorts): Record<string, string> {
  return {
    KAFKA_CONTROLLER_QUORUM_BOOTSTRAP_SERVERS: hosts.map((host) => `${host}:${ports.controller}`).join(","),
    // A broker that is new, or comes back without its disk, becomes a voter by itself.
    KAFKA_CONTROLLER_QUORUM_AUTO_JOIN_ENABLE: "true",
    // Until its quorum is dynamic, a cluster takes no broker with another voter in it: see `settle` below.
    KAFKA_INITIAL_BROKER_REGISTRATION_TIMEOUT_MS: "600000",
  };
}

/**
 * Starts a broker as its disk and its peers tell. Storage that is there is never formatted again.
 *
 * - New storage: broker 0 begins a quorum of its own when it is alone, or when all others are up and none of them has
 *   had a leader for a minute. Every other broker, and broker 0 without its disk, joins the quorum that is there.
 * - Storage of a quorum that was made with static voters keeps them, and the broker asks for `kraft.version` 1, which
 *   writes the voters into the log; from then on the setting is no longer needed.
 *
 * Environment beside that of the image: `BROKERS` (their number), `BROKER_HOSTS` (the name of each, with spaces).
 */
export function startScript(ports: QuorumPorts): string {
  return `set -euo pipefail
log=$KAFKA_LOG_DIRS
quorum=$log/__cluster_metadata-0
read -ra hosts <<<"$BROKER_HOSTS"

small() { KAFKA_HEAP_OPTS=-Xmx64m KAFKA_JVM_PERFORMANCE_OPTS=-XX:+UseSerialGC "/opt/kafka/bin/$@"; }
open() { timeout 5 bash -c "</dev/tcp/$1/$2" 2>/dev/null; }

# A broker opens its port when it has a leader, and its controller's port at once.
begins() {
  local quiet=0 up host
  [ "$KAFKA_NODE_ID" = 0 ] || return 1
  [ "$BROKERS" -gt 1 ] || return 0
  echo "new storage: looking for a quorum to join"
  while [ "$quiet" -lt 30 ]; do
    up=1
    for host in "\${hosts[@]:1}"; do
      if open "$host" ${ports.internal}; then return 1; fi
      if open "$host" ${ports.controller}; then up=$((up + 1)); fi
    done
    if [ "$up" -eq "$BROKERS" ]; then quiet=$((quiet + 1)); else quiet=0; fi
    sleep 2
  done
}

# Old storage names its static voters until its quorum is dynamic.
settled=no
state=$(cat "$quorum/quorum-state" 2>/dev/null || true)
voters=$(grep -o '"voterId":[0-9]*' <<<"$state" | cut -d: -f2 || true)
if [[ $state == *'"data_version":1'* ]]; then
  settled=yes
elif [ -z "$state" ] && compgen -G "$quorum/*.checkpoint" >/dev/null; then
  settled=yes
elif [ -z "$state" ] && [ -e "$log/meta.properties" ] && [ "$KAFKA_NODE_ID" = 0 ] && [ "$BROKERS" -eq 1 ]; then
  voters=0
fi
if [ "$settled" = no ] && grep -qx "$KAFKA_NODE_ID" <<<"$voters"; then
  list=
  for id in $voters; do list+="\${list:+,}$id@\${hosts[$id]}:${ports.controller}"; done
  export KAFKA_CONTROLLER_QUORUM_VOTERS=$list
fi

# It writes the settings, and leaves the formatting to who knows the quorum.
if ! result=$(small kafka-run-class.sh kafka.docker.KafkaDockerWrapper setup -D /etc/kafka/docker \\
  -M /mnt/shared/config -F /opt/kafka/config 2>&1); then
  if [[ $result != *"already formatted"* && $result != *"must specify one of"* ]]; then
    echo "$result" >&2
    exit 1
  fi
fi
if [ ! -e "$log/meta.properties" ]; then
  mode=--no-initial-controllers
  if begins; then
    mode=--standalone
    settled=yes
  fi
  small kafka-storage.sh format "$mode" --cluster-id "$CLUSTER_ID" --config /opt/kafka/config/server.properties
fi

# The least copies in sync are a setting of the cluster, which its first broker made for itself alone.
settle() {
  local servers result
  servers=$(printf '%s:${ports.internal},' "\${hosts[@]}")
  until result=$(small kafka-features.sh --bootstrap-server "\${servers%,}" upgrade --feature kraft.version=1 2>&1 &&
    small kafka-configs.sh --bootstrap-server "\${servers%,}" --alter --entity-type brokers --entity-default \\
      --add-config "min.insync.replicas=$KAFKA_MIN_INSYNC_REPLICAS" 2>&1); do
    echo "quorum not settled yet: $(tail -n 1 <<<"$result")"
    sleep 5
  done
  echo "quorum is dynamic, and min.insync.replicas is $KAFKA_MIN_INSYNC_REPLICAS"
}
if [ "$settled" = no ]; then settle & fi
exec /opt/kafka/bin/kafka-server-start.sh /opt/kafka/config/server.properties
`;
}
