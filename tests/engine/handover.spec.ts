import { readFileSync, writeFileSync } from "node:fs";

import { expect } from "chai";

import { dockerProvider } from "../../engine/providers/docker.ts";
import { kubernetesProvider } from "../../engine/providers/kubernetes.ts";
import { randomProvider } from "../../engine/providers/random.ts";
import type { FakeCluster } from "./fake-cluster.ts";
import { eachStack, ok, type Part, type TestStack, writesTo } from "./test-stack.ts";

type Json = Record<string, unknown>;

/** A container as the program has it and as the official provider's Check records it, from a platform that it has made. */
const given = {
  env: [],
  image: "a:1",
  name: "main",
  ports: [],
  resources: { limits: { cpu: "1000m", memory: "1024Mi" }, requests: { cpu: "0.01", memory: "96Mi" } },
};
const recorded = {
  image: "a:1",
  name: "main",
  resources: { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "10m", memory: "96Mi" } },
};
const object = (kind: string, apiVersion: string, rest: Json): Json => ({
  apiVersion,
  kind,
  metadata: { name: "thing", namespace: "millrace" },
  ...rest,
});
const job = (container: Json) =>
  object("Job", "batch/v1", { spec: { template: { spec: { containers: [container] } } } });

describe("what the official engine has recorded", function () {
  this.timeout(60_000);
  const kubernetes = kubernetesProvider({}, "millrace-0123456789abcdef");
  const differs = (type: string, last: Json, next: Json) => kubernetes.diff(type, last, next, false);

  it("is no change: amounts in another spelling, and what is empty, so that no Job runs again", () => {
    expect(differs("kubernetes:batch/v1:Job", job(recorded), job(given))).to.deep.equal({
      paths: [],
      replaces: [],
      deleteBeforeReplace: true,
    });
    expect(differs("kubernetes:batch/v1:Job", job(given), job(recorded)).paths).to.deep.equal([]);
  });

  it("is no change: a variable without its empty value, and a Secret's text data in their encoded form", () => {
    const env = (variable: Json) => job({ ...recorded, env: [variable, { name: "B", value: "b" }] });
    const type = "kubernetes:batch/v1:Job";
    expect(differs(type, env({ name: "A" }), env({ name: "A", value: "" })).paths).to.deep.equal([]);
    const secret = (rest: Json) => object("Secret", "v1", rest);
    const data = { key: Buffer.from("hush").toString("base64") };
    const texts = secret({ stringData: { key: "hush" } });
    expect(differs("kubernetes:core/v1:Secret", secret({ data }), texts).paths).to.deep.equal([]);
    const beside = secret({ data, stringData: { key: "hush" } });
    expect(differs("kubernetes:core/v1:Secret", beside, texts).paths).to.deep.equal([]);
  });

  it("is a change where anything else differs", () => {
    const changed = {
      ...given,
      image: "a:2",
      env: [{ name: "A", value: "a" }],
      resources: { ...given.resources, limits: { cpu: "1100m", memory: "1025Mi" } },
    };
    const at = "spec.template.spec.containers[0]";
    expect(differs("kubernetes:batch/v1:Job", job(recorded), job(changed)).paths).to.have.members([
      `${at}.image`,
      `${at}.env`,
      `${at}.resources.limits.cpu`,
      `${at}.resources.limits.memory`,
    ]);
    const map = (data: Json) => object("ConfigMap", "v1", { data });
    const type = "kubernetes:core/v1:ConfigMap";
    expect(differs(type, map({}), map({ value: "" })).paths).to.deep.equal(["data.value"]);
    expect(differs(type, map({ limits: "1000m" }), map({ limits: "1" })).paths).to.deep.equal(["data.limits"]);
    expect(differs(type, map({ divisor: "1000m" }), map({ divisor: "1" })).paths).to.deep.equal(["data.divisor"]);
    const secret = (sizeLimit: string) => object("Secret", "v1", { stringData: { sizeLimit } });
    const noted = (divisor: string) => ({ ...map({}), metadata: { name: "thing", annotations: { divisor } } });
    expect(differs("kubernetes:core/v1:Secret", secret("1Gi"), secret("1024Mi")).paths).to.deep.equal([
      "data.sizeLimit",
    ]);
    expect(differs(type, noted("1"), noted("1000m")).paths).to.deep.equal(["metadata.annotations.divisor"]);
    const own = (list: unknown) => object("Thing", "example.com/v1", { spec: { list } });
    const paths = differs("kubernetes:example.com/v1:Thing", own(undefined), own([])).paths;
    expect(paths, "a kind of somebody else's").to.deep.equal(["spec.list"]);
  });

  it("is no change: what it notes among the inputs of a password, which is kept", () => {
    const type = "random:index/randomPassword:RandomPassword";
    const random = randomProvider();
    const inputs = { length: 24, special: false };
    expect(random.diff(type, { ...inputs, __defaults: [] }, inputs, false).paths).to.deep.equal([]);
    expect(random.diff(type, { ...inputs, __defaults: [] }, { ...inputs, length: 25 }, false).replaces).to.deep.equal([
      "length",
    ]);
  });

  it("is no change: the digest that it takes of an image's context", () => {
    const image = (build: Json) => ({ imageName: "localhost:5000/a:0123", build: { context: "/c", ...build } });
    const diff = (last: Json, next: Json) =>
      dockerProvider({}, "/").diff("docker:index/image:Image", last, next, false).paths;
    expect(diff(image({ contextDigest: "f".repeat(64) }), image({}))).to.deep.equal([]);
    expect(diff(image({ contextDigest: "f".repeat(64) }), image({ context: "/d" }))).to.deep.equal(["build.context"]);
  });
});

