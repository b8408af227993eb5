import { expect } from "chai";
import { setUp } from "../../../../components/zookeeper/programs/set-up.ts";
import { isConnectionRefused } from "../../../../platform/hops/errors.ts";
import {
  LoginRefusedError,
  ZooKeeperError,
  ZooKeeperSession,
} from "../../../../components/zookeeper/programs/zookeeper-client.ts";
import { type FakeZooKeeper, fakeZooKeeper, type Node } from "../../../support/fake-zookeeper.ts";

describe("a session with ZooKeeper", () => {
  const accounts = { super: "s3cret", proof: "pr00f", nifi: "n1fi" };
  let nodes: Map<string, Node>;
  let member: FakeZooKeeper;
  const open = (user: keyof typeof accounts, password = accounts[user]) =>
    ZooKeeperSession.open({ server: member.server, login: { user, password }, timeoutMs: 2000 });
  const caught = async (work: Promise<unknown>): Promise<unknown> =>
    await work.then(
      () => undefined,
      (error: unknown) => error,
    );

  beforeEach(async () => {
    nodes = new Map([["/", { data: "", acl: ["world:anyone"] }]]);
    member = await fakeZooKeeper(nodes, accounts);
  });
  afterEach(() => member.close());

  it("writes, reads, lists and deletes what its account may", async () => {
    nodes.set("/proof", { data: "", acl: ["sasl:proof"] });
    const session = await open("proof");
    await session.create("/proof/a", Buffer.from("é"), [{ rights: "crdwa", scheme: "sasl", id: "proof" }]);
    expect((await session.get("/proof/a")).toString()).to.equal("é");
    await session.set("/proof/a", Buffer.from("two"));
    await session.sync("/proof/a");
    expect((await session.get("/proof/a")).toString()).to.equal("two");
    expect(await session.children("/proof")).to.deep.equal(["a"]);
    await session.delete("/proof/a");
    expect(await session.children("/proof")).to.deep.equal([]);
    await session.close();
  });

  it("says what ZooKeeper refuses, and why", async () => {
    nodes.set("/nifi", { data: "x", acl: ["sasl:nifi"] });
    const session = await open("proof");
    const refused = (await caught(session.get("/nifi"))) as ZooKeeperError;
    expect(refused).to.be.instanceOf(ZooKeeperError);
    expect(refused.message).to.equal("read /nifi: ZooKeeper answers NoAuth");
    expect(((await caught(session.get("/none"))) as ZooKeeperError).code).to.equal("NoNode");
    await session.close();
  });

  it("is not opened with a wrong password", async () => {
    const error = await caught(open("proof", "wrong"));
    expect(error).to.be.instanceOf(LoginRefusedError);
    expect((error as Error).message).to.equal(`ZooKeeper at ${member.server} refuses the login of "proof"`);
  });

  it("is not waited for longer than it may take", async () => {
    const silent = await fakeZooKeeper(nodes, accounts, { isSilent: true });
    const login = { user: "proof", password: accounts.proof };
    const error = await caught(ZooKeeperSession.open({ server: silent.server, login, timeoutMs: 50 }));
    expect((error as Error).message).to.equal(`a session: no answer of ZooKeeper at ${silent.server} within 0.05 s`);
    await silent.close();
  });

  it("ends each question that is open when the connection ends", async () => {
    const session = await open("super");
    const asked = caught(session.get("/"));
    await member.close();
    expect(String(await asked)).to.match(/closed the connection|ECONNRESET|undefined/);
    expect(String(await caught(session.get("/")))).to.match(/closed the connection|ECONNRESET/);
  });

  describe("of the setup", () => {
    const run = (consumers: string[], log: string[] = []) =>
      setUp({
        servers: ["127.0.0.1:1", member.server],
        login: { user: "super", password: accounts.super },
        consumers,
        timeoutMs: 5000,
        log: (line) => log.push(line),
      });

    it("gives each consumer its node, and keeps all others from making one, also when it runs again", async () => {
      const log: string[] = [];
      // As ZooKeeper leaves it, where all may make nodes.
      nodes.get("/")!.acl = ["sasl:proof"];
      await run(["proof"], log);
      expect(log.at(-1)).to.equal("/proof is made");
      nodes.set("/proof/kept", { data: "kept", acl: ["sasl:proof"] });
      nodes.get("/proof")!.acl = ["world:anyone"];
      await run(["proof", "nifi"], log);
      expect(log.at(-1)).to.equal("/nifi is made");
      expect(Object.fromEntries([...nodes].map(([path, { acl }]) => [path, acl]))).to.deep.equal({
        "/": ["world:anyone"],
        "/proof": ["sasl:proof"],
        "/proof/kept": ["sasl:proof"],
        "/nifi": ["sasl:nifi"],
      });
      const session = await open("proof");
      const other = caught(session.create("/mine", Buffer.alloc(0), [{ rights: "r", scheme: "world", id: "anyone" }]));
      expect(((await other) as ZooKeeperError).code).to.equal("NoAuth");
      await session.close();
    });

    it("makes nodes below that of an account in somebody else's ensemble, and says what is missing there", async () => {
      const log: string[] = [];
      const below = (root: string): Promise<void> =>
        setUp({
          servers: [member.server],
          login: { user: "proof", password: accounts.proof },
          root,
          consumers: ["proof"],
          timeoutMs: 5000,
          log: (line) => log.push(line),
        });
      nodes.get("/")!.acl = ["world:anyone"];
      nodes.set("/team", { data: "", acl: ["sasl:proof"] });
      await below("/team");
      await below("/team");
      expect(log).to.deep.equal(["/team/proof is made"]);
      expect(nodes.get("/team/proof")?.acl).to.deep.equal(["sasl:proof"]);
      expect(nodes.get("/")?.acl).to.deep.equal(["world:anyone"]);
      expect(String(await caught(below("/missing")))).to.equal(
        "Error: ZooKeeper has no node /missing; make it, with all rights for sasl:proof:cdrwa",
      );
      nodes.set("/theirs", { data: "", acl: ["sasl:nifi"] });
      expect(String(await caught(below("/theirs")))).to.equal(
        "Error: account proof may make nothing below /theirs; its owner gives it the rights cdrwa beside those that are there (getAcl, setAcl)",
      );
      // The node is there, and is another's.
      nodes.get("/team/proof")!.acl = ["sasl:nifi"];
      expect(String(await caught(below("/team")))).to.contain("account proof may make nothing below /team/proof; ");
    });

    it("ends with the words of the member that it could not reach", async () => {
      await member.close();
      const error = await caught(
        setUp({
          servers: [member.server],
          login: { user: "super", password: "s" },
          consumers: [],
          timeoutMs: 0,
          log: () => undefined,
        }),
      );
      expect(String(error)).to.include(`ZooKeeper at ${member.server}: connect ECONNREFUSED`);
      expect(isConnectionRefused(error)).to.equal(true);
    });
  });
});
