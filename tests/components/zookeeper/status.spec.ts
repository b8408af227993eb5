import { expect } from "chai";
import { zookeeperStatus } from "../../../components/zookeeper/status.ts";

const seen = {
  server_state: "follower",
  znode_count: 12,
  approximate_data_size: 2049,
  num_alive_connections: 3,
  outstanding_requests: 0,
  avg_latency: 2.4,
  max_latency: 101,
};

describe("ZooKeeper in npm run status", () => {
  const asked: string[] = [];
  const ask =
    (answer: object) =>
    async <T>(method: string, service: string, path: string): Promise<T> => {
      asked.push(`${method} ${service}${path}`);
      return await Promise.resolve(answer as T);
    };

  it("is a line of a member that serves, asked from its admin server", async () => {
    const answer = await zookeeperStatus({ enabled: true, replicas: 3 }, { ask: ask(seen) });
    expect(asked).to.deep.equal(["GET zookeeper:8080/commands/monitor"]);
    expect(answer?.table?.rows).to.deep.equal([["3", "follower", "12", "3 KiB", "3", "0", "2 ms"]]);
    expect(answer?.faults).to.deep.equal([]);
    expect(answer?.json).to.include({ members: 3, nodes: 12, dataBytes: 2049, longestMs: 101 });
  });

  it("is a fault where many requests wait", async () => {
    const answer = await zookeeperStatus(
      { enabled: true, replicas: 1 },
      { ask: ask({ ...seen, outstanding_requests: 101 }) },
    );
    expect(answer?.faults).to.deep.equal([
      "zookeeper: 101 requests wait, and the longest answer since it started took 101 ms: its disk is slow, or its members are busy",
    ]);
  });

  it("is not asked for where it is off, and unknown where nobody answers, or only one without a quorum", async () => {
    const fails = (): Promise<never> => Promise.reject(new Error("HTTP 503"));
    expect(await zookeeperStatus({ enabled: false, replicas: 1 }, { ask: fails })).to.equal(undefined);
    const words = async (run: Promise<unknown>): Promise<string> =>
      await run.then(
        () => "",
        (error: unknown) => (error as Error).message,
      );
    expect(await words(zookeeperStatus({ enabled: true, replicas: 1 }, { ask: fails }))).to.equal(
      "no member of ZooKeeper that serves clients answers (HTTP 503), so nothing is known of it",
    );
    const idle = { error: "This ZooKeeper instance is not currently serving requests" };
    expect(await words(zookeeperStatus({ enabled: true, replicas: 3 }, { ask: ask(idle) }))).to.include("server_state");
  });
});