describe("a stack that the official engine hands over", function () {
  this.timeout(120_000);
  let cluster: FakeCluster;
  let stack: TestStack;
  eachStack((made) => ({ cluster, stack } = made));
  const parts: Part[] = [
    { name: "map", value: "1" },
    { kind: "Secret", name: "users", texts: { ann: "secret-of-ann" } },
  ];
  const resources = () =>
    (JSON.parse(stack.stateText) as { checkpoint: { latest: { resources: Json[] } } }).checkpoint.latest.resources;
  const providerOf = () => resources().find(({ type }) => type === "pulumi:providers:kubernetes") ?? {};

  it("changes nothing, and goes back as it came", async () => {
    await ok(stack.up(...parts));
    const state = JSON.parse(readFileSync(stack.stateFile, "utf8")) as {
      checkpoint: { latest: { resources: Json[] } };
    };
    for (const resource of state.checkpoint.latest.resources) {
      if (resource["type"] === "pulumi:providers:kubernetes") {
        const added = { __internal: {}, version: "4.34.2" };
        resource["inputs"] = { ...(resource["inputs"] as Json), ...added };
        resource["outputs"] = { ...(resource["outputs"] as Json), version: "4.34.2" };
      }
    }
    writeFileSync(stack.stateFile, JSON.stringify(state));
    const before = resources();
    cluster.requests.length = 0;
    const result = await ok(stack.up(...parts));
    expect(result.changes).to.include({ create: 0, update: 0, replace: 0, delete: 0 });
    expect(writesTo(cluster)).to.deep.equal([]);
    expect(providerOf()["inputs"]).to.deep.include({ __internal: {}, version: "4.34.2" });
    const inputs = (all: readonly Json[]) => all.map((resource) => resource["inputs"]);
    expect(inputs(resources())).to.deep.equal(inputs(before));
    const outputs = (all: readonly Json[]) => all.map((resource) => resource["outputs"]);
    expect(outputs(resources()), "with a note of the engine's among them, they were an update").to.deep.equal(
      outputs(before),
    );
  });
});
