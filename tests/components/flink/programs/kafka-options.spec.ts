import { expect } from "chai";
import { filledIn, kafkaOptions } from "../../../../components/flink/programs/kafka-options.ts";

const shaded = "org.apache.flink.kafka.shaded.org.apache.kafka.common";

describe("Kafka's options in SQL", () => {
  it("say where the brokers are", () => {
    expect(kafkaOptions({ KAFKA_BOOTSTRAP: "kafka:9092" })).to.equal(
      "'properties.bootstrap.servers' = 'kafka:9092', 'properties.security.protocol' = 'PLAINTEXT', " +
        "'properties.isolation.level' = 'read_committed'",
    );
  });

  it("name what is secret and do not tell it", () => {
    const environment = {
      KAFKA_BOOTSTRAP: "kafka:9092",
      KAFKA_SECURITY_PROTOCOL: "SASL_SSL",
      KAFKA_SASL_MECHANISM: "SCRAM-SHA-512",
      KAFKA_USERNAME: "people",
      KAFKA_PASSWORD: "secret",
      KAFKA_CA: "authority",
    };
    const options = kafkaOptions(environment);
    expect(options.split(", ")).to.deep.equal([
      "'properties.bootstrap.servers' = 'kafka:9092'",
      "'properties.security.protocol' = 'SASL_SSL'",
      "'properties.isolation.level' = 'read_committed'",
      "'properties.config.providers' = 'env'",
      `'properties.config.providers.env.class' = '${shaded}.config.provider.EnvVarConfigProvider'`,
      "'properties.sasl.mechanism' = 'SCRAM-SHA-512'",
      `'properties.sasl.jaas.config' = '${shaded}.security.scram.ScramLoginModule required username="\${env:KAFKA_USERNAME}" ` +
        `password="\${env:KAFKA_PASSWORD}";'`,
      "'properties.ssl.truststore.type' = 'PEM'",
      "'properties.ssl.truststore.certificates' = '${env:KAFKA_CA}'",
    ]);
  });

  it("are put where a job names them, and asked for only there", () => {
    expect(filledIn("SELECT 1", {})).to.equal("SELECT 1");
    expect(filledIn("WITH (${kafka})", { KAFKA_BOOTSTRAP: "a:1" })).to.contain("'a:1'");
    expect(() => filledIn("WITH (${kafka})", {})).to.throw(
      "its SQL names ${kafka}, and this Flink is wired to no Kafka; enable millrace:services.kafka",
    );
  });
});
