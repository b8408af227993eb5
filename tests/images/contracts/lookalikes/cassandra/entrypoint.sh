#!/bin/bash
# Changes the settings where they lie, by way of /tmp, then becomes the server.
set -e
yaml=$CASSANDRA_CONF/cassandra.yaml
own=$(hostname -i | cut -d' ' -f1)
change() {
  local changed
  changed=$(mktemp)
  sed -E "$2" "$1" > "$changed"
  cat "$changed" > "$1"
  rm "$changed"
}
change "$yaml" "s/(- seeds:).*/\\1 \"${CASSANDRA_SEEDS:-$own}\"/"
for setting in "listen_address $own" "broadcast_address $own" "broadcast_rpc_address $own" "rpc_address 0.0.0.0" \
  "cluster_name $CASSANDRA_CLUSTER_NAME" "endpoint_snitch $CASSANDRA_ENDPOINT_SNITCH"; do
  change "$yaml" "s/^(# )?(${setting%% *}:).*/\\2 ${setting#* }/"
done
change "$CASSANDRA_CONF/cassandra-rackdc.properties" "s/^(dc=).*/\\1$CASSANDRA_DC/; s/^(rack=).*/\\1$CASSANDRA_RACK/"
exec "$@"
