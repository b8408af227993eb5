import { expect } from "chai";
import { KubeError } from "../../clusters/kubernetes-client.ts";
import { holdersOf, holdersText } from "../../engine/providers/kubernetes-held.ts";
import { withPortHolders } from "../../engine/providers/node-ports.ts";
import type { FakeCluster } from "./fake-cluster.ts";
import { eachStack, ok, type Part, type TestStack } from "./test-stack.ts";

const namespace = "/api/v1/namespaces/held";
const part: Part = {
  kind: "Object",
  name: "held",
  manifest: { apiVersion: "v1", kind: "Namespace", metadata: { name: "held" } },
  options: { customTimeouts: { delete: "1s" } },
};
const remaining = (message: string) => ({
  metadata: { name: "held", deletionTimestamp: "2026-01-01T00:00:00Z" },
  status: { conditions: [{ type: "NamespaceContentRemaining", status: "True", message }] },
});

describe("a namespace that does not go", function () {
  this.timeout(60_000);
  let cluster: FakeCluster;
  let stack: TestStack;
  eachStack((made) => ({ cluster, stack } = made));

  it("is told with the objects that hold it, by name", async () => {
    await ok(stack.up(part));
    const message = "Some resources are remaining: configmaps. has 2 resource instances";
    cluster.put(`${namespace}/configmaps/hold`, { metadata: { name: "hold", finalizers: ["acme.io/keep"] } });
    cluster.put(`${namespace}/configmaps/free`, { metadata: { name: "free" } });
    cluster.intercept = (method, path) => {
      if (method !== "DELETE" || path !== namespace) return undefined;
      const uid = (cluster.objects.get(namespace)?.["metadata"] as { uid: string }).uid;
      const { metadata, ...rest } = remaining(message);
      cluster.put(namespace, { kind: "Namespace", metadata: { ...metadata, uid }, ...rest });
      return 200;
    };
    const { errors } = await stack.destroy();
    expect(errors.join()).to.contain(
      `not gone after 1 s: held by configmaps/hold (finalizer acme.io/keep); ${message}`,
    );
  });

  it("names a few of many", async () => {
    const items = Array.from({ length: 7 }, (_, index) => ({ metadata: { name: `m${index}`, finalizers: ["a.b/c"] } }));
    const ask = (path: string) => Promise.resolve(path.endsWith("/held/configmaps") ? { items } : undefined);
    const found = await holdersOf(
      ask,
      remaining("configmaps. has 7 resource instances, gone.acme.io has 1 resource instances"),
    );
    expect(found).to.have.length(7);
    expect(holdersText(found)).to.match(
      /^configmaps\/m0 \(finalizer a\.b\/c\), .*configmaps\/m4 \(finalizer a\.b\/c\), 2 more$/,
    );
  });
});

describe("a node port that is taken", () => {
  const refused = new KubeError(
    422,
    'Service "kafka" is invalid: spec.ports[0].nodePort: Invalid value: 30092: provided port is already allocated',
  );
  const listing = (...services: object[]) => ({ list: () => Promise.resolve(services as Record<string, unknown>[]) });

  it("is told with the Service that has it", async () => {
    const services = listing(
      { metadata: { namespace: "shop", name: "web" }, spec: { ports: [{ port: 80 }, { port: 81, nodePort: 30092 }] } },
      { metadata: { namespace: "shop", name: "db" }, spec: { ports: [{ nodePort: 30093 }] } },
    );
    const { message } = await withPortHolders(services, refused);
    expect(message).to.equal(`${refused.message}: node port 30092 is taken by Service shop/web`);
  });

  it("is told as the server tells it where nobody is found, and other errors are as they were", async () => {
    expect(await withPortHolders(listing(), refused)).to.equal(refused);
    expect(await withPortHolders({ list: () => Promise.reject(new Error("forbidden")) }, refused)).to.equal(refused);
    const other = new KubeError(403, "forbidden");
    expect(await withPortHolders(listing(), other)).to.equal(other);
  });
});
