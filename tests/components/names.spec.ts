import { expect } from "chai";
import {
  kafkaClusterId,
  labels,
  podHost,
  publishedServiceName,
  s3KeySecretName,
  selector,
  serviceHost,
  serviceNames,
  sparkDriverName,
} from "../../components/names.ts";

describe("names", () => {
  it("keeps the Services' names, which people type and other programs rely on", () => {
    expect(Object.values(serviceNames)).to.deep.equal([
      "kafka",
      "kafka-brokers",
      "object-store",
      "metastore",
      "presto",
      "presto-worker",
      "postgres",
      "airflow",
      "jupyterhub",
      "jupyterhub-hub",
      "spark-connect",
      "spark-history",
      "cassandra",
      "cassandra-nodes",
      "random-numbers",
      "display",
    ]);
    expect(sparkDriverName("telemetry")).to.equal("spark-telemetry-driver");
    expect(s3KeySecretName("spark")).to.equal("object-store-key-spark");
    expect(publishedServiceName("presto")).to.equal("presto-published");
  });

  it("makes DNS names that hold in any namespace", () => {
    expect(serviceHost("kafka", "data")).to.equal("kafka.data.svc");
    expect(podHost("kafka", 2, "kafka-brokers", "data")).to.equal("kafka-2.kafka-brokers.data.svc");
  });

  it("selects by labels that never change and marks all as part of the platform", () => {
    expect(selector("presto", "worker")).to.deep.equal({
      "app.kubernetes.io/name": "presto",
      "app.kubernetes.io/component": "worker",
    });
    expect(labels("presto", "worker")).to.include({ "app.kubernetes.io/part-of": "millrace" });
  });

  it("never makes a Kafka cluster id that begins with a dash", () => {
    expect(kafkaClusterId("-bcdefghijklmnopqrstuv")).to.equal("Abcdefghijklmnopqrstuv");
    expect(kafkaClusterId("abcdefghijklmnopqrstuv")).to.equal("abcdefghijklmnopqrstuv");
  });
});
