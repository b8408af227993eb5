import { expect } from "chai";
import { registryFolder } from "../../cli/cluster.ts";
import { createProgress } from "../../cli/progress.ts";
import { readyImages } from "../../cli/ready-images.ts";
import { targetProfile } from "../../clusters/targets.ts";
import { wantedImages } from "../../config/images.ts";
import { loadConfig } from "../../config/index.ts";
import { imageTag, upstreamNames } from "../../images/index.ts";
import { inPlaceOf, isAsItIs, officialImages, upstreamOf } from "../../images/tags.ts";
import { upstreamPlace } from "../../images/upstream-lock.ts";
import { imagesToBuild } from "../../images/wanted.ts";
import { cacheDir } from "../../platform/images/cache.ts";
import { FakeRegistry } from "../support/fake-registry.ts";
import { UpstreamLock } from "../support/upstream-lock.ts";

describe("the folder of the embedded cluster's registry", () => {
  it("is this machine's only where its Docker engine is, and no other target has one", () => {
    expect(registryFolder({ target: "embedded" }, "")).to.equal(cacheDir("registry"));
    expect(registryFolder({ target: "embedded" }, "unix:///run/user/1000/docker.sock")).to.equal(cacheDir("registry"));
    expect(registryFolder({ target: "embedded" }, "ssh://build.example")).to.equal(undefined);
    expect(registryFolder({ target: "minikube" }, "")).to.equal(undefined);
  });
});

