import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { podRules } from "../../platform/pod-makers.ts";
import { AllQuarters, givableSecret, ownQuarters, PeopleNamespace, type Quarters } from "../../platform/quarters.ts";
import { mock, type Mocked, valueOf } from "../support/mocks.ts";

const resources = { requests: { cpu: "50m", memory: "512Mi" }, limits: { cpu: "1", memory: "1536Mi" } };

describe("a namespace of people's programs", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });
  const make = (more: object = {}) =>
    new PeopleNamespace("users-namespace", { platform: "millrace", quarter: "users", stackId: "id-1", ...more });

  it("takes restricted pods only, and gives a size to containers that say nothing of theirs", async () => {
    expect(await valueOf(make().namespace)).to.equal("millrace-users");
    const { inputs } = await mocked.get("kubernetes:core/v1:Namespace", "users-namespace");
    expect(inputs.metadata.labels).to.include({
      "pod-security.kubernetes.io/enforce": "restricted",
      "millrace/stack-id": "id-1",
      "app.kubernetes.io/part-of": "millrace",
    });
    const sizes = await mocked.get("kubernetes:core/v1:LimitRange", "users-namespace-sizes");
    expect(sizes.inputs.metadata.namespace).to.equal("millrace-users");
    expect((sizes.inputs.spec as unknown as { limits: object[] }).limits).to.deep.equal([
      {
        type: "Container",
        default: { cpu: "1", memory: "512Mi" },
        defaultRequest: { cpu: "50m", memory: "128Mi" },
      },
    ]);
  });

  it("has room for twice what rooms say that they run there, or for what the stack gives", async () => {
    const quota = async () =>
      (await mocked.get("kubernetes:core/v1:ResourceQuota", "users-namespace-quota")).inputs.spec as unknown;
    const made = make();
    made.holds(resources, 2);
    made.holds(resources, 1);
    made.close();
    expect(await quota()).to.deep.equal({ hard: { pods: "16", "limits.memory": "11Gi" } });
    mocked = await mock();
    make({ quota: { pods: 5, memory: "2048Mi" } }).close();
    expect(await quota()).to.deep.equal({ hard: { pods: "5", "limits.memory": "2Gi" } });
  });

  it("gets the Secrets that it is given, each once, by their names and labels, and no others", async () => {
    const args = { name: "key", namespace: "millrace", labels: { kind: "key" }, stringData: { a: pulumi.secret("b") } };
    const { secretName, give } = givableSecret("key", args, {});
    givableSecret("password", { ...args, name: "password" }, {});
    expect(await valueOf(secretName)).to.equal("key");
    const made = make();
    made.give({ give }, undefined, {});
    made.give({ give });
    ownQuarters("millrace").give({ give });
    const secrets = await mocked.ofType("kubernetes:core/v1:Secret");
    expect(secrets.map(({ name }) => name)).to.have.members(["key", "password", "key-in-users"]);
    const copy = await mocked.get("kubernetes:core/v1:Secret", "key-in-users");
    expect(copy.inputs.metadata).to.deep.equal({ name: "key", namespace: "millrace-users", labels: { kind: "key" } });
    expect(copy.secrets).to.include("stringData");
  });

  it("is made for who first asks for it", () => {
    const asked: string[] = [];
    const all = new AllQuarters((quarter): Quarters => {
      asked.push(quarter);
      return { ...ownQuarters("there"), ...(quarter === "jobs" && { in: quarter }) };
    });
    expect(all.all).to.deep.equal([]);
    expect(all.of("users")).to.equal(all.of("users"));
    all.of("jobs");
    expect(asked).to.deep.equal(["users", "jobs"]);
    expect(all.all.map((one) => one.in)).to.deep.equal(["jobs"]);
  });

  it("lets an account make pods with its own Secrets and accounts, whoever notes them", async () => {
    const made = make();
    const maker = { account: "spark", namespace: "millrace" };
    made.lets({ ...maker, secrets: [pulumi.output("key-b")] });
    made.lets({ ...maker, secrets: ["key-a", "key-b"], accounts: ["driver"] });
    made.lets({ ...maker, of: "users", namespace: "millrace-users", secrets: [] });
    made.close();
    const kind = "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy";
    const policies = await mocked.ofType(kind);
    expect(policies.map(({ name }) => name)).to.have.members(["spark-makes-pods", "spark-in-users-makes-pods"]);
    interface Spec {
      readonly matchConditions: { readonly expression: string }[];
      readonly validations: { readonly expression: string; readonly message: string }[];
    }
    const { inputs } = await mocked.get(kind, "spark-makes-pods");
    const spec = inputs.spec as unknown as Spec;
    expect(inputs.metadata.name).to.equal("millrace-users-spark-makes-pods");
    expect(spec.matchConditions.map(({ expression }) => expression)).to.deep.equal([
      "request.userInfo.username == 'system:serviceaccount:millrace:spark'",
    ]);
    expect(spec.validations).to.deep.equal(podRules({ secrets: ["key-a", "key-b"], accounts: ["driver"] }));
    expect(spec.validations.at(-1)?.message).to.equal("pods of this account run as default or driver");
    const binding = await mocked.get(`${kind}Binding`, "spark-makes-pods");
    expect(binding.inputs.spec).to.deep.equal({
      policyName: "millrace-users-spark-makes-pods",
      validationActions: ["Deny"],
      matchResources: { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "millrace-users" } } },
    });
  });
});
