import { expect } from "chai";
import { loadConfig } from "../../config/index.ts";
import { shrinking } from "../../config/other-members.ts";
import type { LivePlatform } from "../../config/live-platform.ts";
import { transitionProblems } from "../../config/transitions.ts";

const GIB = 2 ** 30;

/** A platform that has so many members of each service, each with a claim of 5Gi. */
function live(members: Readonly<Record<string, number>>): LivePlatform {
  const services = Object.entries(members);
  return {
    sets: services.map(([service, replicas]) => ({ namespace: "millrace", service, replicas, hasClaims: true })),
    claims: services.flatMap(([service, replicas]) =>
      Array.from({ length: replicas }, (_, ordinal) => ({
        namespace: "millrace",
        name: `data-${service}-${ordinal}`,
        service,
        ordinal,
        sizeBytes: 5 * GIB,
      })),
    ),
  };
}

const problems = (platform: LivePlatform, services: object): string[] =>
  transitionProblems({
    live: platform,
    config: loadConfig({ "millrace:profile": "pipeline", "millrace:services": services }),
    storageClass: "default",
  });

describe("fewer members than hold data", () => {
  it("are refused for Kafka, with the way", () => {
    const words =
      "millrace:services.kafka.replicas: received 1, but 3 brokers have the cluster's records and vote on its topics: " +
      "without 2 of them copies go, and too few voters may be left for any change; put 3 back; for fewer, bring the " +
      "platform up as another stack with 1, copy the topics that you need, and take this one down " +
      '(docs/kafka.md, "Fewer brokers")';
    expect(problems(live({ kafka: 3 }), { kafka: { replicas: 1 } })).to.deep.equal([words]);
  });

  it("and more of them are refused for ZooKeeper, with the way, but not where there are none yet", () => {
    const words = (there: number, wanted: number, has: string, claims: string): string =>
      `millrace:services.zookeeper.replicas: received ${wanted}, but ${there} ${has} data, and the number can't change while there are any; ` +
      `put ${there} back, or begin with an empty tree: set millrace:services.zookeeper.enabled to false, npm run up, kubectl -n millrace ` +
      `delete pvc ${claims}, and give ${wanted} (docs/zookeeper.md, "Members")`;
    const zookeeper = (replicas: number) => ({
      zookeeper: { enabled: true, replicas, storage: { kind: "persistent", size: "5Gi" } },
    });
    expect(problems(live({ zookeeper: 1 }), zookeeper(3))).to.deep.equal([
      words(1, 3, "member has", "data-zookeeper-0"),
    ]);
    expect(problems(live({ zookeeper: 3 }), zookeeper(1))).to.deep.equal([
      words(3, 1, "members have", "data-zookeeper-0 data-zookeeper-1 data-zookeeper-2"),
    ]);
    expect(problems(live({ zookeeper: 3 }), zookeeper(3))).to.deep.equal([]);
    expect(problems(live({}), zookeeper(3))).to.deep.equal([]);
  });

  const steps =
    "kubectl -n millrace exec cassandra-2 -- nodetool repair -full; kubectl -n millrace exec cassandra-2 -- nodetool decommission " +
    "--force; kubectl -n millrace scale statefulset cassandra --replicas=2; kubectl -n millrace delete pvc data-cassandra-2";

  it("are refused for Cassandra by a program that can't have them hand their rows over, with who can and the commands", () => {
    expect(problems(live({ cassandra: 3 }), { cassandra: { replicas: 1 } })).to.deep.equal([
      "millrace:services.cassandra.replicas: received 1, but 3 nodes have the rows, and a node that is taken away takes its " +
        "rows along; npm run up has nodes hand their rows over before it takes them away, where all 3 of them run and " +
        "millrace:services.cassandra.replicationFactor was 1 at the last up; else put 3 back, with that factor, npm run up, and " +
        `give 1 again. By hand, from the last node on: ${steps} (docs/cassandra.md, "Fewer nodes")`,
    ]);
  });

  it("are taken by an up that has them hand their rows over first, for Cassandra and not for Kafka", () => {
    const platform = live({ cassandra: 3, kafka: 3 });
    const config = loadConfig({
      "millrace:profile": "pipeline",
      "millrace:services": { cassandra: { replicas: 1 }, kafka: { replicas: 1 } },
    });
    const found = shrinking(platform, config).map(({ claims, there, wanted }) => [claims.set, there, wanted]);
    expect(found).to.deep.equal([["cassandra", 3, 1]]);
    const refused = transitionProblems({ live: platform, config, storageClass: "default", isHandedOver: true });
    expect(refused.map((problem) => problem.split(":")[1])).to.deep.equal(["services.kafka.replicas"]);
  });

  it("are refused by up too when those that hold the rows do not run: a set that was scaled to none by hand hands nothing over", () => {
    for (const replicas of [0, 2]) {
      const platform = live({ cassandra: 3 });
      const scaled = { ...platform, sets: platform.sets.map((set) => ({ ...set, replicas })) };
      const config = loadConfig({ "millrace:profile": "pipeline" });
      expect(shrinking(scaled, config)).to.deep.equal([]);
      const refused = transitionProblems({ live: scaled, config, storageClass: "default", isHandedOver: true });
      expect(refused.join()).to.contain("received 1, but 3 nodes have the rows");
    }
  });

  it("are refused too when a set was scaled down by hand and its claims are there", () => {
    const platform = live({ cassandra: 2 });
    const scaled = { ...platform, sets: platform.sets.map((set) => ({ ...set, replicas: 1 })) };
    expect(problems(scaled, { cassandra: { replicas: 1 } }).join()).to.contain("received 1, but 2 nodes have the rows");
  });

  it("are not refused where there are as many or more, or none yet", () => {
    expect(
      problems(live({ kafka: 1, cassandra: 1 }), { kafka: { replicas: 3 }, cassandra: { replicas: 2 } }),
    ).to.deep.equal([]);
    expect(problems(live({}), {})).to.deep.equal([]);
  });

  it("need fewer copies first, which the config takes for the nodes that are there, and no more than there are", () => {
    const given = (cassandra: object) => loadConfig({ "millrace:services": { cassandra } }).services.cassandra;
    expect(given({ replicas: 5 }).replicationFactor).to.equal(3);
    expect(given({ replicas: 2, replicationFactor: 1 }).replicationFactor).to.equal(1);
    expect(() =>
      loadConfig({ "millrace:profile": "pipeline", "millrace:services": { cassandra: { replicationFactor: 2 } } }),
    ).to.throw(
      "millrace:services.cassandra.replicationFactor: received 2, with 1 node; give at most 1, or raise " +
        "millrace:services.cassandra.replicas",
    );
  });
});
