import { join } from "node:path";
import { expect } from "chai";
import { ownFolder } from "../support/own-folder.ts";
import { type OwnImage, removeRegistry } from "../../cli/caches.ts";
import { StubEngine } from "../support/stub-engine.ts";

const node: OwnImage = { id: "sha256:1", bytes: 1, tags: ["millrace/node:0123456789abcdef"] };
const kafka: OwnImage = { id: "sha256:2", bytes: 1, tags: ["localhost:5000/millrace/kafka:0123456789abcdef"] };
const seen = "the same folder\nCapBnd:\t000001ffffffffff\n";

describe("the folder of the embedded cluster's registry", () => {
  const folder = ownFolder("MILLRACE_CACHE");
  const refused = (): never => {
    throw new Error("EACCES: permission denied");
  };
  const failure = async (work: Promise<void>): Promise<string> =>
    await work.then(
      () => "none",
      (error: unknown) => (error as Error).message,
    );

  it("goes without the engine where this user may remove it", async () => {
    const engine = new StubEngine(() => seen);
    const removed: string[] = [];
    await removeRegistry([node], engine, (path) => void removed.push(path));
    expect([removed, engine.made]).to.deep.equal([[join(folder(), "registry")], []]);
  });

  it("is emptied by a container of the node's image where its files are root's", async () => {
    const engine = new StubEngine(() => seen);
    await removeRegistry([kafka, node], engine, refused);
    const last = engine.made.at(-1);
    expect([last?.Image, last?.Entrypoint]).to.deep.equal([
      "sha256:1",
      ["find", "/registry", "-mindepth", "1", "-delete"],
    ]);
    const mounts = [{ Type: "bind", Source: join(folder(), "registry"), Target: "/registry" }];
    expect([last?.HostConfig?.Mounts, engine.removed]).to.deep.equal([mounts, 2]);
  });

  it("is left alone by an engine that has another folder of that name", async () => {
    const engine = new StubEngine(() => "CapBnd:\t000001ffffffffff\n");
    expect(await failure(removeRegistry([node], engine, refused))).to.equal(
      `${join(folder(), "registry")} could not be removed (EACCES: permission denied); remove it as root`,
    );
    expect(engine.made.map(({ Entrypoint }) => Entrypoint?.[0])).to.deep.equal(["sh"]);
  });

  it("is root's to remove where the node's image is gone", async () => {
    const engine = new StubEngine(() => seen);
    expect(await failure(removeRegistry([kafka], engine, refused))).to.contain("remove it as root");
    expect(engine.made).to.deep.equal([]);
  });
});
