import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { expect } from "chai";

import { run } from "../../../platform/exec.ts";
import { edgesOf, outsideAt, podsAt, publishedEdge } from "../../../platform/network.ts";
import {
  anybody,
  type Attempt,
  differences,
  elsewhere,
  type Facts,
  type Identity,
  identitiesOf,
  isOpen,
  mayAskApi,
  mayEnter,
  nobody,
  type Sides,
} from "./matrix.ts";

const broker = { service: "kafka", component: "broker" };
const kafka = podsAt(broker, [9092], "Kafka");
const store = podsAt({ service: "object-store", component: "server" }, [3900], "S3");
const task = { service: "airflow", component: "task" };
const edges = [
  ...edgesOf({ ...task, reaches: [kafka] }),
  ...edgesOf({ ...task, also: { dag_id: "census" }, serviceAccountName: "task" }),
  ...edgesOf({ ...broker, reaches: [podsAt(broker, [9092, 9093], "brokers among themselves")] }),
  ...edgesOf({
    service: "presto",
    component: "coordinator",
    reaches: [store, outsideAt(["s3.example"], [9092], "S3")],
  }),
  publishedEdge(broker, 9094, "Kafka"),
];
const facts: Facts = { edges, podNetworks: ["10.244.0.0/24"], hasIngress: false };

describe("the matrix of who may connect to whom", () => {
  const identities = identitiesOf(edges);
  const named = (name: string): Identity => {
    const found = identities.find((identity) => identity.name === name);
    if (found === undefined) throw new Error(`no identity ${name}`);
    return found;
  };
  const open = (from: Identity, to: string, port: number, sides: Sides = "both", given = facts) =>
    isOpen(from, named(to), port, sides, given);

  it("has an identity for each role at an end of an edge, with the ports at which somebody is let in", () => {
    expect(identities.map(({ name, ports, meetsItself }) => [name, ports, meetsItself])).to.deep.equal([
      ["airflow/task", [], false],
      ["airflow/task (census)", [], false],
      ["kafka/broker", [9092, 9093, 9094], true],
      ["object-store/server", [3900], false],
      ["presto/coordinator", [], false],
    ]);
    expect(named("airflow/task (census)").labels).to.deep.equal({
      "app.kubernetes.io/name": "airflow",
      "app.kubernetes.io/component": "task",
      "app.kubernetes.io/part-of": "millrace",
      dag_id: "census",
    });
  });

  it("opens edges, port by port, and nothing else", () => {
    expect(open(named("airflow/task"), "kafka/broker", 9092)).to.equal(true);
    expect(open(named("airflow/task"), "kafka/broker", 9093)).to.equal(false);
    expect(open(named("airflow/task"), "object-store/server", 3900)).to.equal(false);
    expect(open(named("kafka/broker"), "kafka/broker", 9093)).to.equal(true);
    expect(open(nobody, "kafka/broker", 9092)).to.equal(false);
    expect(isOpen(named("airflow/task"), nobody, 8080, "both", facts)).to.equal(false);
  });

  it("gives pods with further labels what all pods of their role have", () => {
    expect(open(named("airflow/task (census)"), "kafka/broker", 9092)).to.equal(true);
    expect(mayAskApi(named("airflow/task (census)"), 6443, facts)).to.equal(true);
    expect(mayAskApi(named("airflow/task"), 6443, facts)).to.equal(false);
  });

  it("opens what is published to no pod where their network is known, and to all where it is not", () => {
    const anywhere = { ...facts, podNetworks: [] };
    expect(open(anybody, "kafka/broker", 9094)).to.equal(false);
    expect(open(anybody, "kafka/broker", 9094, "both", anywhere)).to.equal(true);
    expect(open(named("airflow/task"), "kafka/broker", 9094, "both", anywhere)).to.equal(false);
  });

  it("lets no pod of another namespace in, whatever labels it bears, but to pages where an ingress leads to them", () => {
    const other = elsewhere(edges);
    expect(other.name).to.equal("presto/coordinator of another namespace");
    expect(open(other, "kafka/broker", 9092)).to.equal(false);
    expect(open(other, "kafka/broker", 9094)).to.equal(false);
    expect(open(other, "kafka/broker", 9094, "both", { ...facts, hasIngress: true })).to.equal(true);
  });

  it("tells pods of a role that has a namespace of its own from those that bear its labels elsewhere", () => {
    const end = { kind: "pods", service: "jupyterhub", component: "notebook", in: "users" } as const;
    const given = { ...facts, edges: [{ from: end, to: kafka.end, ports: [9092], why: "Kafka" }] };
    const [notebook = nobody, to = nobody] = identitiesOf(given.edges);
    expect(notebook.in).to.equal("users");
    expect(mayEnter(notebook, to, 9092, given)).to.equal(true);
    expect(
      mayEnter({ name: notebook.name, labels: notebook.labels, ports: [], meetsItself: false }, to, 9092, given),
    ).to.equal(false);
  });

  it("judges each end alone, where the test opens the other", () => {
    expect(open(nobody, "kafka/broker", 9092, "entries")).to.equal(false);
    expect(isOpen(nobody, anybody, 8080, "entries", facts)).to.equal(true);
    expect(isOpen(nobody, anybody, 8080, "both", facts)).to.equal(false);
    expect(open(nobody, "kafka/broker", 9092, "exits")).to.equal(false);
    expect(open(anybody, "kafka/broker", 9093, "exits")).to.equal(true);
    expect(open(named("airflow/task"), "kafka/broker", 9092, "exits")).to.equal(true);
  });

  it("leaves out what differs between networks: a pod's port that is open to any address", () => {
    expect(open(named("presto/coordinator"), "kafka/broker", 9092, "exits")).to.equal(undefined);
    expect(open(named("presto/coordinator"), "kafka/broker", 9092)).to.equal(false);
  });

  it("names what differs, first what is open and should not be", () => {
    const attempt = (to: string, shouldOpen: boolean): Attempt => ({
      from: "a/b",
      to,
      host: "10.0.0.1",
      port: 1,
      isOpen: shouldOpen,
    });
    const attempts = [attempt("c/d:1", true), attempt("e/f:2", false), attempt("g/h:3", true)];
    expect(differences(attempts, [true, false, true])).to.deep.equal([]);
    expect(differences(attempts, [false, true, true])).to.deep.equal([
      "a/b → e/f:2 answers, and is no edge",
      "a/b → c/d:1 is refused, and is an edge",
    ]);
  });
});

