import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import type { CassandraEndpoint } from "../../../components/cassandra/endpoint.ts";
import { Display, type DisplayArgs, displayProblems } from "../../../components/display/display.ts";
import { outsideAt } from "../../../platform/network.ts";
import { envOf, nodePorts, presto, resources, topic } from "../../support/fixtures.ts";
import { mock, type Mocked, valueOf } from "../../support/mocks.ts";

const cassandra: CassandraEndpoint = {
  kind: "cassandra",
  contactPoints: pulumi.output("c0.example,c1.example"),
  port: pulumi.output(9042),
  datacenter: "dc1",
  at: outsideAt(["c0.example"], [9042], "CQL"),
  user: "display",
  password: { secretName: pulumi.output("cassandra-role-display"), key: "password" },
  ready: [],
};

describe("Display", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  const make = (options: Partial<DisplayArgs> = {}): Display =>
    new Display("display", {
      namespace: "data",
      image: "display:1",
      exposure: nodePorts,
      topics: { randomNumbers: { ...topic(), topic: pulumi.output("random-numbers") }, monitoring: topic() },
      presto: presto(),
      cassandra,
      windowSeconds: 10,
      resources,
      ...options,
    });

  it("offers its address within the cluster and the published one", async () => {
    const display = make();
    expect(await valueOf(display.endpoint.url)).to.equal("http://display.data.svc:8080");
    expect(display.address.title).to.equal("Display");
    expect(await valueOf(display.address.url)).to.equal("http://127.0.0.1:30300");
  });

  it("tells the server all that it reads from, and the password by reference only", async () => {
    make();
    const { inputs } = await mocked.get("kubernetes:apps/v1:Deployment", "display");
    expect(envOf(inputs)).to.deep.equal({
      PORT: "8080",
      KAFKA_BOOTSTRAP: "kafka.example:9092",
      KAFKA_SECURITY_PROTOCOL: "PLAINTEXT",
      RANDOM_NUMBERS_TOPIC: "random-numbers",
      MONITORING_TOPIC: "telemetry",
      PAGE_PARTS: "random-numbers,windows,census,race,network",
      POD_NAME: "metadata.name",
      PRESTO_URL: "http://presto.example:8080",
      PRESTO_CATALOG: "lake",
      CASSANDRA_CONTACT_POINTS: "c0.example,c1.example",
      CASSANDRA_PORT: "9042",
      CASSANDRA_DATACENTER: "dc1",
      CASSANDRA_USER: "display",
      CASSANDRA_PASSWORD: "cassandra-role-display/password",
      WINDOW_SECONDS: "10",
      NETWORK_DIR: "/etc/millrace/network",
    });
  });

  it("shows who connects to whom once all is wired, without waiting for it or restarting", async () => {
    const pods = (service: string) => ({ kind: "pods", service, component: "server" }) as const;
    const display = make();
    const edges = [
      { from: pods("display"), to: pods("presto"), ports: [8080], why: "queries" },
      { from: pods("hub"), to: { kind: "apiServer" }, ports: [], why: "Kubernetes API" } as const,
    ];
    display.showNetwork(edges, { policies: true, apiServerPorts: [6443] });
    const { inputs } = await mocked.get("kubernetes:core/v1:ConfigMap", "display-network");
    expect(inputs.metadata).to.include({ name: "display-network", namespace: "data" });
    expect(JSON.parse(inputs.data["network.json"] ?? "")).to.deep.equal({
      policies: true,
      edges: [
        { from: "display/server", to: "presto/server", ports: [8080], why: "queries" },
        { from: "hub/server", to: "API server", ports: [6443], why: "Kubernetes API" },
      ],
    });
    expect(inputs.data["network.svg"]).to.match(/^<svg [^]*presto[^]*<\/svg>\n$/);
    const { inputs: server } = await mocked.get("kubernetes:apps/v1:Deployment", "display");
    expect(server.spec.template.spec.volumes).to.deep.include({
      name: "network",
      configMap: { name: "display-network", optional: true },
    });
  });

  it("shows the race where there is one, and tells the server which pages have something to show", async () => {
    make({ topics: { monitoring: topic(), race: topic() }, parts: ["race"], track: "oval" });
    const { inputs } = await mocked.get("kubernetes:apps/v1:Deployment", "display");
    expect(envOf(inputs)).to.include({ RACE_TOPIC: "telemetry", RACE_TRACK: "oval", PAGE_PARTS: "race" });
  });

  it("does without the topics of services that are off", async () => {
    make({ topics: { monitoring: topic() } });
    const { inputs } = await mocked.get("kubernetes:apps/v1:Deployment", "display");
    expect(envOf(inputs)).not.to.have.property("RANDOM_NUMBERS_TOPIC");
  });

  it("gives the heap a share of the container's memory", async () => {
    make();
    const { inputs } = await mocked.get("kubernetes:apps/v1:Deployment", "display");
    expect(inputs.spec.template.spec.containers[0].command).to.deep.equal([
      "node",
      "--max-old-space-size=600",
      "/opt/millrace/display/server/main.ts",
    ]);
  });

  it("runs as many servers as it is told, and is ready when its pages are", async () => {
    make({ replicas: 3 });
    const { inputs } = await mocked.get("kubernetes:apps/v1:Deployment", "display");
    expect(inputs.spec.replicas).to.equal(3);
    expect(inputs.spec.template.spec.containers[0].readinessProbe.httpGet).to.deep.equal({
      path: "/readyz",
      port: 8080,
    });
    expect(inputs.spec.template.spec.containers[0].livenessProbe.httpGet).to.deep.equal({
      path: "/healthz",
      port: 8080,
    });
  });

  it("refuses wrong arguments before it makes anything", () => {
    expect(() => make({ replicas: 0 })).to.throw("display: replicas is 0; give a whole number from 1");
  });
});

describe("displayProblems", () => {
  const right = { windowSeconds: 10, presto: { catalogs: ["lake", "cassandra"] } };

  it("finds nothing wrong with right arguments", () => {
    expect(displayProblems(right)).to.deep.equal([]);
  });

  it("tells all that is wrong at once", () => {
    expect(displayProblems({ ...right, replicas: 1.5, windowSeconds: 0, prestoCatalog: "sea" })).to.deep.equal([
      "display: replicas is 1.5; give a whole number from 1",
      "display: windowSeconds is 0; give a whole number from 1 to 3600",
      'display: Presto has no catalog "sea" (it has lake, cassandra); give it one of the lake\'s tables, or name it in prestoCatalog',
    ]);
  });
});
