/** How Flink's tables of Kafka are told where it is and how to speak to it. */

const SHADED = "org.apache.flink.kafka.shaded.org.apache.kafka";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Options of a table, in SQL, from the environment of `kafkaClient`. What is secret is looked up in the environment of the
 * TaskManager that connects, and is in no job's text.
 */
export function kafkaOptions(environment: Environment): string {
  const { KAFKA_BOOTSTRAP: servers, KAFKA_SECURITY_PROTOCOL: protocol = "PLAINTEXT" } = environment;
  if (servers === undefined) {
    throw new Error("its SQL names ${kafka}, and this Flink is wired to no Kafka; enable millrace:services.kafka");
  }
  const mechanism = environment["KAFKA_SASL_MECHANISM"];
  const hasAuthority = environment["KAFKA_CA"] !== undefined;
  const options: Record<string, string> = {
    "bootstrap.servers": servers,
    "security.protocol": protocol,
    // Records of a transaction that did not end well are none.
    "isolation.level": "read_committed",
    ...((mechanism !== undefined || hasAuthority) && {
      "config.providers": "env",
      "config.providers.env.class": `${SHADED}.common.config.provider.EnvVarConfigProvider`,
    }),
    ...(mechanism !== undefined && {
      "sasl.mechanism": mechanism,
      "sasl.jaas.config":
        `${SHADED}.common.security.${mechanism === "PLAIN" ? "plain.PlainLoginModule" : "scram.ScramLoginModule"} ` +
        'required username="${env:KAFKA_USERNAME}" password="${env:KAFKA_PASSWORD}";',
    }),
    ...(hasAuthority && {
      "ssl.truststore.type": "PEM",
      "ssl.truststore.certificates": "${env:KAFKA_CA}",
    }),
  };
  return Object.entries(options)
    .map(([key, value]) => `'properties.${key}' = '${value.replaceAll("'", "''")}'`)
    .join(", ");
}

/** A job's text as Flink reads it: lines stay where they are. */
export function filledIn(sql: string, environment: Environment): string {
  return sql.includes("${kafka}") ? sql.replaceAll("${kafka}", () => kafkaOptions(environment)) : sql;
}
