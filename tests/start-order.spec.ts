import { expect } from "chai";

import { mock } from "./support/mocks.ts";

const workload = /\$kubernetes:[^$]*:(?:StatefulSet|Deployment|Job)::([^:]+)$/;

/** Workloads that wait, by name, each with the workloads that must be ready, or have ended, before it is made. */
async function startOrder(profile: string): Promise<Record<string, string[]>> {
  const mocked = await mock({ config: { "millrace:profile": profile } });
  await import(`../index.ts?order=${profile}`);
  const dependencies = await mocked.dependencies();
  const waitsFor = (urn: string): string[] =>
    (dependencies.get(urn) ?? []).flatMap((other) => workload.exec(other)?.[1] ?? waitsFor(other));
  const order: Record<string, string[]> = {};
  for (const urn of dependencies.keys()) {
    const name = workload.exec(urn)?.[1];
    const before = [...new Set(waitsFor(urn))].sort();
    if (name !== undefined && before.length > 0) order[name] = before;
  }
  return order;
}

describe("the order of the start", function () {
  this.timeout(120_000);
  let order: Record<string, string[]>;
  before(async () => {
    order = await startOrder("full");
  });

  it("lets servers and streams start at once: each waits by itself for what it asks, and starts meanwhile", () => {
    const jobs = /^(airflow-setup|census-file|proof|spark-census-driver)$|-setup$|^kafka-topics$/;
    const waiting = Object.keys(order).filter((name) => !jobs.test(name));
    expect(waiting.sort()).to.deep.equal([
      // Their programs end when what is set up for them is missing.
      "airflow-api-server",
      "airflow-dag-processor",
      "airflow-scheduler",
      "airflow-triggerer",
      "jupyterhub-hub",
      // What the store has tells where to go on.
      "logs-collector",
      "metrics-alerts",
      "metrics-proxy",
      // Its event log must have its bucket.
      "spark-connect",
    ]);
  });

  it("sets up what runs, and nothing before its own server", () => {
    expect(order).to.deep.include({
      "object-store-setup": ["object-store"],
      "postgres-setup": ["postgres"],
      "kafka-topics": ["kafka"],
      "cassandra-setup": ["cassandra"],
      "notebooks-setup": ["object-store-setup"],
      "census-file": ["object-store-setup"],
      "airflow-setup": ["object-store-setup", "postgres-setup"],
      "spark-connect": ["object-store-setup"],
    });
  });

  it("proves when all that is asked is there", () => {
    expect(order["proof"]).to.include.members(["kafka-topics", "metastore", "presto", "spark-telemetry-driver"]);
  });

  it("proves before the batch over the census has ended, whose hops wait for it", () => {
    expect(order["proof"]).to.include("census-file").and.not.include("spark-census-driver");
  });
});
