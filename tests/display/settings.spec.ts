import { expect } from "chai";
import { readSettings } from "../../display/server/settings.ts";

const required = {
  WEB_DIR: "/opt/millrace/web",
  KAFKA_BOOTSTRAP: "kafka:9092",
  PRESTO_URL: "http://presto:8080",
  CASSANDRA_CONTACT_POINTS: "c0, c1",
  CASSANDRA_DATACENTER: "dc1",
  CASSANDRA_USER: "display",
  CASSANDRA_PASSWORD: "secret",
};

describe("settings of the display", () => {
  it("have defaults where there is something ordinary", () => {
    expect(readSettings({ ...required, POD_NAME: "display-1" })).to.deep.equal({
      port: 8080,
      webDir: "/opt/millrace/web",
      windowSeconds: 10,
      podName: "display-1",
      parts: ["random-numbers", "windows", "census", "race", "network"],
      track: "mill",
      kafka: { bootstrapServers: "kafka:9092", topics: { monitoring: "telemetry" } },
      presto: { url: "http://presto:8080", catalog: "lake" },
      cassandra: { contactPoints: ["c0", "c1"], port: 9042, datacenter: "dc1", user: "display", password: "secret" },
    });
  });

  it("name the topics of the live pages, those of services that are off left out", () => {
    const { kafka } = readSettings({ ...required, MONITORING_TOPIC: "m", RANDOM_NUMBERS_TOPIC: "r", RACE_TOPIC: "c" });
    expect(kafka.topics).to.deep.equal({ monitoring: "m", "random-numbers": "r", race: "c" });
  });

  it("are refused with all that is wrong at once, and without a password", () => {
    const wrong = { ...required, KAFKA_BOOTSTRAP: undefined, PORT: "http", WINDOW_SECONDS: "0", PRESTO_URL: "presto" };
    expect(() => readSettings({ ...wrong, CASSANDRA_USER: "" })).to.throw(
      [
        "PORT is not a whole number from 0 to 65535",
        "WINDOW_SECONDS is not a whole number from 1 to 3600",
        "KAFKA_BOOTSTRAP is not set",
        "PRESTO_URL is not a URL such as http://presto:8080",
        "CASSANDRA_USER is empty",
      ].join("\n"),
    );
  });
});
