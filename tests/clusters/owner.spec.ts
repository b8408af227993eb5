import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { destroy, type EmbeddedOptions, holdings, start } from "../../clusters/embedded/cluster.ts";
import { foreignPiece, type Owner, ownerLabels, ownerWords, type Piece } from "../../clusters/embedded/owner.ts";
import { type FakeEngine, withEngine } from "./fake-engine.ts";

/** No process and no mount of this machine bears it. */
const ID = "0123456789abcdef".repeat(4);
const MADE = { "dev.millrace.cluster": "embedded" };
const ana: Owner = { id: "aaaaaaaaaaaaaaaa", folder: "/home/ana/millrace", stack: "dev", hasState: true };
const ben: Owner = { id: undefined, folder: "/home/ben/millrace", stack: "dev", hasState: false };
const labelsOf = (owner: Owner): Record<string, string> => ({ ...MADE, ...ownerLabels(owner) });

describe("whose an embedded cluster is", () => {
  const container = (labels: Record<string, string>, id = "c1"): Piece => ({
    kind: "container",
    name: "millrace",
    labels,
    id,
  });
  const volume = (labels: Record<string, string>): Piece => ({ kind: "volume", name: "millrace-var", labels });
  const anas = [container(labelsOf(ana)), volume(labelsOf(ana))];

  const cases: readonly (readonly [string, readonly Piece[], Owner, string | undefined, string | undefined])[] = [
    ["nobody's when nothing is there", [], ben, undefined, undefined],
    ["the stack's own by its id", anas, ana, undefined, undefined],
    ["the stack's own when its folder was moved", anas, { ...ana, folder: "/srv/millrace" }, undefined, undefined],
    ["another's for a clone without an id", anas, ben, undefined, "another"],
    [
      "another's for a clone with an id of its own",
      anas,
      { ...ben, id: "bbbbbbbbbbbbbbbb", hasState: true },
      undefined,
      "another",
    ],
    [
      "another's for another stack of the clone",
      anas,
      { ...ana, id: "cccccccccccccccc", stack: "test" },
      undefined,
      "another",
    ],
    [
      "of a state that is gone, when folder and stack are the same",
      anas,
      { ...ana, id: undefined, hasState: false },
      undefined,
      "lost",
    ],
    [
      "of a state that is gone, when only the volume was kept",
      [volume(labelsOf(ana))],
      { ...ana, id: "d".repeat(16) },
      undefined,
      "lost",
    ],
    [
      "the clone's whose container-id names an older container",
      [container(MADE), volume(MADE)],
      { ...ana, id: undefined },
      "c1",
      undefined,
    ],
    [
      "not known of an older container that the clone did not start",
      [container(MADE), volume(MADE)],
      ben,
      undefined,
      "unknown",
    ],
    [
      "not known of it either where the clone has a state",
      [container(MADE)],
      { ...ben, hasState: true },
      "c0",
      "unknown",
    ],
    [
      "the clone's where it has kept an older volume with its state",
      [volume(MADE)],
      { ...ana, id: undefined },
      undefined,
      undefined,
    ],
    ["not known of an older volume where there is no state", [volume(MADE)], ben, undefined, "unknown"],
    [
      "the clone's when its container is made anew on an older volume",
      [container(labelsOf(ana)), volume(MADE)],
      ana,
      undefined,
      undefined,
    ],
    ["a stranger's without any label of Millrace", [container({})], ana, undefined, "stranger"],
  ];
  for (const [title, pieces, owner, remembered, why] of cases) {
    it(`is ${title}`, () => {
      expect(foreignPiece(pieces, owner, remembered)?.why).to.equal(why);
    });
  }
});

describe("the folder of another clone", () => {
  const piece = (folder: string): Piece => ({
    kind: "container",
    name: "millrace",
    labels: labelsOf({ ...ana, folder }),
  });

  it("is not said to be gone where this user only can't see it, so that nobody takes a living cluster over", () => {
    expect(ownerWords(piece("/nowhere/millrace"))).to.equal(
      "stack dev of /nowhere/millrace (a folder that this user can't see)",
    );
    expect(ownerWords(piece(tmpdir()))).to.equal(`stack dev of ${tmpdir()}`);
  });
});

