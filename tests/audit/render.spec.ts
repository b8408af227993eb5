import { expect } from "chai";
import { type Manifest, renderStack } from "../../audit/render.ts";
import { auditedStacks } from "../../audit/stacks.ts";

const stackOf = (name: string) => auditedStacks().find((stack) => stack.name === name)!;

describe("The stacks of the audit", () => {
  it("are every profile on every target", () => {
    expect(auditedStacks().map(({ name }) => name)).to.deep.equal(
      ["embedded", "minikube", "microk8s", "cloud"].flatMap((target) =>
        ["core", "studio", "pipeline", "streams", "full"].map((profile) => `${target}/${profile}`),
      ),
    );
  });
});

describe("A stack that is audited", function () {
  this.timeout(60_000);
  let objects: Manifest[];
  before(async () => {
    objects = await renderStack(stackOf("embedded/full"));
  });

  it("is rendered with every object of the platform, each with kind, version and name", () => {
    const names = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(names).to.include.members([
      "StatefulSet/cassandra",
      "Deployment/presto",
      "Namespace/millrace",
      "CronJob/proof-on-demand",
    ]);
    expect(objects.find(({ kind }) => kind === "StatefulSet")?.apiVersion).to.equal("apps/v1");
    expect(objects.find(({ kind }) => kind === "Service")?.apiVersion).to.equal("v1");
    const places = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`);
    expect(new Set(places).size).to.equal(places.length);
  });

  it("has the pods that other programs make from a text", () => {
    const pods = objects.filter(({ kind }) => kind === "Pod");
    expect(pods.map(({ metadata }) => `${metadata.namespace ?? ""}/${metadata.name}`)).to.have.members([
      "millrace/spark-settings.executor-pod",
      "millrace-jobs/spark-settings.executor-pod",
      "millrace-jobs/spark-batch.census-batch",
      "millrace/jupyterhub-hub.pod",
      "millrace/airflow-settings.task-pod",
    ]);
    for (const { spec } of pods) expect(spec).to.have.property("containers");
  });

  it("has no value of a secret, and every key", () => {
    const secrets = objects.filter(({ kind }) => kind === "Secret");
    expect(secrets.length).to.be.greaterThan(20);
    const values = secrets.flatMap(({ ["stringData"]: data, metadata }) =>
      metadata.name === "kafka-cluster-id" ? [] : Object.values(data as Record<string, unknown>),
    );
    expect(new Set(values)).to.deep.equal(new Set(["[secret]"]));
  });

  it("may be rendered after another, without a trace of that one", async () => {
    const core = await renderStack(stackOf("cloud/core"));
    const names = core.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(names).to.include("StatefulSet/kafka").and.not.include("StatefulSet/cassandra");
  });

  it("that the program refuses is an error in its words", async () => {
    const config = { "millrace:cluster": { target: "cloud", context: "audit" } };
    const error = await renderStack({ name: "cloud/none", config }).then(
      () => undefined,
      (caught: unknown) => caught as Error,
    );
    expect(error?.message).to.contain("millrace:cluster.registry");
  });
});
