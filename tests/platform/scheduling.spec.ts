import { expect } from "chai";
import { loadConfig } from "../../config/index.ts";
import {
  podScheduling,
  type Scheduling,
  schedulingOf,
  schedulingProblems,
  schedulingTransformation,
} from "../../platform/scheduling.ts";

/** The message of a config that is refused. */
function refused(raw: Record<string, unknown>): string {
  try {
    loadConfig(raw);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it is not refused");
}

describe("where pods run", () => {
  it("is nowhere in a pod when nothing is set, or set to nothing", () => {
    expect(podScheduling({})).to.deep.equal({});
    expect(podScheduling({ nodeSelector: {}, tolerations: [] })).to.deep.equal({});
    expect(podScheduling({ tolerations: [{ key: "spare", value: "" }] })).to.deep.equal({
      tolerations: [{ key: "spare" }],
    });
  });

  it("is that of the platform, with what a service sets in place of it", () => {
    const all: Scheduling = { nodeSelector: { pool: "data" }, priorityClassName: "platform" };
    expect(schedulingOf(all)).to.deep.equal(all);
    expect(schedulingOf(all, { nodeSelector: { pool: "disks" }, tolerations: undefined })).to.deep.equal({
      nodeSelector: { pool: "disks" },
      priorityClassName: "platform",
    });
  });

  it("goes into the pods of every kind of workload, and leaves what a pod says of itself", () => {
    const place = schedulingTransformation({ nodeSelector: { pool: "data" }, priorityClassName: "platform" });
    const changed = (type: string, spec: object): unknown =>
      place({ type, name: "x", props: { spec }, opts: {}, resource: undefined as never })?.props["spec"];
    const spec = { nodeSelector: { pool: "data" }, priorityClassName: "platform" };
    expect(changed("kubernetes:apps/v1:StatefulSet", { replicas: 1, template: { spec: {} } })).to.deep.equal({
      replicas: 1,
      template: { spec },
    });
    expect(
      changed("kubernetes:batch/v1:CronJob", { jobTemplate: { spec: { template: { spec: { containers: [] } } } } }),
    ).to.deep.equal({ jobTemplate: { spec: { template: { spec: { ...spec, containers: [] } } } } });
    const own = { priorityClassName: "own" };
    expect(changed("kubernetes:batch/v1:Job", { template: { spec: own } })).to.deep.equal({
      template: { spec: { ...spec, ...own } },
    });
    expect(changed("kubernetes:core/v1:Service", {})).to.equal(undefined);
  });
});

describe("wrong places for pods", () => {
  const tolerated = (toleration: object): string => refused({ "millrace:scheduling": { tolerations: [toleration] } });

  it("are told by the setting, with what it may be: operator, effect, label", () => {
    expect(tolerated({ key: "gpu", operator: "Exist" })).to.contain(
      'millrace:scheduling.tolerations.0.operator: received "Exist"; give one of Equal, Exists; did you mean "Exists"?',
    );
    expect(tolerated({ key: "gpu", operator: "Exists", effect: "NoShedule" })).to.contain(
      'millrace:scheduling.tolerations.0.effect: received "NoShedule"; give one of NoSchedule, PreferNoSchedule, ' +
        'NoExecute; did you mean "NoSchedule"?',
    );
    expect(tolerated({ kee: "gpu" })).to.contain(
      'millrace:scheduling.tolerations.0.kee: unknown setting; did you mean "key"?',
    );
    const selector = (nodeSelector: unknown): string =>
      refused({ "millrace:services": { kafka: { scheduling: { nodeSelector } } } });
    expect(selector({ "my pool": "a" })).to.contain(
      'millrace:services.kafka.scheduling.nodeSelector: received the name "my pool"; give the name of a label, such as "pool"',
    );
    expect(selector({ gpu: true })).to.contain(
      "millrace:services.kafka.scheduling.nodeSelector.gpu: received true; give text of at most 63 letters",
    );
    expect(selector({ pool: "a b" })).to.contain('nodeSelector.pool: received "a b"; give text of at most 63 letters');
    expect(selector("pool=data")).to.contain(
      'nodeSelector: received "pool=data"; give labels with their values, all of which the node has',
    );
    expect(refused({ "millrace:services": { kafka: { nodeSelector: {} } } })).to.contain(
      "millrace:services.kafka.nodeSelector: unknown setting; it belongs to millrace:services.kafka.scheduling.nodeSelector",
    );
    expect(refused({ "millrace:scheduling": { priorityClassName: "Very High" } })).to.contain(
      'priorityClassName: received "Very High"; give the name of a PriorityClass, which must exist',
    );
  });

  it("are told where each setting alone would do", () => {
    expect(tolerated({ value: "data" })).to.contain(
      "millrace:scheduling.tolerations.0.key: missing; give the key of a taint, or operator Exists, which without a key " +
        "stands for all taints",
    );
    expect(tolerated({ key: "gpu", operator: "Exists", value: "a" })).to.contain(
      'tolerations.0.value: received "a" with operator Exists, which takes any value; remove it, or give operator Equal',
    );
    expect(tolerated({ key: "gpu", operator: "Exists", tolerationSeconds: 60 })).to.contain(
      "tolerations.0.tolerationSeconds: received 60 with no effect; only NoExecute has an end",
    );
    expect(refused({ "millrace:services": { presto: { scheduling: { tolerations: [{ value: "x" }] } } } })).to.contain(
      "millrace:services.presto.scheduling.tolerations.0.key: missing",
    );
  });

  it("are none of the forms that Kubernetes takes", () => {
    const tolerations: NonNullable<Scheduling["tolerations"]> = [
      { operator: "Exists" },
      { key: "example.com/gpu", operator: "Exists", effect: "NoExecute", tolerationSeconds: 0 },
      { key: "dedicated", value: "data", effect: "NoSchedule" },
      { key: "spare" },
    ];
    expect(schedulingProblems("at", { tolerations })).to.deep.equal([]);
    const nodeSelector = { "node.kubernetes.io/instance-type": "m5.xlarge", pool: "" };
    expect(loadConfig({ "millrace:scheduling": { nodeSelector, tolerations } }).scheduling).to.deep.equal({
      nodeSelector,
      tolerations,
    });
  });
});
