import { expect } from "chai";
import { labels } from "../../platform/names.ts";
import { oneConsumer } from "../../policies/rules/secret-one-consumer.ts";
import { container, pod, type StackResource, stackViolations } from "./fixtures.ts";

const secret = (component: string): StackResource => ({
  type: "kubernetes:core/v1:Secret",
  name: "store-key-web",
  props: { metadata: { name: "store-key-web", labels: labels("store", component) } },
});
const consumer = (service: string, spec: unknown): StackResource => ({
  type: "kubernetes:apps/v1:Deployment",
  name: service,
  props: { spec: { template: { metadata: { labels: labels(service, "server") }, spec } } },
});
const byVariable = pod({
  containers: [
    container({ env: [{ name: "KEY", valueFrom: { secretKeyRef: { name: "store-key-web", key: "key" } } }] }),
  ],
});
const byFile = pod({ volumes: [{ name: "key", secret: { secretName: "store-key-web" } }] });
const byProjection = pod({
  volumes: [{ name: "keys", projected: { sources: [{ secret: { name: "store-key-web" } }] } }],
});

describe("the policy kubernetes-secret-one-consumer", () => {
  it("accepts one consumer with several pods, and the owner's own, which make the credential", async () => {
    const all = [consumer("web", byVariable), consumer("web", byFile), consumer("store-setup", byFile)];
    expect(await stackViolations(oneConsumer, [secret("key"), ...all, consumer("other", pod())])).to.deep.equal([]);
  });

  it("refuses two consumers, however they take it", async () => {
    for (const spec of [byVariable, byFile, byProjection]) {
      for (const component of ["key", "role"]) {
        const all = [secret(component), consumer("web", byVariable), consumer("api", spec)];
        expect(await stackViolations(oneConsumer, all)).to.deep.equal([
          'Secret "store-key-web": has 2 consumers, api, web; give each its own',
        ]);
      }
    }
  });

  it("asks nothing of a Secret that is the server's own, such as what all clients are asked for", async () => {
    const all = [secret("server"), consumer("web", byVariable), consumer("api", byVariable)];
    expect(await stackViolations(oneConsumer, all)).to.deep.equal([]);
  });
});
