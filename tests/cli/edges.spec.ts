import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { nodeEnforces } from "../../cli/cluster.ts";
import { policyFinding } from "../../cli/doctor.ts";
import { renderEdges, stackEdges, writePicture } from "../../cli/edges.ts";
import { UserError } from "../../cli/errors.ts";
import { status } from "../../cli/status.ts";
import { edgeRows, edgesOf, podsAt } from "../../platform/network.ts";
import { networkPicture } from "../../platform/network-picture.ts";

const store = podsAt({ service: "object-store", component: "server" }, [3900], "S3");
const edges = edgesOf({ service: "presto", component: "coordinator", reaches: [store], serviceAccountName: "presto" });

describe("status --edges", () => {
  const rows = edgeRows(stackEdges({ edges }), [6443]);

  it("reads who connects to whom from the stack's outputs, and knows the API server's port", () => {
    expect(rows).to.deep.equal([
      { from: "presto/coordinator", to: "object-store/server", ports: [3900], why: "S3" },
      { from: "presto/coordinator", to: "API server", ports: [6443], why: "Kubernetes API" },
    ]);
  });

  it("says how its network becomes known where no output tells of it", () => {
    expect(() => stackEdges({})).to.throw(UserError, "npm run up makes it known");
  });

  it("prints a table, and below it whether all else is closed", () => {
    const text = (policies: boolean, enforced: boolean | "unknown") => renderEdges({ edges: rows, policies, enforced });
    expect(text(true, true)).to.equal(
      [
        "from                to                   port  why",
        "presto/coordinator  object-store/server  3900  S3",
        "presto/coordinator  API server           6443  Kubernetes API",
        "every pod may ask for names (port 53), and its node's probes reach it",
        "all else is closed",
      ].join("\n"),
    );
    const last = (shown: string) => shown.split("\n").at(-1);
    expect(last(text(true, false))).to.equal(
      "policies are not enforced here: pods may reach each other freely on this target",
    );
    expect(last(text(true, "unknown"))).to.equal(
      "whether this cluster's network enforces NetworkPolicies is not known; npm run check tries it",
    );
    expect(last(text(false, true))).to.equal(
      "pods may reach each other freely: the stack makes no policies (millrace:network.policies)",
    );
  });
});

describe("status --edges --svg", () => {
  it("writes the picture of the same edges, and says why where it can't", () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-edges-"));
    try {
      const file = join(folder, "network.svg");
      writePicture(file, edges);
      expect(readFileSync(file, "utf8")).to.equal(networkPicture(edges, "The network of the platform"));
      expect(() => {
        writePicture(join(folder, "nowhere", "network.svg"), edges);
      }).to.throw(UserError, /^status --svg: the picture could not be written \(ENOENT/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is refused without --edges, before anything is asked", async () => {
    const refused = await status.run({ svg: "network.svg" }, []).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refused).to.be.instanceOf(UserError);
    expect(String(refused)).to.contain("give both");
  });
});

describe("the embedded node", () => {
  const startedAt = "2026-11-28T03:00:00Z";
  const soon = Date.parse(startedAt) + 5000;
  const part = { name: "policies", pid: 190, restarts: 0, startedAt };

  it("enforces policies while its part for them runs", () => {
    expect(nodeEnforces([part], soon)).to.equal(true);
    expect(nodeEnforces([{ ...part, pid: 0 }], soon)).to.equal(false);
    expect(nodeEnforces([{ ...part, name: "proxy" }], soon)).to.equal(false);
  });

  it("enforces none while that part ends again and again, and does when it has stayed a minute", () => {
    const again = { ...part, restarts: 3, lastExit: "exit status 1" };
    expect(nodeEnforces([again], soon)).to.equal(false);
    expect(nodeEnforces([again], Date.parse(startedAt) + 61_000)).to.equal(true);
  });
});

describe("doctor", () => {
  it("warns where the policies that a stack asks for have no effect", () => {
    expect(policyFinding(true)).to.deep.equal({ subject: "policies", level: "ok", detail: "enforced", next: "" });
    expect(policyFinding(false)).to.deep.equal({
      subject: "policies",
      level: "warning",
      detail: "policies are not enforced here: pods may reach each other freely on this target",
      next: "docs/network.md says which networks enforce them",
    });
    expect(policyFinding("unknown").level).to.equal("warning");
  });
});
