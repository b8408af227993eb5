import { expect } from "chai";
import { useToken } from "../../policies/rules/workload-use-token.ts";
import { pod, stackViolations } from "./fixtures.ts";

const metadata = { namespace: "data" };
const driver = (parts: object) => ({
  type: "kubernetes:apps/v1:Deployment",
  name: "driver",
  props: { metadata, spec: { template: { spec: pod({ ...parts }) } } },
});
const binding = (namespace: string) => ({
  type: "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
  name: "driver",
  props: { metadata, subjects: [{ kind: "ServiceAccount", name: "spark", namespace }] },
});
const withToken = driver({ automountServiceAccountToken: true, serviceAccountName: "spark" });

describe("the policy kubernetes-workload-use-token", () => {
  it("accepts a token whose account has rights, and pods without a token", async () => {
    expect(await stackViolations(useToken, [withToken, binding("data")])).to.deep.equal([]);
    expect(await stackViolations(useToken, [driver({ serviceAccountName: "spark" })])).to.deep.equal([]);
  });

  it("refuses a token that is good for nothing", async () => {
    const unused = (account: string) => [
      `Deployment "driver": the pod mounts the token of account "${account}", which has no rights; set automountServiceAccountToken to false`,
    ];
    expect(await stackViolations(useToken, [withToken])).to.deep.equal(unused("spark"));
    expect(await stackViolations(useToken, [withToken, binding("other")])).to.deep.equal(unused("spark"));
    expect(await stackViolations(useToken, [driver({ automountServiceAccountToken: undefined })])).to.deep.equal(
      unused("default"),
    );
  });
});
