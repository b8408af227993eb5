import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import { projectDir } from "../../../cli/paths.ts";
import { needsNoCluster, ownerOf, rooms } from "./owners.ts";

/** What git keeps, and what it would keep with the next commit. */
function files(): string[] {
  const list = (...args: readonly string[]): string[] =>
    execFileSync("git", ["ls-files", "-z", ...args], { cwd: projectDir, encoding: "utf8" })
      .split("\0")
      .filter(Boolean);
  return list("--cached", "--others", "--exclude-standard");
}

/** A copy without its history has other files too, and no list of its own. */
const hasHistory = existsSync(join(projectDir, ".git"));

describe("owners of files", () => {
  it("are a room, the platform, the spine or the docs for every file of the repository", function () {
    if (!hasHistory) this.skip();
    const free = files().filter((path) => ownerOf(path) === undefined);
    const words =
      `${free.join(", ")}: no owner. Name a service's file after its room (components/<room>/, <room>-*.ts), give the room ` +
      "another word (alsoCalled in its service.ts), or give the file to the platform or the spine in " +
      "tests/e2e/selection/owners.ts; the end-to-end run takes from it what to ask.";
    expect(free, words).to.deep.equal([]);
  });

  it("have each room with files of its own", function () {
    if (!hasHistory) this.skip();
    const owners = new Set(files().map(ownerOf));
    const empty = rooms.filter((name) => !owners.has(name));
    expect(empty, "rooms without a file").to.deep.equal([]);
    expect(new Set(rooms).size).to.equal(rooms.length);
  });

  it("are found by a room's name wherever the file is, and stay when a service moves into its folder", () => {
    const expected: Readonly<Record<string, string>> = {
      "components/kafka-quorum.ts": "kafka",
      "components/kafka/service.ts": "kafka",
      "components/kafka/image/Dockerfile": "kafka",
      "images/kafka/Dockerfile": "kafka",
      "tests/components/kafka/hops/kafka.spec.ts": "kafka",
      "components/spark/spark-connect.ts": "spark",
      "components/spark-connect/spark-connect.ts": "spark-connect",
      "components/spark-connect.ts": "spark-connect",
      "components/airflow/programs/telemetry-report.py": "airflow",
      "components/windows/programs/windows_sinks.py": "windows",
      "components/catalog/programs/metastore-setup.ts": "catalog",
      "images/garage/Dockerfile": "object-store",
      "components/flink/image/src/millrace/cassandra/CassandraSink.java": "flink",
      "tests/components/flink/hops/job-trouble.spec.ts": "flink",
      "dags/census_batch.py": "census",
      "dags/lake_maintenance.py": "airflow",
      "notebooks/telemetry-report.ipynb": "telemetry",
      "display/web/src/app/census-page.ts": "display",
      "python/tests/census_reference.py": "library",
    };
    const found = Object.fromEntries(Object.keys(expected).map((path) => [path, ownerOf(path)]));
    expect(found).to.deep.equal(expected);
  });

  it("are the platform for what stands under all rooms, the spine for what every run goes through, and the docs", () => {
    const expected: Readonly<Record<string, string>> = {
      "engine/apply.ts": "platform",
      "platform/pod.ts": "platform",
      "clusters/embedded/node/Dockerfile": "platform",
      "images/base/customize.sh": "platform",
      "package-lock.json": "platform",
      "components/index.ts": "platform",
      "cli/up.ts": "spine",
      "check/runner.ts": "spine",
      "tests/e2e/faults/airflow.ts": "spine",
      ".ci/run": "spine",
      "docs/kafka.md": "docs",
      "components/kafka/README.md": "docs",
    };
    const found = Object.fromEntries(Object.keys(expected).map((path) => [path, ownerOf(path)]));
    expect(found).to.deep.equal(expected);
  });

  it("are missing for a service that no row has, and for a folder that nobody has", () => {
    for (const path of ["components/druid/druid.ts", "programs/druid.py", "extras/a.ts", "notes.txt"]) {
      expect(ownerOf(path), path).to.equal(undefined);
    }
  });

  it("know what the specs hold without a cluster", () => {
    for (const path of ["tests/components/kafka.spec.ts", "docs/kafka.md", "tests/support/mocks.ts", "README.md"]) {
      expect(needsNoCluster(path), path).to.equal(true);
    }
    for (const path of ["tests/e2e/faults/retry.ts", "tests/browser/pages.ts", "engine/apply.ts", "notes.txt"]) {
      expect(needsNoCluster(path), path).to.equal(false);
    }
  });
});
