import { Readable } from "node:stream";
import { expect } from "chai";
import Docker from "dockerode";
import {
  nodeImageBelow,
  type NodeImageStore,
  pushNodeImage,
  takeNodeImage,
} from "../../clusters/embedded/node-image-cache.ts";
import { FakeRegistry } from "../support/fake-registry.ts";

const image = "millrace/node:1234567890abcdef";

describe("the node image in registries", () => {
  const started: FakeRegistry[] = [];
  const fake = async (...architectures: string[]): Promise<FakeRegistry> => {
    const registry = await FakeRegistry.start();
    started.push(registry);
    for (const one of architectures) registry.put("acme/node", "1234567890abcdef", [one], one);
    return registry;
  };
  afterEach(async () => {
    await Promise.all(started.splice(0).map((registry) => registry.stop()));
  });

  /** A Docker engine that writes down what it is asked. */
  const engine = (error?: string) => {
    const asked: string[] = [];
    const said = () => Readable.from([`${JSON.stringify(error === undefined ? { status: "ok" } : { error })}\n`]);
    const store = {
      modem: new Docker().modem,
      pull: (name: string) => {
        asked.push(`pull ${name}`);
        return Promise.resolve(said());
      },
      getImage: (name: string) => ({
        tag: ({ repo, tag }: { repo: string; tag: string }) => {
          asked.push(`tag ${name} ${repo}:${tag}`);
          return Promise.resolve();
        },
        push: () => {
          asked.push(`push ${name}`);
          return Promise.resolve(said());
        },
        remove: () => {
          asked.push(`untag ${name}`);
          return Promise.resolve();
        },
      }),
    } as unknown as NodeImageStore;
    return { store, asked };
  };
  const told: string[] = [];
  const take = async (store: NodeImageStore, registries: readonly FakeRegistry[]): Promise<boolean> => {
    told.length = 0;
    const caches = registries.map(({ server }) => `${server}/acme`);
    return await takeNodeImage(store, image, caches, (_step, detail) => told.push(detail));
  };

  it("is pulled from the first cache that has it, and gets its own name", async () => {
    const caches = [await fake(), await fake("amd64"), await fake("amd64")];
    const { store, asked } = engine();
    expect(await take(store, caches)).to.equal(true);
    const name = `${caches[1]?.server ?? ""}/acme/node:1234567890abcdef`;
    expect(asked).to.deep.equal([`pull ${name}`, `tag ${name} ${image}`, `untag ${name}`]);
    expect(caches[2]?.asked).to.deep.equal([]);
  });

  it("is built where no cache has it, can be reached, has it for this platform, or lets the engine pull", async () => {
    const [gone, arm] = [await fake(), await fake("arm64")];
    await gone.stop();
    const { store, asked } = engine("disk full");
    expect(await take(store, [gone, arm, await fake()])).to.equal(false);
    expect(asked).to.deep.equal([]);
    expect(told[0]).to.match(/^cache localhost:\d+\/acme: .*can't be reached/);
    expect(told[1]).to.contain("it is for linux/arm64, not for linux/amd64");
    expect(await take(store, [await fake("amd64")])).to.equal(false);
    expect(told.at(-1)).to.match(/^cache localhost:\d+\/acme: disk full/);
  });

  it("is pushed under a name that the engine does not keep, also when the push fails", async () => {
    const at = nodeImageBelow("r.example/acme", image);
    const name = "r.example/acme/node:1234567890abcdef";
    const steps = [`tag ${image} ${name}`, `push ${name}`, `untag ${name}`];
    const good = engine();
    await pushNodeImage(good.store, image, at);
    expect(good.asked).to.deep.equal(steps);
    const bad = engine("denied");
    const said = await pushNodeImage(bad.store, image, at).catch((error: unknown) => (error as Error).message);
    expect([said, bad.asked]).to.deep.equal(["denied", steps]);
  });
});
