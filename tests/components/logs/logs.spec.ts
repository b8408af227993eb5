import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import { Logs, logsProblems } from "../../../components/logs/logs.ts";
import { endName } from "../../../platform/network.ts";
import { podProblems } from "../../../platform/hardening.ts";
import { powerProblems } from "../../../platform/rights.ts";
import { Storage } from "../../../platform/storage.ts";
import { envOf, resources } from "../../support/fixtures.ts";
import { mock, type Mocked, namesOf, valueOf } from "../../support/mocks.ts";

describe("the logs of all pods", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  const make = (
    data: { kind: "persistent"; size: string } | { kind: "ephemeral" } = { kind: "persistent", size: "4Gi" },
  ) =>
    new Logs("logs", {
      namespace: "data",
      image: "victoria-logs:1",
      toolsImage: "tools:1",
      exposure: { kind: "none" },
      storage: new Storage({ storageClass: "default" }),
      data,
      keepDays: 3,
      resources,
      collectorResources: resources,
      quarters: [{ in: "users", namespace: pulumi.output("data-users") }],
      words: { user: ["person"] },
    });
  const store = async () => (await mocked.get("kubernetes:apps/v1:StatefulSet", "logs")).inputs;
  const collector = async () => (await mocked.get("kubernetes:apps/v1:Deployment", "logs-collector")).inputs;

  it("offers the store and what reads, once both are there", async () => {
    const { endpoint } = make();
    expect(await valueOf(endpoint.url)).to.equal("http://logs.data.svc:9428");
    expect(await valueOf(endpoint.collectorUrl)).to.equal("http://logs-collector.data.svc:8080");
    expect(await namesOf(endpoint.ready)).to.deep.equal(["logs", "logs-collector"]);
  });

  it("keeps what its settings say, and no more than fits", async () => {
    make();
    const { args } = (await store()).spec.template.spec.containers[0];
    expect(args).to.include("-retentionPeriod=3d").and.to.include("-retention.maxDiskSpaceUsageBytes=3276MiB");
    expect((await store()).spec.volumeClaimTemplates[0].spec.resources.requests.storage).to.equal("4Gi");
  });

  it("bounds what it keeps in its pod", async () => {
    make({ kind: "ephemeral" });
    expect((await store()).spec.template.spec.containers[0].args).to.include(
      "-retention.maxDiskSpaceUsageBytes=1024MiB",
    );
  });

  it("runs hardened: no pod of it sees a file of its node", async () => {
    make();
    for (const { spec } of [await store(), await collector()])
      expect(podProblems(spec.template.spec, true)).to.deep.equal([]);
    expect(envOf(await collector())).to.deep.include({
      NAMESPACES: "data,data-users",
      POD_WORDS: '{"user":["person"]}',
      KEEP_DAYS: "3",
    });
  });

  it("reads logs in the platform's namespaces, by rights in each that give nothing else", async () => {
    make();
    for (const [name, namespace] of [
      ["logs-collector", "data"],
      ["logs-collector-in-users", "data-users"],
    ] as const) {
      const role = (await mocked.get("kubernetes:rbac.authorization.k8s.io/v1:Role", name)).inputs;
      expect(role.metadata.namespace).to.equal(namespace);
      expect(role.rules).to.deep.equal([
        { apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"] },
        { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
      ]);
      expect(powerProblems(role.rules)).to.deep.equal([]);
    }
  });

  it("connects what reads to the store and to the API server", () => {
    const edges = make().edges.map(({ from, to }) => `${endName(from)} > ${endName(to)}`);
    expect(edges).to.have.members([
      "logs-collector/collector > logs/store",
      "logs-collector/collector > API server",
      "API server > logs-collector/collector",
      "API server > logs/store",
    ]);
  });

  it("names what is wrong", () => {
    expect(logsProblems({ data: { kind: "persistent", size: "much" }, keepDays: 0 })).to.deep.equal([
      'logs: size "much" is not a size; write a number with Mi, Gi or Ti, for example "5Gi"',
      "logs: keepDays is 0; give a whole number from 1",
    ]);
  });
});
