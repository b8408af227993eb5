#!/bin/bash
# Makes the configuration from the environment, as the upstream image does, then becomes what it is told to.
set -euo pipefail

if [ "$#" -eq 0 ] || [ "${1#-}" != "$1" ]; then
  set -- cassandra "$@"
fi
if [ "$1" != cassandra ]; then
  exec "$@"
fi

mkdir -p "$CASSANDRA_CONF"
for file in "$CASSANDRA_HOME"/conf/*; do
  [ -e "$CASSANDRA_CONF/$(basename "$file")" ] || cp "$file" "$CASSANDRA_CONF/"
done
yaml="$CASSANDRA_CONF/cassandra.yaml"

address() {
  if [ "$1" = auto ]; then hostname -i | cut -d' ' -f1; else echo "$1"; fi
}

# Within its own single quotes, YAML escapes a quote by another one; sed's own signs are escaped after that.
set_yaml() {
  local value=${2//\'/\'\'}
  value=$(printf '%s' "$value" | sed -e 's/[\\&|]/\\&/g')
  sed -i -E "s|^( *(- )?$1:).*|\1 '$value'|" "$yaml"
}

listen=$(address "${CASSANDRA_LISTEN_ADDRESS:-auto}")
broadcast=$(address "${CASSANDRA_BROADCAST_ADDRESS:-$listen}")
set_yaml listen_address "$listen"
set_yaml broadcast_address "$broadcast"
set_yaml rpc_address "${CASSANDRA_RPC_ADDRESS:-0.0.0.0}"
set_yaml broadcast_rpc_address "$(address "${CASSANDRA_BROADCAST_RPC_ADDRESS:-$broadcast}")"
set_yaml seeds "${CASSANDRA_SEEDS:-$broadcast}"
if [ -n "${CASSANDRA_CLUSTER_NAME:-}" ]; then set_yaml cluster_name "$CASSANDRA_CLUSTER_NAME"; fi
if [ -n "${CASSANDRA_ENDPOINT_SNITCH:-}" ]; then set_yaml endpoint_snitch "$CASSANDRA_ENDPOINT_SNITCH"; fi
if [ -n "${CASSANDRA_NUM_TOKENS:-}" ]; then
  sed -i -E "s|^num_tokens:.*|num_tokens: $CASSANDRA_NUM_TOKENS|" "$yaml"
fi
for place in dc rack; do
  variable="CASSANDRA_${place^^}"
  if [ -n "${!variable:-}" ]; then
    sed -i -E "s|^$place=.*|$place=${!variable}|" "$CASSANDRA_CONF/cassandra-rackdc.properties"
  fi
done

exec "$@"
