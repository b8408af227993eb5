import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Deployment, type DeploymentParts } from "../../engine/deployment.ts";
import { Events } from "../../engine/events.ts";
import type { Goal } from "../../engine/goal.ts";
import { Ledger } from "../../engine/ledger.ts";
import { Limit } from "../../engine/limit.ts";
import type { Provider } from "../../engine/provider.ts";
import { Crypter } from "../../engine/secrets.ts";
import { type ResourceState, type Snapshot, StateWriter } from "../../engine/state.ts";
import { secret } from "../../engine/values.ts";

const urn = (name: string): string => `urn:pulumi:dev::parts::test:index:Thing::${name}`;
const resource = (name: string, more: Partial<ResourceState> = {}): ResourceState => ({
  urn: urn(name),
  custom: true,
  type: "test:index:Thing",
  id: name,
  inputs: { text: `line one\nline two of ${name}`, list: [], none: {}, nested: [{ a: 1 }] },
  ...more,
});

describe("The text of a checkpoint", () => {
  let folder: string;
  let crypter: Crypter;
  let snapshot: Snapshot;
  let writer: StateWriter;
  const file = (): string => join(folder, ".pulumi/stacks/parts/dev.json");
  const written = async (): Promise<string> => {
    await writer.save();
    return readFileSync(file(), "utf8");
  };
  const latest = (text: string) =>
    (JSON.parse(text) as { checkpoint: { latest: { resources: ResourceState[]; pending_operations?: unknown[] } } })
      .checkpoint.latest;

  before(async () => {
    crypter = await Crypter.create("correct horse");
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "state-"));
    snapshot = { resources: [], pending: [] };
    writer = new StateWriter(file(), "organization/parts/dev", crypter, () => snapshot);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("is the form of the official CLI, with and without resources and what is under way", async () => {
    const some = [resource("a", { inputs: { password: secret("hush, hush") } }), resource("b")];
    for (const resources of [[], some]) {
      for (const pending of [[], [{ resource: resource("c"), type: "creating" as const }]]) {
        snapshot = { resources, pending };
        const text = await written();
        expect(text).to.equal(JSON.stringify(JSON.parse(text), undefined, 4));
        expect(latest(text).resources.map((one) => one.urn)).to.deep.equal(resources.map((one) => one.urn));
        expect(latest(text).pending_operations).to.deep.equal(pending.length === 0 ? undefined : pending);
      }
    }
  });

  it("has every field of a resource as it is now, however often it was written before", async () => {
    const one = resource("a");
    snapshot = { resources: [one, resource("b")], pending: [] };
    const first = await written();
    expect(latest(await written()).resources).to.deep.equal(latest(first).resources);
    one.outputs = { made: "since" };
    one.delete = true;
    expect(latest(await written()).resources[0]).to.deep.include({ outputs: { made: "since" }, delete: true });
    delete one.delete;
    expect(latest(await written()).resources[0]).not.to.have.property("delete");
  });

  it("has a resource that is deleted in both of its places", async () => {
    const one = resource("a");
    snapshot = { resources: [one], pending: [{ resource: one, type: "deleting" }] };
    const text = await written();
    expect(text).to.equal(JSON.stringify(JSON.parse(text), undefined, 4));
    expect(latest(text).pending_operations).to.deep.equal([{ resource: one, type: "deleting" }]);
  });
});

describe("Checkpoints of a run", () => {
  const goal = (name: string, more: Partial<Goal> = {}): Goal => ({
    type: "test:index:Thing",
    name,
    parent: "",
    custom: true,
    inputs: {},
    provider: "urn:pulumi:dev::parts::pulumi:providers:test::default::id",
    version: "",
    dependencies: [],
    propertyDependencies: {},
    aliases: [],
    protect: false,
    retainOnDelete: undefined,
    deleteBeforeReplace: undefined,
    ignoreChanges: [],
    replaceOnChanges: [],
    additionalSecretOutputs: [],
    deletedWith: "",
    timeouts: {},
    ...more,
  });
  const run = (recorded: ResourceState[], provider: Partial<Provider>, saved: () => unknown) => {
    const ledger = new Ledger({ resources: recorded, pending: [] });
    const providers = {
      get: () => ({ diff: () => ({ paths: [], replaces: [], deleteBeforeReplace: false }), ...provider }),
      survey: () => Promise.resolve({ gone: new Set(), drifted: new Map(), failed: new Set() }),
    };
    const parts = {
      stack: "dev",
      project: "parts",
      preview: false,
      ledger,
      providers,
      events: new Events({}),
      policies: { analyze: () => Promise.resolve([]) },
      limit: new Limit(2),
      signal: new AbortController().signal,
      save: async () => {
        await saved();
      },
      stop: () => undefined,
    } as unknown as DeploymentParts;
    return { ledger, deployment: new Deployment(parts) };
  };

  it("are none for what stays as it was", async () => {
    let saves = 0;
    const group = { custom: false, inputs: { size: 1 }, provider: "" };
    const recorded = [resource("group", { custom: false, inputs: { size: 1 }, outputs: { n: 1 } }), resource("thing")];
    const { deployment, ledger } = run(recorded, {}, () => saves++);
    await deployment.register(goal("group", group));
    await deployment.registerOutputs(urn("group"), { n: 1 });
    await deployment.register(goal("thing", { inputs: recorded[1]?.inputs ?? {} }));
    expect(saves).to.equal(0);
    expect(ledger.left.size).to.equal(0);
    await deployment.registerOutputs(urn("group"), { n: 2 });
    expect(saves).to.equal(1);
  });

  it("name all that wait for their turn before the first of them is made", async () => {
    const seen: number[] = [];
    const { deployment, ledger } = run(
      [],
      {
        create: ({ name }) => {
          seen.push(ledger.snapshot().pending.length);
          return Promise.resolve({ id: name, outputs: {} });
        },
      },
      () => undefined,
    );
    const names = Array.from({ length: 10 }, (_, index) => `thing-${index}`);
    await Promise.all(names.map((name) => deployment.register(goal(name))));
    expect(seen[0]).to.equal(10);
    expect(ledger.snapshot()).to.deep.include({ pending: [] });
    expect(ledger.done.map(({ id }) => id).sort()).to.deep.equal(names);
  });

  it("hold up nobody who waits for a turn while they are written", async () => {
    let release = (): void => undefined;
    const disk = new Promise<void>((resolve) => (release = resolve));
    const made: string[] = [];
    const create: Provider["create"] = ({ name }) => {
      made.push(name);
      return Promise.resolve({ id: name, outputs: {} });
    };
    // What is announced is on the disk at once, what is made is not before all others are.
    const { deployment } = run([], { create }, () => (made.length === 0 ? undefined : disk));
    const all = Promise.all(["a", "b", "c", "d", "e"].map((name) => deployment.register(goal(name))));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(made).to.deep.equal(["a", "b", "c", "d", "e"]);
    release();
    await all;
  });
});
