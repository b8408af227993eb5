import { expect } from "chai";
import { UserError } from "../../cli/errors.ts";
import { type ImagesReport, listImages, pushImages, pushProblem, renderImages, renderLock } from "../../cli/images.ts";
import { createProgress } from "../../cli/progress.ts";
import { cacheKeys } from "../../clusters/embedded/node-image.ts";
import { targetProfile } from "../../clusters/targets.ts";
import { wantedImages } from "../../config/images.ts";
import { loadConfig } from "../../config/index.ts";
import { imageTag } from "../../images/index.ts";
import { imagesToBuild } from "../../images/wanted.ts";
import { type ImageName, imageNameText } from "../../platform/registry/image-name.ts";
import { FakeRegistry, type FakeRegistryOptions } from "../support/fake-registry.ts";
import { UpstreamLock } from "../support/upstream-lock.ts";

const wanted = imagesToBuild(wantedImages(loadConfig({ "millrace:cluster": { target: "minikube" } })));
const ana = { username: "ana", password: "a" };

describe("the images of a profile", () => {
  const started: FakeRegistry[] = [];
  const fake = async (options?: FakeRegistryOptions): Promise<FakeRegistry> => {
    const registry = await FakeRegistry.start(options);
    started.push(registry);
    return registry;
  };
  let own: FakeRegistry;
  let target: FakeRegistry;
  beforeEach(async () => {
    own = await fake();
    target = await fake({ login: { kind: "bearer", ...ana } });
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map((registry) => registry.stop()));
  });

  const put = (registry: FakeRegistry, repository: string, names: readonly string[]): void => {
    for (const name of names) registry.put(`${repository}/${name}`, imageTag(name), ["base", name]);
  };
  const asked = (caches: readonly string[] = []) => {
    const config = loadConfig({
      "millrace:cluster": { target: "minikube", registry: { push: own.server } },
      "millrace:images": { caches },
    });
    return {
      stack: { config, profile: targetProfile(config.cluster) },
      progress: createProgress({ sink: { write: () => undefined }, live: false }),
      signal: new AbortController().signal,
    };
  };
  const prepared: string[] = [];
  const published: unknown[] = [];
  const pushed = async (
    changes: { login?: typeof ana; fails?: string; unprepared?: string; caches?: string[] } = {},
  ) => {
    prepared.length = 0;
    published.length = 0;
    return await pushImages({
      ...asked(changes.caches),
      push: `${target.server}/acme/millrace`,
      options: { login: (server) => Promise.resolve(server === target.server ? (changes.login ?? ana) : undefined) },
      prepare: (names) => {
        prepared.push(...names);
        return changes.unprepared === undefined ? Promise.resolve() : Promise.reject(new Error(changes.unprepared));
      },
      publish: (inputs) => {
        published.push(inputs);
        const name = /\/([a-z-]+):[0-9a-f]{16}$/.exec(String(inputs["imageName"]))?.[1] ?? "";
        if (name === changes.fails) return Promise.reject(new Error("the build failed: no space left"));
        put(target, "acme/millrace", [name]);
        return Promise.resolve();
      },
    });
  };
  const states = ({ images }: Pick<ImagesReport, "images">) =>
    Object.fromEntries(images.map(({ name, state }) => [name, state]));

  it("are published by their content tags: what is there is skipped, what the stack or a cache has is copied, the rest is built", async () => {
    const cache = await fake();
    const [first = "", second = "", third = "", ...rest] = wanted;
    put(target, "acme/millrace", [first]);
    put(own, "millrace", [second]);
    put(cache, "x", [third]);
    const outcome = await pushed({ caches: [`${cache.server}/x`] });
    expect(outcome).to.include({ ok: true, registry: `${target.server}/acme/millrace` });
    expect(states(outcome)).to.deep.equal({
      [first]: "there",
      [second]: "copied",
      [third]: "copied",
      ...Object.fromEntries(rest.map((name) => [name, "built"])),
    });
    expect(prepared).to.deep.equal(rest);
    expect(published).to.have.length(rest.length);
    for (const name of wanted) expect(target.digest(`acme/millrace/${name}`, imageTag(name)), name).to.be.a("string");
    expect(outcome.images[1]).to.deep.equal({
      name: second,
      reference: `${target.server}/acme/millrace/${second}:${imageTag(second)}`,
      state: "copied",
      from: `${own.server}/millrace`,
      error: null,
    });
    const again = await pushed();
    expect(new Set(again.images.map(({ state }) => state))).to.deep.equal(new Set(["there"]));
    expect([prepared, published]).to.deep.equal([[], []]);
  });

  it("are built as a deploy builds them", async () => {
    put(
      target,
      "acme/millrace",
      wanted.filter((name) => name !== "kafka"),
    );
    await pushed();
    const [inputs] = published as { imageName: string; build: Record<string, unknown> }[];
    expect(inputs?.imageName).to.equal(`${target.server}/acme/millrace/kafka:${imageTag("kafka")}`);
    expect(inputs?.build).to.include({ platform: "linux/amd64", network: "none" });
  });

  it("that fail are each named, and the others are published", async () => {
    const { ok, errors, ...outcome } = await pushed({ fails: "kafka" });
    expect(ok).to.equal(false);
    expect(errors).to.deep.equal([
      `${target.server}/acme/millrace/kafka:${imageTag("kafka")}: the build failed: no space left`,
    ]);
    expect(Object.values(states(outcome)).filter((state) => state === "built")).to.have.length(wanted.length - 1);
    expect(states(outcome)).to.include({ kafka: "failed" });
  });

  it("are left where they are once somebody stops it, also while they are prepared", async () => {
    const cache = await fake();
    const [first = "", second = "", ...rest] = wanted;
    put(cache, "x", [first]);
    const stop = new AbortController();
    const outcome = await pushImages({
      ...asked([`${cache.server}/x`]),
      push: `${target.server}/acme/millrace`,
      options: { login: () => Promise.resolve(ana) },
      signal: stop.signal,
      prepare: (_names, _report, signal) =>
        new Promise((_, reject) => {
          signal?.addEventListener("abort", () => {
            reject(new Error("stopped"));
          });
          stop.abort();
        }),
      publish: () => Promise.reject(new Error("published all the same")),
    });
    expect(states(outcome)).to.include({ [first]: "copied", [second]: "failed" });
    expect(outcome.images.filter(({ error }) => error === "interrupted")).to.have.length(1 + rest.length);
  });

  it("are refused before anything is prepared where the login may not push, or is wrong", async () => {
    for (const name of wanted) target.readOnly.add(`acme/millrace/${name}`);
    const failures: string[] = [];
    for (const login of [ana, { username: "bob", password: "b" }]) {
      await pushed({ login }).catch((error: unknown) => failures.push((error as Error).message));
    }
    expect(failures).to.have.length(2);
    expect(failures[0]).to.match(
      /^--push localhost:\d+\/acme\/millrace: .* refuses the login of "ana" \(403: denied\)/,
    );
    expect(failures[1]).to.match(/^--push localhost:\d+\/acme\/millrace: .* refuses the login of "bob" \(401/);
    expect([prepared, published]).to.deep.equal([[], []]);
  });

  it("are on embedded also that of the node, which a cache gives to others", async () => {
    const config = loadConfig({ "millrace:cluster": { embedded: { registryPort: Number(own.server.split(":")[1]) } } });
    put(target, "acme/millrace", imagesToBuild(wantedImages(config)));
    const made: string[] = [];
    const publishNode = (at: ImageName): Promise<void> => {
      made.push(imageNameText(at));
      return made.length === 1 ? Promise.resolve() : Promise.reject(new Error("no space left"));
    };
    const args = {
      ...asked(),
      stack: { config, profile: targetProfile(config.cluster) },
      push: `${target.server}/acme/millrace`,
      options: { login: () => Promise.resolve(ana) },
      publishNode,
    };
    const reference = `${target.server}/acme/millrace/node:${cacheKeys().image}`;
    const node = { name: "node", reference, from: null };
    expect((await pushImages(args)).images.at(-1)).to.deep.equal({ ...node, state: "built", error: null });
    expect(made).to.deep.equal([reference]);
    const failed = await pushImages(args);
    expect(failed.errors).to.deep.equal([`${reference}: no space left`]);
    target.put("acme/millrace/node", cacheKeys().image, ["node"]);
    expect((await pushImages(args)).images.at(-1)).to.deep.equal({ ...node, state: "there", error: null });
  });

  it("are listed with where they are, and nothing is changed", async () => {
    const cache = await fake();
    put(own, "millrace", ["kafka"]);
    put(cache, "x", ["spark"]);
    const outcome = await listImages(asked([`${cache.server}/x`]));
    expect(states(outcome)).to.include({ kafka: "there", spark: "cache", presto: "nowhere" });
    expect([...own.asked, ...cache.asked].filter((line) => !/^(GET|HEAD) /.test(line))).to.deep.equal([]);
    const text = renderImages({ ...outcome, stack: "dev", durationMs: 1 });
    expect(text).to.match(/^kafka +is there +localhost:\d+\/millrace\/kafka:[0-9a-f]{16}$/m);
    expect(text).to.match(/^spark +can be copied from localhost:\d+\/x +/m);
    expect(text).to.match(/^presto +is to be built +/m);
  });

  it("go to a registry that is named as one", () => {
    expect(pushProblem("registry.example.com/acme/millrace")).to.equal(undefined);
    expect(pushProblem("https://r.example/x")).to.equal(
      '--push "https://r.example/x": give a registry with its port and repository, in lower case, without protocol, ' +
        'tag or spaces, for example "registry.example.com/acme/millrace"',
    );
  });

  it("are refused with source upstream while digests are not known, whether listed or pushed, with the command", async () => {
    const lock = new UpstreamLock();
    try {
      const { stack, ...rest } = asked();
      const config = { ...stack.config, images: { ...stack.config.images, source: "upstream" as const } };
      const args = { ...rest, stack: { ...stack, config } };
      const words = /no digest of docker.io\/\S+, .*run npm run images -- --lock-upstream/;
      for (const doing of [listImages(args), pushImages({ ...args, push: `${target.server}/x` })]) {
        const error: unknown = await doing.catch((reason: unknown) => reason);
        expect(error).to.be.instanceOf(UserError);
        expect((error as Error).message).to.match(words);
      }
      expect(target.asked).to.deep.equal([]);
    } finally {
      lock.remove();
    }
  });

  it("that are official are listed with what the lock had of them before", () => {
    const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
    const at = (image: string, now: string | null, before: string | null) => ({
      image,
      digest: now,
      before,
      error: null,
    });
    const text = renderLock({
      ok: true,
      file: "images/upstream.lock",
      images: [
        at("docker.io/a:1", digest("a"), null),
        at("docker.io/b:1", digest("b"), digest("b")),
        at("docker.io/c:1", digest("c"), digest("d")),
        at("docker.io/d:1", null, digest("d")),
      ],
      errors: [],
    });
    expect(text).to.match(/^docker.io\/a:1 +new +sha256:a{64}$/m);
    expect(text).to.match(/^docker.io\/b:1 +as before +sha256:b{64}$/m);
    expect(text).to.match(/^docker.io\/c:1 +changed +sha256:c{64}$/m);
    expect(text).to.match(/^docker.io\/d:1 +not looked up +sha256:d{64}$/m);
    expect(text).to.match(/\nwritten to images\/upstream.lock; commit it$/);
    const same = [at("docker.io/b:1", digest("b"), digest("b")), at("docker.io/d:1", null, digest("d"))];
    const again = renderLock({ ok: true, file: "images/upstream.lock", images: same, errors: [] });
    expect(again).to.match(/\nimages\/upstream.lock is as it was$/);
  });
});
