import { expect } from "chai";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contextDigest } from "../../../engine/providers/docker-digest.ts";
import { placeModules } from "../../../platform/images/context.ts";

describe("platform/images/context", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "millrace-context-"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("fills a context that an engine can read after the packages' own folder was moved", async () => {
    const fetched = join(folder, "npm", "0123456789abcdef");
    mkdirSync(join(fetched, "node_modules", ".bin"), { recursive: true });
    mkdirSync(join(fetched, "node_modules", "parser"), { recursive: true });
    writeFileSync(join(fetched, "node_modules", "parser", "cli.js"), "");
    symlinkSync("../parser/cli.js", join(fetched, "node_modules", ".bin", "parse"));
    const context = join(folder, "context");
    placeModules(fetched, join(context, "opt", "node_modules"));
    writeFileSync(join(context, "Dockerfile"), "FROM scratch\n");
    rmSync(join(folder, "npm"), { recursive: true });
    expect(readdirSync(join(context, "opt", "node_modules"), { recursive: true })).to.have.members([
      "parser",
      "parser/cli.js",
    ]);
    expect(await contextDigest(context, join(context, "Dockerfile"))).to.match(/^[0-9a-f]{64}$/);
  });
});
