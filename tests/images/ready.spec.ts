import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { RunError } from "@pulumi/pulumi";
import { expect } from "chai";
import Docker from "dockerode";

import { contextDir, imageNames, imageReference, type prepareContexts, upstreamNames } from "../../images/index.ts";
import { contextFor, readyBuilds } from "../../images/ready.ts";
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

  /** Without a registry nothing is built. */
  const builds = (...images: readonly string[]) => ({ images, registry: undefined, platform: "linux/amd64" });

  it("are prepared before anything is created, those that are not there", async () => {
    mkdirSync(contextDir("kafka"), { recursive: true });
    await readyBuilds(builds("kafka", "presto"), { run: up, prepare });
    expect(prepared).to.deep.equal([["presto"]]);
    await readyBuilds(builds("kafka"), { run: up, prepare });
    expect(prepared).to.have.length(1);
  });

  it("are left alone by a preview, and by the local engine, whose command prepares them", async () => {
    await readyBuilds(builds("kafka"), { run: preview, prepare });
    await readyBuilds(builds("kafka"), { run: local, prepare });
    expect(prepared).to.deep.equal([]);
  });

  it("end the program with the cause when this machine can't prepare them", async () => {
    const failing = () => Promise.reject(new Error("cargo is not installed"));
    const error: unknown = await readyBuilds(builds("kafka"), { run: up, prepare: failing }).catch(
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(RunError);
    expect((error as Error).message).to.equal(
      "the images can't be prepared, and nothing was created: cargo is not installed. npm run doctor lists what this machine lacks",
    );
  });

  it("are built before the docker provider builds them, so that it runs no step that leaves its container behind", async () => {
    const asked: string[] = [];
    const engine = createServer((request, response) => {
      const url = new URL(request.url ?? "/", "http://docker");
      const { pathname, searchParams } = url;
      if (request.method === "GET") {
        const name = decodeURIComponent(pathname).replace(/^.*images\/|\/json$/g, "");
        const parent = { presto: "sha256:0123", spark: "" }[name.replace(/^registry\.example\/millrace\/|:.*$/g, "")];
        response.writeHead(parent === undefined ? 404 : 200, { "content-type": "application/json" });
        response.end(JSON.stringify(parent === undefined ? { message: "no such image" } : { Parent: parent }));
        return;
      }
      const [rm, always, tag] = ["rm", "forcerm", "t"].map((key) => searchParams.get(key));
      asked.push(`${pathname.replace(/^\/v[\d.]+/, "")} ${String(tag)} rm=${String(rm)} forcerm=${String(always)}`);
      request.resume().on("end", () => response.end('{"stream":"Successfully built"}\n'));
    });
    await new Promise<void>((resolve) => engine.listen(0, "127.0.0.1", resolve));
    try {
      const images = ["kafka", "presto", "spark"];
      for (const image of images) {
        mkdirSync(contextDir(image), { recursive: true });
        writeFileSync(join(contextDir(image), "Dockerfile"), "FROM scratch\n");
      }
      const docker = new Docker({ host: "127.0.0.1", port: (engine.address() as AddressInfo).port });
      const registry = { registry: "registry.example", platform: "linux/amd64" };
      await readyBuilds({ images, ...registry }, { run: up, prepare, docker: () => Promise.resolve(docker) });
      const built = (image: string) => `/build registry.example/${imageReference(image)} rm=true forcerm=true`;
      expect(asked, "not what this engine has built itself; again what it has pulled").to.have.members([
        built("kafka"),
        built("spark"),
      ]);
    } finally {
      engine.closeAllConnections();
      engine.close();
    }
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
      await readyBuilds({ ...builds("kafka-upstream"), ...places }, { run: up, prepare: record });
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
      const error: unknown = await readyBuilds(builds(...wanted), { run: preview, prepare }).catch(
        (reason: unknown) => reason,
      );
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
