import { expect } from "chai";
import { loadConfig } from "../../config/index.ts";
import type { LiveClaim, LivePlatform } from "../../config/live-platform.ts";
import { keptClaims, refusal, transitionProblems } from "../../config/transitions.ts";

const GI = 2 ** 30;
const claim = (service: string, gibibytes: number, more: Partial<LiveClaim> = {}): LiveClaim => ({
  namespace: "millrace",
  name: `data-${service}-0`,
  service,
  ordinal: 0,
  storageClass: "millrace-hostpath",
  sizeBytes: gibibytes * GI,
  capacityBytes: gibibytes * GI,
  ...more,
});
const live: LivePlatform = {
  claims: [claim("kafka", 5), claim("object-store", 10), claim("cassandra", 5)],
  sets: ["kafka", "object-store", "cassandra"].map((service) => ({
    namespace: "millrace",
    service,
    replicas: 1,
    hasClaims: true,
  })),
  defaultStorageClass: "millrace-hostpath",
};

const transition = (
  raw: { readonly cluster?: object; readonly services?: object; readonly storageClass?: string } = {},
  platform: LivePlatform = live,
) => ({
  live: platform,
  config: loadConfig({
    "millrace:profile": "pipeline",
    "millrace:cluster": raw.cluster ?? {},
    "millrace:services": raw.services ?? {},
  }),
  storageClass: raw.storageClass ?? "default",
});
const problems = (raw: Parameters<typeof transition>[0], platform = live) =>
  transitionProblems(transition(raw, platform));

