import { expect } from "chai";
import { KubeError } from "../../clusters/kubernetes-client.ts";
import { membersOf, removeEmptyClaims } from "../../cli/members.ts";

const claims = "/api/v1/namespaces/data/persistentvolumeclaims";
const set = "/apis/apps/v1/namespaces/data/statefulsets/cassandra";

/** A set whose last pod is gone after some looks. */
function cluster(looks: number) {
  const done: string[] = [];
  let left = looks;
  const kube = {
    get: <T>(path: string): Promise<T> => {
      if (path === set)
        return Promise.resolve({ spec: { volumeClaimTemplates: [{ metadata: { name: "data" } }] } } as T);
      if (left-- <= 0) return Promise.reject(new KubeError(404, "not found"));
      return Promise.resolve({ spec: { containers: [{ name: "node" }] }, status: { podIP: "10.0.0.2" } } as T);
    },
    patch: <T>(path: string, body: unknown): Promise<T> => {
      const { metadata, spec } = body as { metadata?: { annotations: object }; spec?: { replicas: number } };
      done.push(`${path} ${spec === undefined ? Object.keys(metadata?.annotations ?? {}).join() : spec.replicas}`);
      return Promise.resolve({} as T);
    },
    delete: (path: string): Promise<void> => {
      done.push(`delete ${path}`);
      return Promise.resolve();
    },
    text: (path: string): Promise<string> =>
      path.endsWith("previous=true")
        ? Promise.reject(new KubeError(400, "no previous"))
        : Promise.resolve("last words"),
  };
  return { kube, done };
}

describe("members that go", () => {
  const change = (signal = new AbortController().signal) => ({
    there: 3,
    wanted: 1,
    signal,
    log: () => undefined,
    pauseMs: 0,
  });
  const place = { namespace: "data", set: "cassandra" };
  const run = (pod: string, container: string, command: readonly string[]): Promise<string> =>
    Promise.resolve(`${pod} ${container} ${command.join(" ")}`);

  it("are marked as empty first, then scaled away, and lose their claim when their pod is gone", async () => {
    const { kube, done } = cluster(2);
    await membersOf({ ...place, kube, run }, change()).remove(2);
    expect(done).to.deep.equal([
      `${claims}/data-cassandra-2 millrace/handed-over`,
      `${set}/scale 2`,
      `delete ${claims}/data-cassandra-2`,
    ]);
  });

  it("keep their claim when the command is stopped before their pod is gone, and the next one knows that it is empty", async () => {
    const { kube, done } = cluster(1000);
    const stop = new AbortController();
    const removal = membersOf({ ...place, kube, run }, { ...change(stop.signal), pauseMs: 5 }).remove(2);
    stop.abort();
    await removal.then(
      () => expect.fail("it went on"),
      (error: unknown) => {
        expect((error as Error).name).to.equal("AbortError");
      },
    );
    expect(done.filter((step) => step.startsWith("delete"))).to.deep.equal([]);
    expect(done[0]).to.equal(`${claims}/data-cassandra-2 millrace/handed-over`);
  });

  it("are found by their pods, run programs in their first container, and tell their last words", async () => {
    const members = membersOf({ ...place, kube: cluster(9).kube, run }, change());
    expect(await members.address(2)).to.equal("10.0.0.2");
    expect(await members.run(2, ["nodetool", "status"])).to.equal("cassandra-2 node nodetool status");
    expect((await members.lastWords(2)).trim()).to.equal("last words");
    const gone = membersOf({ ...place, kube: cluster(0).kube, run }, change());
    expect(await gone.address(2)).to.equal(undefined);
  });

  it("that an earlier command has scaled away lose their empty claims, and those that still run do not", async () => {
    const { kube, done } = cluster(0);
    const empty = (ordinal: number) => ({
      namespace: "data",
      name: `data-cassandra-${ordinal}`,
      service: "cassandra",
      ordinal,
      sizeBytes: 1,
    });
    await removeEmptyClaims(kube, {
      claims: [],
      emptyClaims: [empty(1), empty(2)],
      sets: [{ namespace: "data", service: "cassandra", replicas: 2, hasClaims: true }],
    });
    expect(done).to.deep.equal([`delete ${claims}/data-cassandra-2`]);
  });
});
