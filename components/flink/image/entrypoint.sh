#!/bin/bash
# The upstream image's contract: a configuration made of the environment, then `jobmanager`, `taskmanager`, or anything else as it
# is; `sql-gateway` is ours. Memory is divided by Flink's own arithmetic from jobmanager.memory.* and taskmanager.memory.*.
set -euo pipefail

mkdir -p "$FLINK_CONF_DIR"
for file in "$FLINK_HOME"/defaults/*; do
  [ -e "$FLINK_CONF_DIR/$(basename "$file")" ] || cp "$file" "$FLINK_CONF_DIR/"
done
printf '%s\n' "${FLINK_PROPERTIES:-}" > "$FLINK_CONF_DIR/config.yaml"
export FLINK_PLUGINS_DIR="$FLINK_HOME/plugins" FLINK_LIB_DIR="$FLINK_HOME/lib" FLINK_OPT_DIR="$FLINK_HOME/lib"

read -ra java_options <<< "${FLINK_JAVA_OPTIONS:-}"

# Options of Java and of Flink, a line each, that follow from the memory of a process.
divided() {
  local printed
  printed=$(java -Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$FLINK_HOME/java-utils.jar:$FLINK_HOME/lib/flink-dist.jar" \
    org.apache.flink.runtime.util.bash.BashJavaUtils "$1" --configDir "$FLINK_CONF_DIR" 2>&1) || {
    echo "$printed" >&2
    exit 1
  }
  sed -n 's/^BASH_JAVA_UTILS_EXEC_RESULT://p' <<< "$printed"
}

case "${1:-}" in
  jobmanager)
    shift
    mapfile -t lines < <(divided GET_JM_RESOURCE_PARAMS)
    [ "${#lines[@]}" -ge 2 ] || exit 1
    read -ra memory <<< "${lines[0]}"
    read -ra settings <<< "${lines[1]}"
    exec flink-class "${memory[@]}" "${java_options[@]}" -- \
      org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint \
      --configDir "$FLINK_CONF_DIR" "${settings[@]}" "$@"
    ;;
  taskmanager)
    shift
    mapfile -t lines < <(divided GET_TM_RESOURCE_PARAMS)
    [ "${#lines[@]}" -ge 2 ] || exit 1
    read -ra memory <<< "${lines[0]}"
    read -ra settings <<< "${lines[1]}"
    exec flink-class "${memory[@]}" "${java_options[@]}" -- \
      org.apache.flink.runtime.taskexecutor.TaskManagerRunner --configDir "$FLINK_CONF_DIR" "${settings[@]}" "$@"
    ;;
  sql-gateway)
    shift
    exec flink-class "${java_options[@]}" -- org.apache.flink.table.gateway.SqlGateway "$@"
    ;;
  *)
    exec "$@"
    ;;
esac