describe("an embedded cluster of another clone", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "millrace-owner-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const options = (owner: Owner): EmbeddedOptions => ({ owner, stateDir: folder });
  const makeAnas = (engine: FakeEngine): void => {
    const labels = labelsOf(ana);
    engine.containers.set("millrace", { id: ID, labels, running: true });
    engine.volumes.set("millrace-var", labels);
    engine.networks.set("millrace", labels);
  };
  const failure = async (work: Promise<unknown>): Promise<string> =>
    await work.then(
      () => "no error",
      (error: unknown) => (error as Error).message,
    );

  it("is not removed by down: nothing changes, and the message says whose it is and the ways out", async () => {
    await withEngine(async (engine) => {
      makeAnas(engine);
      const message = await failure(destroy(options(ben)));
      expect(engine.changes).to.deep.equal([]);
      expect(message)
        .to.contain("belongs to stack dev of /home/ana/millrace")
        .and.contain("since 2026-11-27 07:40 UTC");
      expect(message).to.contain("--name").and.contain("--take-over");
    });
  });

  it("is not used by up, and gets no kubeconfig into the other clone", async () => {
    await withEngine(async (engine) => {
      makeAnas(engine);
      const message = await failure(start(options({ ...ben, id: "bbbbbbbbbbbbbbbb" })));
      expect(message).to.contain("belongs to stack dev of /home/ana/millrace");
      expect(engine.changes).to.deep.equal([]);
      expect(existsSync(join(folder, "kubeconfig"))).to.equal(false);
    });
  });

  it("is removed with --take-over", async () => {
    await withEngine(async (engine) => {
      makeAnas(engine);
      const left = await destroy({ ...options(ben), takeOver: true });
      expect([left.containers, left.volumes, left.networks]).to.deep.equal([[], [], []]);
      expect(engine.changes).to.deep.equal([
        "DELETE /containers/millrace",
        "DELETE /volumes/millrace-var",
        "DELETE /networks/millrace",
      ]);
    });
  });

  it("stands beside one of another name, of which alone a down takes anything", async () => {
    await withEngine(async (engine) => {
      makeAnas(engine);
      const bens = { ...ben, id: "bbbbbbbbbbbbbbbb" };
      engine.containers.set("second", { id: ID, labels: labelsOf(bens), running: true });
      engine.volumes.set("second-var", labelsOf(bens));
      engine.networks.set("second", labelsOf(bens));
      await destroy({ ...options(bens), name: "second" });
      expect(engine.changes).to.deep.equal([
        "DELETE /containers/second",
        "DELETE /volumes/second-var",
        "DELETE /networks/second",
      ]);
    });
  });

  it("of a state that is gone is told from another clone's, with the way back", async () => {
    await withEngine(async (engine) => {
      engine.volumes.set("millrace-var", labelsOf(ana));
      const { message } = await holdings(options({ ...ana, id: "d".repeat(16), hasState: false }));
      expect(message).to.contain("a state that is gone").and.contain("restore .pulumi and .millrace of this folder");
    });
  });

  it("of an older Millrace is removed by the clone that started it", async () => {
    await withEngine(async (engine) => {
      engine.containers.set("millrace", { id: ID, labels: MADE, running: true });
      engine.volumes.set("millrace-var", MADE);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "container-id"), ID);
      await destroy(options({ ...ana, id: undefined }));
      expect(engine.changes).to.include("DELETE /volumes/millrace-var");
    });
  });
});

describe("what Millrace did not make", () => {
  it("stays when a down removes the cluster", async () => {
    await withEngine(async (engine) => {
      engine.networks.set("millrace", {});
      const left = await destroy({ owner: ana, stateDir: join(tmpdir(), "millrace-none") });
      expect(engine.changes).to.deep.equal([]);
      expect(left.networks, "left behind").to.deep.equal([]);
    });
  });

  it("is named by up, with a name beside it as the way out", async () => {
    await withEngine(async (engine) => {
      engine.containers.set("millrace", { id: "x", labels: {}, running: false });
      const asked = start({ owner: ana, stateDir: join(tmpdir(), "millrace-none") });
      const message = await asked.then(
        () => "no error",
        (error: unknown) => (error as Error).message,
      );
      expect(message).to.match(/container "millrace" exists that Millrace did not create.*--name/);
      expect(engine.changes).to.deep.equal([]);
    });
  });
});
