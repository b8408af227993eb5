import { expect } from "chai";

import { KubeError } from "../../cli/kube.ts";
import { namespaceFinding, removeClaims } from "../../cli/namespace.ts";
import { ownClaims } from "../../cli/removal.ts";

const holding = (labels: Record<string, string> | undefined) => ({
  get: <T>() =>
    labels === undefined
      ? Promise.reject(new KubeError(404, "not found"))
      : Promise.resolve({ metadata: { labels } } as T),
});
const own = { namespace: "data", existingNamespace: false };
const existing = { namespace: "data", existingNamespace: true };
const enforced = { "pod-security.kubernetes.io/enforce": "restricted" };

describe("the namespace on a cluster of others", () => {
  it("is made where there is none, and gone on with where the stack made it", async () => {
    expect(await namespaceFinding(holding(undefined), own, false)).to.deep.equal({});
    expect(await namespaceFinding(holding({}), own, true)).to.deep.equal({});
  });

  it("is not taken over from somebody, and the message has both ways", async () => {
    const { problem } = await namespaceFinding(holding({}), own, false);
    expect(problem)
      .to.contain("is somebody's")
      .and.contain("cluster.namespace")
      .and.contain("cluster.existingNamespace to true");
    const ours = await namespaceFinding(holding({ "app.kubernetes.io/part-of": "millrace" }), own, false);
    expect(ours.problem).to.contain("of another stack or of a state that is gone");
  });

  it("is used as it is where the stack says that it is there", async () => {
    expect(await namespaceFinding(holding(enforced), existing, false)).to.deep.equal({});
    const { problem, warning } = await namespaceFinding(holding({}), existing, false);
    expect([problem, warning?.includes('does not enforce Pod Security "restricted"')]).to.deep.equal([undefined, true]);
  });

  it("is asked for with the command that makes it where it is not there", async () => {
    const { problem } = await namespaceFinding(holding(undefined), existing, false);
    expect(problem).to.contain("kubectl create namespace data");
  });

  it("loses the claims of the platform's own services with the platform, also of those switched off before, and no others", async () => {
    const claim = (name: string, labels = {}) => ({ metadata: { name, labels } });
    const sets = [{ metadata: { name: "kafka" }, spec: { volumeClaimTemplates: [{ metadata: { name: "data" } }] } }];
    const claims = [
      claim("data-kafka-0"),
      claim("data-kafka-connect-0"),
      claim("data-wordpress-0", { "app.kubernetes.io/name": "postgres" }),
      // Its service was switched off before.
      claim("data-cassandra-0", { "app.kubernetes.io/part-of": "millrace" }),
    ];
    const removed: string[] = [];
    const kube = {
      get: <T>(path: string) => Promise.resolve({ items: path.includes("/statefulsets") ? sets : claims } as T),
      delete: (path: string) => {
        removed.push(path);
        return Promise.resolve();
      },
    };
    await removeClaims(kube, "data", await ownClaims(kube, "data"));
    const path = "/api/v1/namespaces/data/persistentvolumeclaims";
    expect(removed).to.have.members([`${path}/data-kafka-0`, `${path}/data-cassandra-0`]);
  });
});
