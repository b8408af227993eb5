import { expect } from "chai";

import { quantityOf } from "../../platform/quantity.ts";
import { withClaimFault } from "../../cli/platform.ts";
import { type ContainerStatus, type Owner, type Pod, podTrouble, serviceStatuses } from "../../cli/services.ts";

function pod(name: string, service: string, status: Pod["status"], extra: Partial<Pod["metadata"]> = {}): Pod {
  return {
    metadata: { name, labels: { "app.kubernetes.io/name": service }, ...extra },
    spec: {
      containers: [{ name: "main", resources: { requests: { memory: "256Mi" }, limits: { memory: "512Mi" } } }],
    },
    ...(status === undefined ? {} : { status }),
  };
}

const container = (state: Partial<ContainerStatus>): Pod["status"] => ({
  phase: "Running",
  containerStatuses: [{ name: "main", ready: false, restartCount: 0, image: "millrace/x:1", ...state }],
});

const healthy: Pod["status"] = {
  phase: "Running",
  conditions: [{ type: "Ready", status: "True" }],
  containerStatuses: [{ name: "main", ready: true, restartCount: 2 }],
};

const owner = (name: string, replicas: number): Owner => ({
  metadata: { name, labels: { "app.kubernetes.io/name": name } },
  spec: { replicas },
});

describe("service status", () => {
  it("adds up memory, limits and restarts of a service's pods", () => {
    const stats = [
      { pods: [{ podRef: { name: "kafka-0", namespace: "millrace" }, memory: { workingSetBytes: 300 * 2 ** 20 } }] },
    ];
    const [kafka] = serviceStatuses("millrace", [pod("kafka-0", "kafka", healthy)], [owner("kafka", 1)], stats);
    expect(kafka).to.deep.equal({
      name: "kafka",
      ready: true,
      pods: 1,
      wanted: 1,
      restarts: 2,
      memory: 300 * 2 ** 20,
      memoryRequest: 256 * 2 ** 20,
      memoryLimit: 512 * 2 ** 20,
      reason: null,
      pod: null,
    });
  });

  it("says that memory is unknown when the kubelet does not tell", () => {
    const [kafka] = serviceStatuses("millrace", [pod("kafka-0", "kafka", healthy)], [], []);
    expect(kafka?.memory).to.equal(null);
  });

  it("ignores a namesake in another namespace", () => {
    const stats = [{ pods: [{ podRef: { name: "kafka-0", namespace: "other" }, memory: { workingSetBytes: 1 } }] }];
    expect(serviceStatuses("millrace", [pod("kafka-0", "kafka", healthy)], [], stats)[0]?.memory).to.equal(null);
  });

  it("shows a service that was scaled to zero as not ready", () => {
    const [presto] = serviceStatuses("millrace", [], [owner("presto", 0)], []);
    expect(presto).to.include({ ready: false, reason: "scaled to zero", wanted: 0 });
  });

  const part = (name: string, service: string, component: string): Owner => {
    const labels = { "app.kubernetes.io/name": service, "app.kubernetes.io/component": component };
    return { metadata: { name, labels }, spec: { replicas: 1, selector: { matchLabels: labels } } };
  };
  const podOf = (name: string, service: string, component: string, status = healthy): Pod =>
    pod(name, service, status, {
      labels: { "app.kubernetes.io/name": service, "app.kubernetes.io/component": component },
    });

  it("has a row for each workload of a service that has several, with its own pods", () => {
    const owners = [part("airflow-scheduler", "airflow", "scheduler"), part("airflow-api-server", "airflow", "api")];
    const pods = [
      podOf("airflow-api-server-x", "airflow", "api"),
      podOf("airflow-scheduler-x", "airflow", "scheduler"),
    ];
    const rows = serviceStatuses("millrace", pods.slice(0, 1), owners, []);
    expect(rows.map(({ name, ready }) => [name, ready])).to.deep.equal([
      ["airflow-api-server", true],
      ["airflow-scheduler", false],
    ]);
    expect(serviceStatuses("millrace", pods, owners, []).every(({ ready }) => ready)).to.equal(true);
  });

  it("counts the servers of JupyterHub's users in a row of their own", () => {
    const owners = [part("jupyterhub-hub", "jupyterhub", "hub"), part("jupyterhub-proxy", "jupyterhub", "proxy")];
    const pods = [
      podOf("jupyterhub-hub-x", "jupyterhub", "hub"),
      podOf("jupyterhub-proxy-x", "jupyterhub", "proxy"),
      podOf("jupyter-ana", "jupyterhub", "server"),
      podOf("jupyter-bob", "jupyterhub", "server"),
    ];
    expect(serviceStatuses("millrace", pods, owners, []).map(({ name, pods: count }) => [name, count])).to.deep.equal([
      ["jupyterhub-hub", 1],
      ["jupyterhub-proxy", 1],
      ["jupyterhub-server", 2],
    ]);
  });

  it("takes a task or a user's server on its way for no fault, and one that can't come for one", () => {
    const owners = [part("jupyterhub-hub", "jupyterhub", "hub"), part("jupyterhub-proxy", "jupyterhub", "proxy")];
    const server = (status: Pod["status"]) =>
      serviceStatuses("millrace", [podOf("jupyter-ana", "jupyterhub", "server", status)], owners, []).find(
        ({ name }) => name === "jupyterhub-server",
      );
    expect(server({ phase: "Pending" })).to.include({ ready: true, pods: 1, reason: null });
    const full = { type: "PodScheduled", status: "False", message: "0/1 nodes: 1 Insufficient memory." };
    expect(server({ phase: "Pending", conditions: [full] })).to.include({ ready: false });
    expect(server({ phase: "Pending", conditions: [full] })?.reason).to.contain("memory: no node has enough free");
  });

  it("keeps a service of one workload in one row with the pods that the workload makes itself", () => {
    const owners = [part("spark-telemetry-driver", "spark", "driver")];
    const pods = [podOf("driver-x", "spark", "driver"), podOf("exec-1", "spark", "executor")];
    expect(serviceStatuses("millrace", pods, owners, []).map(({ name, pods: count }) => [name, count])).to.deep.equal([
      ["spark", 2],
    ]);
  });

  it("leaves out the pods of Jobs", () => {
    const job = pod("proof-x", "proof", healthy, { ownerReferences: [{ kind: "Job" }] });
    expect(serviceStatuses("millrace", [job], [], [])).to.deep.equal([]);
  });
});

