import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { findImages, nameBelow, ownPrefix, takeFromCache } from "../../images/find.ts";
import { imageTag } from "../../images/index.ts";
import { upstreamOf } from "../../images/tags.ts";
import { lockedDigests } from "../../images/upstream-lock.ts";
import { FakeRegistry, type FakeRegistryOptions } from "../support/fake-registry.ts";
import { UpstreamLock } from "../support/upstream-lock.ts";

const platform = "linux/amd64";

describe("where images are, before they are built", () => {
  const started: FakeRegistry[] = [];
  const fake = async (options?: FakeRegistryOptions): Promise<FakeRegistry> => {
    const registry = await FakeRegistry.start(options);
    started.push(registry);
    return registry;
  };
  afterEach(async () => {
    await Promise.all(started.splice(0).map((registry) => registry.stop()));
  });
  const put = (registry: FakeRegistry, repository: string, image: string, architecture?: string): string =>
    registry.put(`${repository}/${image}`, imageTag(image), [image], architecture);
  const noLogin = { login: () => Promise.resolve(undefined) };

  it("is the stack's registry, by their content tags", async () => {
    const own = await fake();
    put(own, "millrace", "kafka");
    own.put("millrace/spark", "of-another-version", ["spark"]);
    const places = { own: ownPrefix(own.server), caches: [], platform };
    expect(await findImages(["kafka", "spark"], places)).to.deep.equal({
      there: ["kafka"],
      cached: [],
      missing: ["spark"],
      problem: undefined,
      warnings: [],
    });
  });

  it("is a registry with a repository below, as some are named", async () => {
    const own = await fake();
    put(own, "team/millrace", "kafka");
    const { there } = await findImages(["kafka"], { own: ownPrefix(`${own.server}/team`), caches: [], platform });
    expect(there).to.deep.equal(["kafka"]);
  });

  it("is a cache for what the registry lacks, the first that has it, and no cache is asked for more", async () => {
    const [own, first, second] = [await fake(), await fake(), await fake()];
    put(own, "millrace", "kafka");
    put(first, "acme/millrace", "spark");
    put(second, "x", "spark");
    put(second, "x", "garage");
    const caches = [`${first.server}/acme/millrace`, `${second.server}/x`];
    const found = await findImages(["kafka", "spark", "garage", "presto"], {
      own: ownPrefix(own.server),
      caches,
      platform,
    });
    expect(found.cached.map(({ name, cache }) => [name, cache])).to.deep.equal([
      ["spark", caches[0]],
      ["garage", caches[1]],
    ]);
    expect([found.there, found.missing, found.warnings]).to.deep.equal([["kafka"], ["presto"], []]);
    expect(first.asked.join()).not.to.contain("kafka");
    expect(second.asked.join()).not.to.contain("spark");
  });

  it("is not a cache that refuses, can't be reached, or has another architecture: each is a warning by name", async () => {
    const [own, secret, gone, arm] = [
      await fake(),
      await fake({ login: { kind: "bearer", username: "ana", password: "a" } }),
      await fake(),
      await fake(),
    ];
    put(secret, "x", "kafka");
    put(arm, "x", "kafka", "arm64");
    await gone.stop();
    const caches = [secret, gone, arm].map(({ server }) => `${server}/x`);
    const found = await findImages(["kafka", "spark"], { own: ownPrefix(own.server), caches, platform }, noLogin);
    expect([found.cached, found.missing]).to.deep.equal([[], ["kafka", "spark"]]);
    expect(found.warnings).to.have.length(3);
    expect(found.warnings[0]).to.match(/^cache localhost:\d+\/x: localhost:\d+ wants a login \(401/);
    expect(found.warnings[1]).to.match(/^cache localhost:\d+\/x: localhost:\d+ can't be reached \(/);
    expect(found.warnings[2]).to.equal(
      `cache ${arm.server}/x: kafka is not taken: it is for linux/arm64, not for linux/amd64`,
    );
  });

  it("is a cache also where the stack's own registry can't be asked, whose answer is kept", async () => {
    const [own, cache] = [await fake(), await fake()];
    put(cache, "x", "kafka");
    await own.stop();
    const found = await findImages(["kafka"], { own: ownPrefix(own.server), caches: [`${cache.server}/x`], platform });
    expect(found.cached.map(({ name }) => name)).to.deep.equal(["kafka"]);
    expect(found.problem).to.match(/^localhost:\d+ can't be reached/);
  });

  it("is the folder of this machine's registry while that does not run, if every layer is there", async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-kept-"));
    try {
      const keep = (path: string, text: string): void => {
        const file = join(folder, "docker/registry/v2", path);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, text);
      };
      const image = (name: string, layer: string): void => {
        const { repository, tag } = nameBelow("localhost:1/millrace", name);
        keep(`repositories/${repository}/_manifests/tags/${tag}/current/link`, `sha256:ab${name}`);
        const manifest = { config: { digest: "sha256:cc" }, layers: [{ digest: `sha256:${layer}` }] };
        keep(`blobs/sha256/ab/ab${name}/data`, JSON.stringify(manifest));
      };
      keep("blobs/sha256/cc/cc/data", "{}");
      keep("blobs/sha256/dd/dd/data", "layer");
      image("kafka", "dd");
      image("spark", "ee");
      const own = await fake();
      await own.stop();
      const places = { own: ownPrefix(own.server), kept: folder, caches: [], platform };
      const { there, missing } = await findImages(["kafka", "spark", "presto"], places);
      expect([there, missing]).to.deep.equal([["kafka"], ["spark", "presto"]]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("takes from a cache what the stack's registry then has under its own name, with the same digest", async () => {
    const [own, cache] = [await fake(), await fake()];
    const digest = put(cache, "acme", "kafka");
    const places = { own: ownPrefix(own.server), caches: [`${cache.server}/acme`], platform };
    const { cached } = await findImages(["kafka"], places);
    expect(own.asked.filter((line) => !line.startsWith("HEAD"))).to.deep.equal([]);
    for (const one of cached) await takeFromCache(one, places.own, () => undefined);
    expect(own.digest("millrace/kafka", imageTag("kafka"))).to.equal(digest);
    expect((await findImages(["kafka"], places)).there).to.deep.equal(["kafka"]);
  });

  it("names images in a cache by the cache's own repository", () => {
    expect(nameBelow("r.example/acme/millrace", "kafka")).to.deep.equal({
      server: "r.example",
      repository: "acme/millrace/kafka",
      tag: imageTag("kafka"),
    });
  });
});

describe("where official images are", () => {
  let lock: UpstreamLock;
  let own: FakeRegistry;
  let hub: FakeRegistry;
  beforeEach(async () => {
    lock = new UpstreamLock();
    [own, hub] = [await FakeRegistry.start(), await FakeRegistry.start()];
  });
  afterEach(async () => {
    lock.remove();
    await Promise.all([own.stop(), hub.stop()]);
  });
  const kafka = upstreamOf("kafka-upstream") ?? "";
  const find = (caches: readonly string[] = []) =>
    findImages(["kafka-upstream", "postgres-upstream"], {
      own: ownPrefix(own.server),
      caches,
      mirror: `${hub.server}/hub`,
      platform,
    });
  /** Puts an image into the hub and locks it. */
  const locked = (): string => {
    hub.putIndex("hub/apache/kafka", "4.3.1", { amd64: "kafka", arm64: "other" });
    const digest = hub.digest("hub/apache/kafka", "4.3.1") ?? "";
    lock.with(["postgres-upstream", "kafka-upstream"]);
    lock.write({ ...Object.fromEntries(lockedDigests()), [kafka]: digest });
    return digest;
  };

  it("is their registry, by the locked digest: one that runs as it is is copied, one with a layer is built on it", async () => {
    locked();
    // What the tag names has changed since.
    hub.put("hub/apache/kafka", "4.3.1", ["newer"]);
    const { cached, missing, warnings } = await find();
    expect(cached.map(({ name, cache }) => [name, cache])).to.deep.equal([
      ["kafka-upstream", `${hub.server}/hub/apache/kafka`],
    ]);
    expect([missing, warnings]).to.deep.equal([["postgres-upstream"], []]);
    for (const one of cached) await takeFromCache(one, ownPrefix(own.server), () => undefined);
    const { repository, tag } = nameBelow(ownPrefix(own.server), "kafka-upstream");
    expect(own.layers(repository, tag)).to.deep.equal(["kafka"]);
    expect((await find()).there).to.deep.equal(["kafka-upstream"]);
  });

  it("is a cache before their registry, which then is not asked", async () => {
    locked();
    own.put("acme/kafka-upstream", imageTag("kafka-upstream"), ["cached"]);
    const { cached } = await find([`${own.server}/acme`]);
    expect(cached.map(({ cache }) => cache)).to.deep.equal([`${own.server}/acme`]);
    expect(hub.asked).to.deep.equal([]);
  });

  it("is none where their registry lacks them, can't be reached, or gives another image for the digest", async () => {
    locked();
    lock.with(["kafka-upstream", "postgres-upstream"]);
    const { missing, warnings } = await find();
    expect(missing).to.deep.equal(["kafka-upstream", "postgres-upstream"]);
    expect(warnings.join()).to.match(/^localhost:\d+\/hub\/apache\/kafka: sha256:[0-9a-f]{64} is not there$/);
    const digest = locked();
    hub.forge("hub/apache/kafka", digest, ["forged"]);
    expect((await find()).warnings.join()).to.match(
      /gives another manifest for hub\/apache\/kafka@sha256:[0-9a-f]{64}: its digest is sha256:/,
    );
    await hub.stop();
    const gone = await find();
    expect(gone.missing).to.deep.equal(["kafka-upstream", "postgres-upstream"]);
    expect(gone.warnings.join()).to.match(/^localhost:\d+\/hub\/apache\/kafka: localhost:\d+ can't be reached/);
  });
});
