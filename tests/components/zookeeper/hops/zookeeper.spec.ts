import { expect } from "chai";
import { zookeeperHop } from "../../../../components/zookeeper/hops/zookeeper.ts";
import type { CleanupStep } from "../../../../platform/hops/hop.ts";
import { type FakeZooKeeper, fakeZooKeeper, type Node } from "../../../support/fake-zookeeper.ts";

const accounts = { proof: "pr00f" };
const login = { user: "proof", password: accounts.proof };
const run = "proof-1795915705984-a100cda2";
const old = "proof-1600000000000-00000000";

describe("hop zookeeper", () => {
  let nodes: Map<string, Node>;
  let members: FakeZooKeeper[];
  let steps: CleanupStep[];
  const start = async (...changes: ((data: string) => string)[]): Promise<string[]> => {
    members = await Promise.all(changes.map((change) => fakeZooKeeper(nodes, accounts, { change })));
    return members.map(({ server }) => server);
  };
  const asIs = (data: string): string => data;
  const ask = (servers: readonly string[], password = login.password, ms = 5000) =>
    zookeeperHop({ servers, path: "/proof", login: { ...login, password }, run, pauseMs: 10 }).run({
      signal: AbortSignal.timeout(ms),
      needed: Promise.resolve(),
      onCleanup: (...given) => void steps.push(...given),
      onProgress: () => undefined,
    });
  const failure = async (work: Promise<unknown>): Promise<string> =>
    await work.then(
      () => "none",
      (error: unknown) => (error as Error).message,
    );

  beforeEach(() => {
    nodes = new Map([["/proof", { data: "", acl: ["sasl:proof"] }]]);
    [members, steps] = [[], []];
  });
  afterEach(async () => {
    await Promise.all(members.map((member) => member.close()));
  });

  it("writes through each member and reads through the next, and removes its nodes and those of old runs", async () => {
    const servers = await start(asIs, asIs, asIs);
    expect(await ask(servers)).to.deep.equal({
      count: 3,
      distinct: 3,
      checksum: "6",
      message: "3 nodes, each written through one member and read through another one",
    });
    expect(members.map(({ asked }) => asked)).to.deep.equal([
      [`create /proof/${run}-1`, `sync /proof/${run}-3`],
      [`sync /proof/${run}-1`, `create /proof/${run}-2`],
      [`sync /proof/${run}-2`, `create /proof/${run}-3`],
    ]);
    nodes.set(`/proof/${old}-1`, { data: "", acl: [] });
    nodes.set("/proof/somebody's", { data: "", acl: [] });
    for (const step of steps) await step.run(AbortSignal.timeout(1000));
    expect([...nodes.keys()]).to.deep.equal(["/proof", "/proof/somebody's"]);
  });

  it("cleans up beside another proof that removes the same leftover", async () => {
    await ask(await start(asIs));
    nodes.set(`/proof/${old}-1`, { data: "", acl: [] });
    await Promise.all([...steps, ...steps].map((step) => step.run(AbortSignal.timeout(1000))));
    expect([...nodes.keys()]).to.deep.equal(["/proof"]);
  });

  it("reads anew what a single member has", async () => {
    const figures = await ask(await start(asIs));
    expect(figures.message).to.equal("1 node, written and read anew");
  });

  it("is missing when a member has something else", async () => {
    const servers = await start(asIs, () => "older");
    expect(await failure(ask(servers))).to.equal(
      `/proof/${run}-1 has "older" through ${servers[1]}, "${run}, written through ${servers[0]}" was written through ${servers[0]}`,
    );
  });

  it("is missing at once when the login is refused", async () => {
    const servers = await start(asIs);
    expect(await failure(ask(servers, "wrong"))).to.equal(`ZooKeeper at ${servers[0]} refuses the login of "proof"`);
  });

  it("takes a node of a look before for its own", async () => {
    nodes.set(`/proof/${run}-1`, { data: "half", acl: ["sasl:proof"] });
    expect((await ask(await start(asIs))).count).to.equal(1);
  });

  it("says which member can't be reached", async () => {
    expect(await failure(ask(["127.0.0.1:1"], login.password, 200))).to.include(
      "ZooKeeper at 127.0.0.1:1: connect ECONNREFUSED",
    );
  });
});
