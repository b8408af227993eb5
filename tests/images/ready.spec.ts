import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { RunError } from "@pulumi/pulumi";
import { expect } from "chai";

import { contextDir, imageNames, type prepareContexts, upstreamNames } from "../../images/index.ts";
import { contextFor, readyContexts } from "../../images/ready.ts";
import { UpstreamLock } from "../support/upstream-lock.ts";

const up = { isOfficial: true, isPreview: false };
const preview = { isOfficial: true, isPreview: true };
const local = { isOfficial: false, isPreview: false };

describe("Build contexts under the official CLI", () => {
  let cache = "";
  let before: string | undefined;
  let prepared: (readonly string[])[] = [];
  const prepare = (names: readonly string[]): Promise<void> => {
    prepared.push(names);
    return Promise.resolve();
  };
  beforeEach(() => {
    before = process.env["MILLRACE_CACHE"];
    cache = mkdtempSync(join(tmpdir(), "contexts-"));
    process.env["MILLRACE_CACHE"] = cache;
    prepared = [];
  });
  afterEach(() => {
    if (before === undefined) delete process.env["MILLRACE_CACHE"];
    else process.env["MILLRACE_CACHE"] = before;
    rmSync(cache, { recursive: true });
  });

  it("are prepared before anything is created, those that are not there", async () => {
    mkdirSync(contextDir("kafka"), { recursive: true });
    await readyContexts(["kafka", "presto"], {}, up, prepare);
    expect(prepared).to.deep.equal([["presto"]]);
    await readyContexts(["kafka"], {}, up, prepare);
    expect(prepared).to.have.length(1);
  });

  it("are left alone by a preview, and by the local engine, whose command prepares them", async () => {
    await readyContexts(["kafka"], {}, preview, prepare);
    await readyContexts(["kafka"], {}, local, prepare);
    expect(prepared).to.deep.equal([]);
  });

  it("end the program with the cause when this machine can't prepare them", async () => {
    const failing = () => Promise.reject(new Error("cargo is not installed"));
    const error: unknown = await readyContexts(["kafka"], {}, up, failing).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(RunError);
    expect((error as Error).message).to.equal(
      "the images can't be prepared, and nothing was created: cargo is not installed. npm run doctor lists what this machine lacks",
    );
  });

  it("are the sources of each image in a preview without them, since the docker provider asks for the Dockerfile", () => {
    for (const image of imageNames) {
      expect(existsSync(join(contextFor(image, preview), "Dockerfile")), image).to.equal(true);
      expect(contextFor(image, up), image).to.equal(contextDir(image));
      expect(contextFor(image, { ...local, isPreview: true }), image).to.equal(contextDir(image));
    }
    mkdirSync(contextDir("kafka"), { recursive: true });
    expect(contextFor("kafka", preview)).to.equal(contextDir("kafka"));
  });

  it("are those of official images too, which are pulled from where the stack says", async () => {
    const lock = new UpstreamLock().with(upstreamNames);
    try {
      const asked: unknown[] = [];
      const record: typeof prepareContexts = (names, _tell, _signal, upstream) => {
        asked.push(names, upstream);
        return Promise.resolve();
      };
      const places = { mirror: "mirror.example/hub", platform: "linux/amd64" };
      await readyContexts(["kafka-upstream"], places, up, record);
      expect(asked).to.deep.equal([["kafka-upstream"], places]);
      for (const name of upstreamNames) {
        expect(existsSync(join(contextFor(name, preview), "Dockerfile")), name).to.equal(true);
      }
    } finally {
      lock.remove();
    }
  });

  it("are not begun while an official image's digest is not known: the program ends, in a preview too, with all of them", async () => {
    const lock = new UpstreamLock();
    try {
      const wanted = ["kafka-upstream", "presto-upstream", "tools"];
      const error: unknown = await readyContexts(wanted, {}, preview, prepare).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(RunError);
      expect((error as Error).message).to.match(
        /no digest of docker.io\/apache\/kafka:\S+, docker.io\/prestodb\/presto:\S+;/,
      );
      expect(prepared).to.deep.equal([]);
    } finally {
      lock.remove();
    }
  });
});
