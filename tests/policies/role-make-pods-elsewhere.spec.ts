import { expect } from "chai";
import { makePodsElsewhere } from "../../policies/rules/role-make-pods-elsewhere.ts";
import { stackViolations } from "./fixtures.ts";

const namespace = (name: string) => ({
  type: "kubernetes:core/v1:Namespace",
  name,
  props: { metadata: { name } },
});
const server = {
  type: "kubernetes:apps/v1:StatefulSet",
  name: "postgres",
  props: { metadata: { namespace: "data" } },
};
const role = (where: string, rule: object) => ({
  type: "kubernetes:rbac.authorization.k8s.io/v1:Role",
  name: "maker",
  props: { metadata: { namespace: where }, rules: [rule] },
});
const making = { apiGroups: [""], resources: ["pods", "events"], verbs: ["create", "get"] };
const stack = [namespace("data"), namespace("data-jobs"), server];

describe("the policy kubernetes-role-make-pods-elsewhere", () => {
  it("accepts who makes pods where no server is, and who only looks at pods", async () => {
    expect(await stackViolations(makePodsElsewhere, [...stack, role("data-jobs", making)])).to.deep.equal([]);
    const looking = role("data", { ...making, verbs: ["get", "list", "watch", "delete"] });
    expect(await stackViolations(makePodsElsewhere, [...stack, looking])).to.deep.equal([]);
  });

  it("refuses who makes pods beside servers, by themselves or through a controller", async () => {
    const refused = (what: string) => [
      `Role "maker": allows to create ${what} beside the server "postgres"; put both into another namespace`,
    ];
    expect(await stackViolations(makePodsElsewhere, [...stack, role("data", making)])).to.deep.equal(refused("pods"));
    const jobs = { apiGroups: ["batch"], resources: ["jobs"], verbs: ["create"] };
    expect(await stackViolations(makePodsElsewhere, [...stack, role("data", jobs)])).to.deep.equal(refused("jobs"));
  });

  it("leaves a stack alone that has one namespace", async () => {
    expect(await stackViolations(makePodsElsewhere, [namespace("data"), server, role("data", making)])).to.deep.equal(
      [],
    );
    expect(await stackViolations(makePodsElsewhere, [server, role("data", making)])).to.deep.equal([]);
  });
});
