#!/bin/bash
# The upstream image's contract: "driver" and "executor" as Spark on Kubernetes starts them, anything else as it is.
set -euo pipefail

# Hadoop refuses a process whose uid has no name; a cluster may run us under any uid.
if ! getent passwd "$(id -u)" > /dev/null && [ -w /etc/passwd ]; then
  echo "spark:x:$(id -u):$(id -g)::${SPARK_HOME}:/bin/false" >> /etc/passwd
fi

classpath="${SPARK_CLASSPATH:+$SPARK_CLASSPATH:}${SPARK_HOME}/jars/*${SPARK_EXTRA_CLASSPATH:+:$SPARK_EXTRA_CLASSPATH}"
if [ -n "${HADOOP_CONF_DIR:-}" ]; then classpath="$HADOOP_CONF_DIR:$classpath"; fi
if [ -n "${SPARK_CONF_DIR:-}" ]; then
  classpath="$SPARK_CONF_DIR:$classpath"
elif [ -d "${SPARK_HOME}/conf" ]; then
  classpath="${SPARK_HOME}/conf:$classpath"
fi
# Executors are started in an empty folder that they may write to.
classpath="$classpath:$PWD"

case "${1:-}" in
  driver)
    shift
    command=("${SPARK_HOME}/bin/spark-submit"
      --conf "spark.driver.bindAddress=${SPARK_DRIVER_BIND_ADDRESS:-0.0.0.0}"
      --conf "spark.executorEnv.SPARK_DRIVER_POD_IP=${SPARK_DRIVER_BIND_ADDRESS:-}"
      --deploy-mode client "$@")
    ;;
  executor)
    shift
    java_options=()
    # SPARK_JAVA_OPT_0, _1, ... in their numeric order.
    while IFS='=' read -r -d '' name value; do
      if [[ $name =~ ^SPARK_JAVA_OPT_([0-9]+)$ ]]; then java_options[BASH_REMATCH[1]]="$value"; fi
    done < <(env -0)
    command=("${SPARK_HOME}/bin/spark-java" "${java_options[@]}"
      "-Xms$SPARK_EXECUTOR_MEMORY" "-Xmx$SPARK_EXECUTOR_MEMORY"
      -cp "$classpath${SPARK_DIST_CLASSPATH:+:$SPARK_DIST_CLASSPATH}"
      org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend
      --driver-url "$SPARK_DRIVER_URL"
      --executor-id "$SPARK_EXECUTOR_ID"
      --cores "$SPARK_EXECUTOR_CORES"
      --app-id "$SPARK_APPLICATION_ID"
      --hostname "$SPARK_EXECUTOR_POD_IP"
      --resourceProfileId "$SPARK_RESOURCE_PROFILE_ID"
      --podName "$SPARK_EXECUTOR_POD_NAME")
    ;;
  *)
    command=("$@")
    ;;
esac

exec /usr/bin/tini -s -- "${command[@]}"
