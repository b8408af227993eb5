import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";

import { imagesInNode } from "../../cli/cluster.ts";
import { PULL_SCRIPT } from "../../clusters/embedded/bring-up.ts";
import { targetProfile } from "../../clusters/targets.ts";
import { loadConfig } from "../../config/index.ts";
import { run } from "../../platform/exec.ts";

function wanted(values: Record<string, unknown>): string[] {
  const text = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, JSON.stringify(value)]));
  const config = loadConfig(text, "Pulumi.dev.yaml");
  return imagesInNode({ config, profile: targetProfile(config.cluster) }).map((name) =>
    name.replace(/:[0-9a-f]{16}$/, ""),
  );
}

describe("the images that the node pulls while it starts", () => {
  it("are the platform's own that the config needs, by the node's name for its registry", () => {
    expect(wanted({ "millrace:cluster": { embedded: { registryPort: 5001 } } })).to.deep.equal([
      "localhost:5000/millrace/kafka",
      "localhost:5000/millrace/versitygw",
      "localhost:5000/millrace/metastore",
      "localhost:5000/millrace/spark",
      "localhost:5000/millrace/presto",
      "localhost:5000/millrace/postgres",
      "localhost:5000/millrace/tools",
    ]);
  });

  it("are none that someone else has made", () => {
    const services = { kafka: { image: "apache/kafka:4.1.1" } };
    expect(wanted({ "millrace:services": services })).to.not.include("localhost:5000/millrace/kafka");
  });

  it("are pulled one after the other, those after one that is not there too", async () => {
    const folder = mkdtempSync(join(tmpdir(), "ctr-"));
    try {
      const said = join(folder, "said");
      writeFileSync(
        join(folder, "ctr"),
        `#!/bin/sh\nprintf '%s\\n' "$*" >> ${said}\ncase "$*" in *missing*) exit 1 ;; esac\n`,
      );
      chmodSync(join(folder, "ctr"), 0o755);
      const env = { PATH: `${folder}:/usr/bin:/bin` };
      await run("sh", ["-c", PULL_SCRIPT, "pull", "localhost:5000/missing:1", "localhost:5000/kafka:2"], { env });
      expect(readFileSync(said, "utf8").split("\n")).to.deep.equal([
        "-n k8s.io images pull --plain-http localhost:5000/missing:1",
        "-n k8s.io images pull --plain-http localhost:5000/kafka:2",
        "",
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