describe("what is wrong with a pod", () => {
  const cases: readonly (readonly [string, Pod["status"], RegExp])[] = [
    [
      "an image that can't be pulled",
      container({ state: { waiting: { reason: "ImagePullBackOff", message: "not found" } } }),
      /^image: millrace\/x:1 can't be pulled \(not found\)/,
    ],
    [
      "a container that used too much memory",
      container({
        restartCount: 3,
        state: { waiting: { reason: "CrashLoopBackOff" } },
        lastState: { terminated: { reason: "OOMKilled", exitCode: 137 } },
      }),
      /^memory: main used more than its limit/,
    ],
    [
      "a crash",
      container({
        restartCount: 3,
        state: { waiting: { reason: "CrashLoopBackOff" } },
        lastState: { terminated: { exitCode: 2 } },
      }),
      /^crash: main ended with code 2 \(3 restarts\)/,
    ],
    [
      "a missing Secret",
      container({ state: { waiting: { reason: "CreateContainerConfigError", message: 'secret "x" not found' } } }),
      /secret "x" not found/,
    ],
    [
      "too little memory on the nodes",
      {
        phase: "Pending",
        conditions: [{ type: "PodScheduled", status: "False", message: "0/1 nodes: 1 Insufficient memory." }],
      },
      /^memory: no node has enough free/,
    ],
    [
      "an unbound claim",
      {
        phase: "Pending",
        conditions: [{ type: "PodScheduled", status: "False", message: "unbound immediate PersistentVolumeClaims" }],
      },
      /^volume: its claim is not bound/,
    ],
    ["a pod that is starting", { phase: "Pending" }, /^starting$/],
    ["a pod that is not ready yet", { phase: "Running" }, /^running, not ready yet$/],
  ];
  for (const [name, status, expected] of cases) {
    it(`names ${name}`, () => {
      expect(podTrouble(pod("a", "a", status))).to.match(expected);
    });
  }
});

describe("quantities", () => {
  it("are read in every unit and refused when unreadable", () => {
    expect(["512Mi", "1Gi", "250m", "2", "1k", "x", undefined].map(quantityOf)).to.deep.equal([
      512 * 2 ** 20,
      2 ** 30,
      0.25,
      2,
      1000,
      undefined,
      undefined,
    ]);
  });
});

describe("pods that are refused", () => {
  it("are the reason of a service that lacks them, in Kubernetes' own words", () => {
    const event = {
      reason: "FailedCreate",
      message: 'pods "kafka-1" is forbidden: exceeded quota: team, requested: memory=1Gi',
      involvedObject: { kind: "StatefulSet", name: "kafka" },
    };
    const [row] = serviceStatuses("millrace", [pod("kafka-0", "kafka", healthy)], [owner("kafka", 2)], [], [event]);
    expect(row).to.include({ ready: false, reason: `its pods are refused: ${event.message}` });
    const [whole] = serviceStatuses("millrace", [pod("kafka-0", "kafka", healthy)], [owner("kafka", 1)], [], [event]);
    expect(whole).to.include({ ready: true, reason: null });
  });
});

describe("a pod whose claim has no volume", () => {
  it("is told in its provisioner's words", async () => {
    const waiting = pod("kafka-0", "kafka", { phase: "Pending" });
    const volumes = [{ persistentVolumeClaim: { claimName: "data-kafka-0" } }];
    const pods = [{ ...waiting, spec: { ...waiting.spec, volumes } }];
    const message = "the node's disk has no room for it";
    const involvedObject = { kind: "PersistentVolumeClaim", name: "data-kafka-0" };
    const items = { claims: [{ metadata: { name: "data-kafka-0" }, status: { phase: "Pending" } }] };
    const get = <T>(path: string): Promise<T> =>
      Promise.resolve({ items: path.includes("/events?") ? [{ message, involvedObject }] : items.claims } as T);
    const [row] = serviceStatuses("millrace", pods, [owner("kafka", 1)], []);
    if (row === undefined) throw new Error("no row");
    expect(row.reason).to.equal("starting");
    expect((await withClaimFault({ get }, "millrace", row, pods)).reason).to.equal(
      `volume: its claim data-kafka-0 is not bound (${message})`,
    );
    items.claims = [{ metadata: { name: "data-kafka-0" }, status: { phase: "Bound" } }];
    expect(await withClaimFault({ get }, "millrace", row, pods)).to.equal(row);
  });
});
