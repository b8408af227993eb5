import * as k8s from "@pulumi/kubernetes";
import { expect } from "chai";
import { Kafka, type KafkaArgs } from "../../components/kafka/kafka.ts";
import type { ComponentOptions } from "../../platform/component.ts";
import { Storage } from "../../platform/storage.ts";
import { resources } from "../support/fixtures.ts";
import { mock, type Mocked } from "../support/mocks.ts";

const args: KafkaArgs = {
  namespace: "data",
  image: "apache/kafka:4",
  storage: new Storage({ storageClass: "standard" }),
  exposure: { kind: "none" },
  resources,
};

describe("platform/component", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  it("names every object after its component, so that two of a kind can be in one stack and one namespace", async () => {
    new Kafka("orders", args);
    new Kafka("clicks", args);
    const lineages = await mocked.lineages();
    expect(new Set(lineages).size).to.equal(lineages.length);
    const objects = (await mocked.resources()).filter(({ type }) => type.startsWith("kubernetes:"));
    const names = objects.map(({ type, inputs }) => `${type} ${(inputs.metadata as unknown as { name: string }).name}`);
    expect(new Set(names).size).to.equal(names.length);
    for (const name of names) expect(name).to.match(/ (data-)?(orders|clicks)(-|$)/);
    const selectors = (await mocked.ofType("kubernetes:apps/v1:StatefulSet")).map(
      ({ inputs }) => inputs.spec.template.metadata.labels["app.kubernetes.io/name"],
    );
    expect(selectors).to.have.members(["orders", "clicks"]);
  });

  it("has a type of this project", async () => {
    new Kafka("kafka", args);
    expect(await mocked.lineages()).to.include("millrace:index:Kafka::kafka");
  });

  it("gives out the objects that it is made of, by class and by the end of their names", () => {
    const kafka = new Kafka("orders", args);
    expect(kafka.node(k8s.apps.v1.StatefulSet)).to.be.instanceOf(k8s.apps.v1.StatefulSet);
    expect(kafka.node(k8s.core.v1.Service, "brokers")).to.equal(kafka.nodes["Service/brokers"]);
    expect(() => kafka.node(k8s.core.v1.ConfigMap)).to.throw(/no ConfigMap in this component; it has .*StatefulSet/);
  });

  it("changes the arguments of single objects, and no others", async () => {
    const transform: ComponentOptions["transform"] = {
      "Service/brokers": (service: { metadata: object }) => ({
        ...service,
        metadata: { ...service.metadata, annotations: { team: "orders" } },
      }),
    };
    new Kafka("orders", args, { transform });
    const annotations = async (name: string): Promise<unknown> =>
      (await mocked.get("kubernetes:core/v1:Service", name)).inputs.metadata.annotations;
    expect(await annotations("orders-brokers")).to.deep.equal({ team: "orders" });
    expect(await annotations("orders")).to.deep.equal({ "pulumi.com/skipAwait": "true" });
  });

  it("refuses a change of an object that is not there, and names those that are", () => {
    const transform = { "Service/broker": (service: unknown) => service };
    expect(() => new Kafka("orders", args, { transform })).to.throw(
      /transform: there is no Service\/broker; use .*Service\/brokers/,
    );
  });
});
