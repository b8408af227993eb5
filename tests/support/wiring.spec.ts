import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import type { KafkaEndpoint } from "../../components/kafka/endpoint.ts";
import { Component } from "../../platform/component.ts";
import { labels, selector } from "../../platform/names.ts";
import { type Destination, podsAt } from "../../platform/network.ts";
import { deployment, service } from "../../platform/workload.ts";
import { resources } from "./fixtures.ts";
import { mock } from "./mocks.ts";
import { undeclared } from "./wiring.ts";

const at = podsAt({ service: "kafka", component: "broker" }, [9092], "Kafka");
const kafka: KafkaEndpoint = {
  kind: "kafka",
  at,
  bootstrapServers: pulumi.output("kafka.millrace.svc:9092"),
  securityProtocol: "PLAINTEXT",
  ready: [],
};

/** A component that is wired to Kafka, and says so or does not. */
class Curious extends Component {
  constructor(reaches: readonly Destination[]) {
    super("Curious", "curious", {});
    const pod = { service: "curious", component: "server", image: "curious:1", resources };
    const env = [{ name: "BOOTSTRAP", value: kafka.bootstrapServers }];
    const runs = { replicas: 1, strategy: "Recreate" } as const;
    deployment({ name: "curious", namespace: "millrace", pod: { ...pod, env, reaches }, ...runs }, { parent: this });
    this.registerOutputs({});
  }
}

describe("the rule of the wiring", () => {
  async function found(reaches: readonly Destination[]): Promise<string[]> {
    const mocked = await mock();
    const meta = { namespace: "millrace", labels: labels("kafka", "broker"), selector: selector("kafka", "broker") };
    service("kafka", { ...meta, ports: { kafka: 9092 } }, {});
    const { edges } = new Curious(reaches);
    await mocked.resources();
    return await undeclared(mocked, edges);
  }

  it("names a component that is wired to an endpoint and does not declare it", async () => {
    expect(await found([])).to.deep.equal(["curious/server → kafka/broker:9092"]);
  });

  it("names one that declares another port", async () => {
    expect(await found([{ ...at, ports: [9093] }])).to.deep.equal(["curious/server → kafka/broker:9092"]);
  });

  it("is content with one that declares what it is told", async () => {
    expect(await found([at])).to.deep.equal([]);
  });
});
