import { expect } from "chai";

import { KubeError } from "../../clusters/kubernetes-client.ts";
import { claimLines, dataLines, leavingData } from "../../cli/removal.ts";
import { loadConfig } from "../../config/index.ts";

const GIB = 2 ** 30;
const claim = (service: string, size: string) => ({
  metadata: { name: `data-${service}-0`, labels: { "app.kubernetes.io/name": service } },
  status: { capacity: { storage: size } },
});
const set = (service: string, whenDeleted: string) => ({
  metadata: { name: service, labels: { "app.kubernetes.io/name": service } },
  spec: {
    volumeClaimTemplates: [{ metadata: { name: "data" } }],
    persistentVolumeClaimRetentionPolicy: { whenDeleted },
  },
});
const kubeWith = (sets: readonly object[], claims: readonly object[]) => ({
  get: <T>(path: string) => Promise.resolve({ items: path.includes("/statefulsets") ? sets : claims } as T),
});
const claims = [claim("kafka", "5Gi"), claim("cassandra", "4Gi"), claim("postgres", "2Gi")];

describe("the data that a command would take away", () => {
  it("is told claim by claim, with service and size", async () => {
    const lines = await dataLines(() => kubeWith([], claims), "millrace");
    expect(lines).to.deep.equal([
      "  cassandra: data-cassandra-0 (4.0 GiB)",
      "  kafka: data-kafka-0 (5.0 GiB)",
      "  postgres: data-postgres-0 (2.0 GiB)",
    ]);
  });

  it("is said to be unknown when the cluster does not answer", async () => {
    const silent = { get: () => Promise.reject(new KubeError(0, "the API server does not answer")) };
    expect(await dataLines(() => silent, "millrace")).to.deep.equal([
      "  its contents are not known: the API server does not answer",
    ]);
  });

  it("goes with a StatefulSet of an older Millrace, whose service the new config has not", async () => {
    const kube = kubeWith([set("kafka", "Delete"), set("cassandra", "Delete")], claims);
    const { removed, kept } = await leavingData(kube, loadConfig({}), "0123456789abcdef");
    expect(removed).to.deep.equal([{ name: "data-cassandra-0", service: "cassandra", size: 4 * GIB }]);
    expect(kept).to.deep.equal([]);
  });

  it("outlives a service whose StatefulSet retains its claims", async () => {
    const kube = kubeWith([set("kafka", "Retain"), set("cassandra", "Retain")], claims);
    const { removed, kept } = await leavingData(kube, loadConfig({}), "0123456789abcdef");
    expect(removed).to.deep.equal([]);
    expect(claimLines(kept)).to.deep.equal(["  cassandra: data-cassandra-0 (4.0 GiB)"]);
  });

  it("of another stack's set in the same namespace is none of ours", async () => {
    const theirs = set("cassandra", "Delete");
    const labels = { ...theirs.metadata.labels, "millrace/stack-id": "fedcba9876543210" };
    const kube = kubeWith([{ ...theirs, metadata: { ...theirs.metadata, labels } }], claims);
    expect(await leavingData(kube, loadConfig({}), "0123456789abcdef")).to.deep.equal({ removed: [], kept: [] });
  });

  it("of a set that somebody else put there is none of ours", async () => {
    const kube = kubeWith([set("wordpress", "Delete")], [claim("wordpress", "1Gi")]);
    expect(await leavingData(kube, loadConfig({}), "0123456789abcdef")).to.deep.equal({ removed: [], kept: [] });
  });
});
