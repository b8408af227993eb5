import { expect } from "chai";
import { localName, outsideEnv } from "../../../bench/kafka/outside.ts";
import { findBroker, limitsOf } from "../../../bench/kafka/platform.ts";
import { perfScript } from "../../../bench/kafka/script.ts";
import { UserError } from "../../../cli/errors.ts";
import { KubeError } from "../../../clusters/kubernetes-client.ts";

const container = {
  name: "kafka",
  image: "127.0.0.1:5000/millrace/kafka:abc@sha256:0123",
  env: [
    { name: "POD_NAME" },
    { name: "KAFKA_HEAP_OPTS", value: "-Xms261m -Xmx261m" },
    { name: "KAFKA_ADVERTISED_LISTENERS", value: "INTERNAL://$(POD_NAME).kafka-brokers.millrace:9092,X://$(UNKNOWN)" },
  ],
  resources: { limits: { cpu: "2", memory: "768Mi" } },
};
const answering = (spec: object, status: object = { readyReplicas: 1 }) => ({
  get: <T>(): Promise<T> => Promise.resolve({ spec, status } as T),
});
const template = { spec: { containers: [container] } };

const found = (running: Promise<unknown>): Promise<unknown> => running.catch((error: unknown) => error);

describe("the platform's broker", () => {
  it("is found with what it may use", async () => {
    const broker = await findBroker(answering({ replicas: 1, serviceName: "kafka-brokers", template }), "millrace");
    expect(broker).to.deep.equal({ container, serviceName: "kafka-brokers", namespace: "millrace" });
    expect(limitsOf(broker)).to.deep.equal({ cpu: 2, memory: 768 * 2 ** 20 });
  });

  it("is refused in words when there is none, several, or one that is not ready", async () => {
    const none = { get: (): Promise<never> => Promise.reject(new KubeError(404, "not found")) };
    const missing = await found(findBroker(none, "millrace"));
    expect(missing).to.be.instanceOf(UserError);
    expect(String(missing)).to.contain("no Kafka of the platform's own in namespace millrace");
    const three = await found(findBroker(answering({ replicas: 3, serviceName: "s", template }), "millrace"));
    expect(String(three)).to.contain("3 brokers");
    const ill = await found(findBroker(answering({ serviceName: "s", template }, {}), "millrace"));
    expect(String(ill)).to.contain("not ready");
  });
});

describe("the broker outside", () => {
  it("has the pod's environment, with what the cluster would fill in", () => {
    const broker = { container, serviceName: "kafka-brokers", namespace: "millrace" };
    expect(outsideEnv(broker, "id").sort()).to.deep.equal([
      "CLUSTER_ID=id",
      "KAFKA_ADVERTISED_LISTENERS=INTERNAL://kafka-0.kafka-brokers.millrace:9092,X://$(UNKNOWN)",
      "KAFKA_HEAP_OPTS=-Xms261m -Xmx261m",
      "KAFKA_NODE_ID=0",
      "POD_NAME=kafka-0",
    ]);
  });

  it("runs the same image by the name that it has without a registry", () => {
    expect(localName(container.image)).to.equal("millrace/kafka:abc");
    expect(localName("localhost/millrace/kafka:abc")).to.equal("millrace/kafka:abc");
    expect(localName("apache/kafka:4.3.1")).to.equal("apache/kafka:4.3.1");
  });
});

describe("the load beside a broker", () => {
  const script = perfScript({ bootstrap: "kafka:9092", topic: "bench-1", records: 1000, bytes: 100 });

  it("removes its topic however it ends", () => {
    expect(script).to.match(/--create --topic bench-1 .*\ntrap remove EXIT\ntrap 'exit 143' TERM INT\n/);
    expect(script).to.contain("remove() { topics --delete --topic bench-1");
  });

  it("waits for the acknowledgement of all replicas, and reads all that it has sent", () => {
    expect(script).to.contain("--num-records 1000 --record-size 100");
    expect(script).to.contain("acks=all");
    expect(script).to.contain("--messages 1000");
  });
});
