import { expect } from "chai";
import { kafkaClusterId } from "../../components/kafka/names.ts";
import { sparkDriverName } from "../../components/spark/names.ts";
import {
  escapedUser,
  isUserName,
  labels,
  podHost,
  publishedServiceName,
  s3KeySecretName,
  selector,
  serviceHost,
  unescapedUser,
} from "../../platform/names.ts";

describe("names", () => {
  it("keeps the names that people type and other programs rely on", () => {
    expect(sparkDriverName("telemetry")).to.equal("spark-telemetry-driver");
    expect(s3KeySecretName("spark", "object-store")).to.equal("object-store-key-spark");
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

  it("gives each user a name for objects that no other user has, and that Kubernetes and S3 take", () => {
    const users = ["ana", "ana.b", "ana-b", "ana-2eb", "ana_b", "j-doe", "ana@example.com", "a+b"];
    const names = users.map(escapedUser);
    expect(names.slice(0, 3)).to.deep.equal(["ana", "ana-2eb", "ana-2db"]);
    expect(new Set(names).size).to.equal(users.length);
    expect(names.map(unescapedUser)).to.deep.equal(users);
    for (const name of names) expect(`home-${name}`).to.match(/^[a-z0-9]([a-z0-9-]{1,61})[a-z0-9]$/);
    expect(escapedUser("Ana")).to.equal("ana");
  });

  it("takes users as people are called, as long as the names of their objects can be", () => {
    for (const user of ["Ana", "ana.b", "j-doe", "ana@example.com", "x1"])
      expect(isUserName(user), user).to.equal(true);
    for (const user of ["", "a", "-ana", "ana.", "ana b", "ana/b", "jürgen", "a".repeat(51), `a${".".repeat(17)}a`]) {
      expect(isUserName(user), user).to.equal(false);
    }
  });
});