describe("a change of a live platform", () => {
  it("is refused when it would give up the namespace that Millrace made, and with it all data", () => {
    const cluster = { target: "minikube", existingNamespace: true };
    const made = { ...live, madeNamespaces: ["millrace"] };
    expect(problems({ cluster, storageClass: "millrace-hostpath" }, made)).to.deep.equal([
      'millrace:cluster.existingNamespace: received true, but Millrace made namespace "millrace", and would remove it now with all ' +
        "data in it; remove the setting",
    ]);
    expect(problems({ cluster, storageClass: "millrace-hostpath" })).to.deep.equal([]);
  });

  it("goes on when it changes nothing, grows a claim or names the class that there is", () => {
    expect(problems({})).to.deep.equal([]);
    expect(problems({ services: { objectStore: { storage: { kind: "persistent", size: "12Gi" } } } })).to.deep.equal(
      [],
    );
    expect(problems({ storageClass: "millrace-hostpath" })).to.deep.equal([]);
    expect(problems({}, { claims: [], sets: [] })).to.deep.equal([]);
  });

  it("is refused when it makes a claim smaller, and told how large it must be", () => {
    expect(problems({ services: { objectStore: { storage: { kind: "persistent", size: "8Gi" } } } })).to.deep.equal([
      "millrace:services.objectStore.storage.size: received 8Gi, but claim data-object-store-0 (10Gi) can't be made smaller; " +
        "give at least 10Gi",
    ]);
  });

  it("is refused when another server would not read the data that there is", () => {
    const of = (dataPath: string): LivePlatform => ({
      ...live,
      sets: live.sets.map((set) => (set.service === "object-store" ? { ...set, mountPaths: ["/tmp", dataPath] } : set)),
    });
    const versity = { services: { objectStore: { server: "versity" } } };
    const garage = { services: { objectStore: { server: "garage" } } };
    expect(problems(versity, of("/var/lib/garage"))).to.deep.equal([
      'millrace:services.objectStore.server: received "versity", but claim data-object-store-0 (10Gi) has data of "garage", which ' +
        '"versity" can\'t read; put "garage" back, or bring the platform up as another stack with this setting, copy what you need, ' +
        "and take this one down",
    ]);
    expect(problems(garage, of("/var/lib/versitygw"))).to.have.length(1);
    expect(problems(versity, of("/var/lib/versitygw"))).to.deep.equal([]);
    expect(problems(garage, of("/var/lib/garage"))).to.deep.equal([]);
    // What is left to the data is never another's.
    for (const path of ["/var/lib/garage", "/var/lib/versitygw"]) expect(problems({}, of(path))).to.deep.equal([]);
    expect(problems(versity, { ...of("/var/lib/garage"), claims: [] })).to.deep.equal([]);
    // Switched off in between: the claim is there, and no set that tells whose data it has.
    const off: LivePlatform = { ...live, claims: [claim("object-store", 10, { dataOf: "garage" })], sets: [] };
    expect(problems(versity, off)).to.deep.equal(problems(versity, of("/var/lib/garage")));
    expect(problems(garage, off)).to.deep.equal([]);
  });

  it("may take back a growth that was not done, down to what the claim has", () => {
    const stuck = { ...live, claims: [claim("kafka", 500, { capacityBytes: 5 * GI })] };
    const size = (value: string) => ({ services: { kafka: { storage: { kind: "persistent", size: value } } } });
    expect(problems(size("6Gi"), stuck)).to.deep.equal([]);
    expect(problems(size("5Gi"), stuck)).to.deep.equal([
      "millrace:services.kafka.storage.size: received 5Gi, but claim data-kafka-0 (500Gi) can't be made smaller; " +
        "give at least 500Gi, or, because it has not grown yet, anything above 5Gi",
    ]);
  });

  it("is refused when it moves to another namespace, with all claims that would stay behind", () => {
    const [problem, ...others] = problems({ cluster: { namespace: "data" } });
    expect(others).to.deep.equal([]);
    expect(problem).to.equal(
      'millrace:cluster.namespace: received "data", but the data is on claims data-kafka-0 (5Gi), data-object-store-0 (10Gi), ' +
        'data-cassandra-0 (5Gi) in namespace "millrace", and a claim can\'t change its namespace; put "millrace" back, or ' +
        "bring the platform up as another stack with this namespace, copy what you need, and take this one down",
    );
  });

  it("is refused when a service would use the claim of another stack in the namespace, and not when none would", () => {
    const stack = "fedcba9876543210";
    const beside = (service: string) => ({ claims: [], sets: [], claimsOfOthers: [{ ...claim(service, 5), stack }] });
    expect(problems({}, beside("kafka"))).to.deep.equal([
      'millrace:cluster.namespace: received "millrace", where claim data-kafka-0 (5Gi) is of another stack, or of a state of this one ' +
        "that is gone (id fedcba9876543210), and kafka would use it; give another namespace, put the folder .pulumi of that " +
        "state back, or, if what is in it is not needed: kubectl -n millrace delete pvc data-kafka-0",
    ]);
    expect(problems({ services: { kafka: { storage: { kind: "ephemeral" } } } }, beside("kafka"))).to.deep.equal([]);
    expect(problems({}, beside("wordpress"))).to.deep.equal([]);
    expect(keptClaims(transition({}, beside("kafka")))).to.deep.equal([]);
  });

  it("is refused when it asks for another class than its claims have", () => {
    expect(problems({ storageClass: "fast" })).to.deep.equal([
      'millrace:cluster.storageClass: received "fast", but claims data-kafka-0 (5Gi), data-object-store-0 (10Gi), ' +
        'data-cassandra-0 (5Gi) are of class "millrace-hostpath", and a claim can\'t change its class; put ' +
        '"millrace-hostpath" back, or bring the platform up as another stack with this class, copy what you need, and ' +
        "take this one down",
    ]);
    expect(problems({}, { ...live, defaultStorageClass: "standard" })[0]).to.contain(
      'received "default" ("standard" here), but',
    );
  });

  it("is refused when data would go on in the pods", () => {
    expect(problems({ services: { kafka: { storage: { kind: "ephemeral" } } } })).to.deep.equal([
      'millrace:services.kafka.storage: received kind "ephemeral", but kafka has its data on claim data-kafka-0 (5Gi), and ' +
        "would start again without it; put the old value back, or give the data up on purpose: set " +
        "millrace:services.kafka.enabled to false, npm run up, then kubectl -n millrace delete pvc data-kafka-0, and switch " +
        "it on again",
    ]);
    expect(problems({ storageClass: "none" }).map((text) => text.slice(0, 49))).to.deep.equal(
      Array(3).fill('millrace:cluster.storageClass: received "none", b'),
    );
  });

  it("is refused when a set without claims is to get some, which Kubernetes can't do", () => {
    const inPods = { claims: [], sets: [{ namespace: "millrace", service: "kafka", replicas: 1, hasClaims: false }] };
    expect(problems({}, inPods)).to.deep.equal([
      'millrace:services.kafka.storage: received kind "persistent", but kafka keeps its data in its pods now, and they go when ' +
        "it moves to a claim; to do it all the same, set millrace:services.kafka.enabled to false, npm run up, and switch " +
        "it on again",
    ]);
    expect(problems({ services: { kafka: { storage: { kind: "ephemeral" } } } }, inPods)).to.deep.equal([]);
  });

  it("may switch a service off, and says that its claims are kept and how to remove them", () => {
    const off = transition({
      services: {
        cassandra: { enabled: false },
        windows: { enabled: false },
        display: { enabled: false },
        census: { enabled: false },
      },
    });
    expect(transitionProblems(off)).to.deep.equal([]);
    expect(keptClaims(off)).to.deep.equal([
      "cassandra is not part of the platform: its claim data-cassandra-0 (5Gi) is kept, and found again when it is. To " +
        "remove what is in it: kubectl -n millrace delete pvc data-cassandra-0",
    ]);
    expect(keptClaims(transition())).to.deep.equal([]);
  });

  it("tells all problems in one message", () => {
    expect(refusal(["one", "two"])).to.equal(
      "this change would lose data of the running platform; nothing was changed:\n  - one\n  - two",
    );
  });
});
