import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { start } from "../../clusters/embedded/cluster.ts";
import {
  forgetVersion,
  olderVersionProblem,
  rememberedVersion,
  rememberVersion,
} from "../../clusters/embedded/data-version.ts";
import { kubernetesVersion } from "../../clusters/embedded/node-image.ts";
import { withEngine } from "./fake-engine.ts";

describe("an older Kubernetes on newer data", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "data-version-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("is refused with both versions and the ways out; a patch back, a step on and unknown data are not", () => {
    expect(olderVersionProblem("v1.36.1", [undefined, "v1.37.0"], "millrace-var")).to.equal(
      "the data in the Docker volume millrace-var was written by Kubernetes v1.37.0, and this Millrace has v1.36.1, which may " +
        "not read it. Use the newer Millrace again, or give the data up with npm run down and start over with npm run up",
    );
    for (const written of ["v1.36.9", "v1.35.0", undefined]) {
      expect(olderVersionProblem("v1.36.1", [written], "millrace-var")).to.equal(undefined);
    }
    expect(olderVersionProblem("v2.0.0", ["v1.99.0"], "x")).to.equal(undefined);
  });

  it("is noticed without the container too, from what the last one has written down", () => {
    rememberVersion(folder, "v1.37.2");
    expect(rememberedVersion(folder)).to.equal("v1.37.2");
    forgetVersion(folder);
    expect(rememberedVersion(folder)).to.equal(undefined);
  });

  it("begins nothing: a kept volume stays as it is", async () => {
    await withEngine(async (engine) => {
      const owner = { id: "0123456789abcdef", folder, stack: "dev", hasState: true };
      engine.volumes.set("old-var", { "dev.millrace.cluster": "embedded", "dev.millrace.owner.id": owner.id });
      const [, major, minor] = /^v(\d+)\.(\d+)/.exec(kubernetesVersion()) ?? [];
      rememberVersion(folder, `v${major}.${Number(minor) + 1}.0`);
      const error = await start({ owner, name: "old", stateDir: folder }).catch((e: unknown) => e);
      expect(String(error)).to.contain(`the data in the Docker volume old-var was written by Kubernetes v${major}.`);
      expect(engine.changes).to.deep.equal([]);
    });
  });
});