describe("the images of a deploy", () => {
  let own: FakeRegistry;
  let cache: FakeRegistry;
  beforeEach(async () => {
    [own, cache] = [await FakeRegistry.start(), await FakeRegistry.start()];
  });
  afterEach(async () => {
    await Promise.all([own.stop(), cache.stop()]);
  });

  /** What is prepared, and what the user sees. */
  const ready = async (
    engine: "local" | "pulumi" = "local",
    registryRuns = Promise.resolve(true),
    images: Readonly<Record<string, unknown>> = {},
    mismatch = (): Promise<string | undefined> => Promise.resolve(undefined),
  ) => {
    const config = loadConfig({
      "millrace:cluster": { target: "minikube", registry: { push: own.server } },
      "millrace:images": { caches: [`${cache.server}/acme`], ...images },
    });
    const prepared: string[] = [];
    const places: unknown[] = [];
    let shown = "";
    await readyImages({
      stack: { config, profile: targetProfile(config.cluster) },
      engine: { name: engine },
      progress: createProgress({ sink: { write: (text) => (shown += text) }, live: false }),
      signal: new AbortController().signal,
      registryRuns,
      mismatch,
      prepare: (names, _report, _signal, upstream) => {
        prepared.push(...names);
        places.push(upstream);
        return Promise.resolve();
      },
    });
    return { prepared, shown, places };
  };
  const wanted = imagesToBuild(wantedImages(loadConfig({ "millrace:cluster": { target: "minikube" } })));
  const put = (registry: FakeRegistry, repository: string, names: readonly string[]): void => {
    for (const name of names) registry.put(`${repository}/${name}`, imageTag(name), ["base", name]);
  };

  it("are not prepared where the stack's registry has them all, so a colleague's up builds nothing", async () => {
    put(own, "millrace", wanted);
    const { prepared, shown } = await ready();
    expect(prepared).to.deep.equal([]);
    expect(shown)
      .to.match(/✓ images \([\d.]+ \w+\): \d+ in localhost:\d+\n/)
      .and.to.contain(`${wanted.length} in ${own.server}`);
    expect(cache.asked).to.deep.equal([]);
  });

  it("are copied where a cache has them and prepared where nobody has, and the user sees which is where", async () => {
    const others = wanted.filter((name) => name !== "kafka" && name !== "spark");
    put(own, "millrace", others);
    put(cache, "acme", ["kafka"]);
    const { prepared, shown } = await ready();
    expect(prepared).to.deep.equal(["spark"]);
    expect(own.digest("millrace/kafka", imageTag("kafka"))).to.equal(cache.digest("acme/kafka", imageTag("kafka")));
    expect(shown).to.match(/images \([\d.]+ \w+\): \d+ in localhost:\d+; 1 in localhost:\d+\/acme; to build: spark\n/);
    expect(shown).to.match(/image kafka \([\d.]+ \w+\): copied from localhost:\d+\/acme/);
  });

  it("are built where the copy fails, and the user sees why", async () => {
    put(
      own,
      "millrace",
      wanted.filter((name) => name !== "kafka"),
    );
    put(cache, "acme", ["kafka"]);
    cache.broken.add("acme/kafka");
    const { prepared, shown } = await ready();
    expect(prepared).to.deep.equal(["kafka"]);
    expect(shown).to.match(/cache localhost:\d+\/acme: kafka can't be copied \(.*broke off a layer.*\); it is built/);
    expect(own.digest("millrace/kafka", imageTag("kafka"))).to.equal(undefined);
  });

  describe("by their source", () => {
    let lock: UpstreamLock;
    let hub: FakeRegistry;
    const running = Promise.resolve(true);
    const official = { source: "upstream", mirror: "" };
    const inPlace = upstreamNames.filter((name) => wanted.includes(name.replace(/-upstream$/, "")));
    beforeEach(async () => {
      [lock, hub] = [new UpstreamLock(), await FakeRegistry.start()];
      official.mirror = `${hub.server}/hub`;
    });
    afterEach(async () => {
      lock.remove();
      await hub.stop();
    });
    /** Puts all official images into the hub and locks them. */
    const lockAll = (): void => {
      const digests = officialImages.map((image) => {
        const { repository, tag } = upstreamPlace(image, official.mirror);
        return [image, hub.put(repository, tag, [image])];
      });
      lock.write(Object.fromEntries(digests) as Record<string, string>);
    };

    it("are the same with source auto whether official ones can be had or not", async () => {
      const without = (await ready("local", running, { mirror: official.mirror })).prepared;
      lockAll();
      expect((await ready("local", running, { mirror: official.mirror })).prepared).to.deep.equal(without);
      expect(without).to.deep.equal(wanted);
      expect(hub.asked).to.deep.equal([]);
    });

    it("come from no cache with source packages", async () => {
      put(cache, "acme", ["kafka"]);
      expect((await ready("local", running, { source: "packages" })).prepared).to.deep.equal(wanted);
      expect(cache.asked).to.deep.equal([]);
    });

    it("are copied from their own registry with source upstream where they run as they are, else built on it, and the rest is built from packages", async () => {
      lockAll();
      const { prepared, shown, places } = await ready("local", running, official);
      const layered = inPlace.filter((name) => !isAsItIs(name));
      const packages = wanted.filter((name) => inPlaceOf(name) === undefined);
      expect(inPlace).to.include.members(["kafka-upstream", "presto-upstream"]);
      expect(prepared).to.have.members([...layered, ...packages]);
      expect(places).to.deep.equal([{ mirror: official.mirror, platform: "linux/amd64" }]);
      for (const name of inPlace.filter(isAsItIs)) {
        const { repository } = upstreamPlace(upstreamOf(name) ?? "", official.mirror);
        expect(own.digest(`millrace/${name}`, imageTag(name)), name).to.equal(
          hub.digest(repository, (upstreamOf(name) ?? "").replace(/.*:/, "")),
        );
      }
      expect(shown).to.match(/image kafka-upstream \([\d.]+ \w+\): copied from localhost:\d+\/hub\/apache\/kafka/);
    });

    it("are all prepared with source upstream for the official engine", async () => {
      lockAll();
      const { prepared } = await ready("pulumi", running, official);
      expect(prepared).to.have.members(wanted.map((name) => inPlaceOf(name) ?? name));
    });

    it("are made by the Docker engine with source upstream where their registry refuses this machine", async () => {
      lockAll();
      await hub.stop();
      const { prepared, shown } = await ready("local", running, official);
      expect(prepared).to.include("kafka-upstream");
      expect(shown).to.match(
        /localhost:\d+\/hub\/apache\/kafka: localhost:\d+ can't be reached .*; what it may have is built/,
      );
    });
  });

  it("are not built for a registry that takes none from this machine", async () => {
    own.readOnly.add(`millrace/${wanted[0] ?? ""}`);
    const said = await ready().then(
      () => "nothing failed",
      (error: unknown) => (error as Error).message,
    );
    expect(said).to.match(/^registry localhost:\d+: localhost:\d+ wants a login \(403: denied\)/);
  });

  it("are not built by an engine of another architecture, and copied all the same", async () => {
    const wrong = () => Promise.resolve("the Docker engine builds for arm64");
    put(own, "millrace", wanted);
    expect((await ready("local", undefined, {}, wrong)).prepared).to.deep.equal([]);
    await own.stop();
    own = await FakeRegistry.start();
    const others = wanted.filter((name) => name !== "kafka");
    put(own, "millrace", others);
    const said = await ready("local", undefined, {}, wrong).catch((error: unknown) => (error as Error).message);
    expect(said).to.equal(
      "images kafka: the Docker engine builds for arm64, or name a cache that has them (millrace:images.caches)",
    );
  });

  it("are not copied where the cluster with their registry did not come up, whose failure is told elsewhere", async () => {
    put(
      own,
      "millrace",
      wanted.filter((name) => name !== "kafka"),
    );
    put(cache, "acme", ["kafka"]);
    expect((await ready("local", Promise.resolve(false))).prepared).to.deep.equal([]);
    expect(own.uploads).to.equal(0);
  });

  it("are all prepared for the official engine, whose provider reads every build context", async () => {
    put(own, "millrace", wanted);
    expect((await ready("pulumi")).prepared).to.deep.equal(wanted);
  });
});