describe("the program of a probe", function () {
  this.timeout(20_000);
  const text = readFileSync(new URL("probe-program.ts", import.meta.url), "utf8");
  const node = ["--input-type=module-typescript", "--eval"];

  async function freePort(): Promise<number> {
    const server = createServer();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    server.listen(0, () => {
      resolve(undefined);
    });
    await promise;
    const { port } = server.address() as { port: number };
    server.close();
    return port;
  }

  it("listens, and tells of each address whether it answers, trying again what does not come out as it must", async () => {
    const [open, closed] = [await freePort(), await freePort()];
    const started = Date.now();
    const trying = run(process.execPath, [
      ...node,
      text,
      "--",
      "try",
      "10000",
      `127.0.0.1:${open}:1,127.0.0.1:${closed}:0,localhost:0:1`,
    ]);
    const listening = spawn(process.execPath, [...node, text, "--", "listen", String(open)], { stdio: "ignore" });
    try {
      const { code, stdout } = await trying;
      expect({ code, stdout }).to.deep.equal({ code: 0, stdout: "[1,0,1]" });
      expect(Date.now() - started).to.be.lessThan(9_000);
      const wrong = `127.0.0.1:${open}:0,127.0.0.1:${closed}:1`;
      expect((await run(process.execPath, [...node, text, "--", "try", "300", wrong])).stdout).to.equal("[1,0]");
    } finally {
      listening.kill("SIGKILL");
    }
  });
});
