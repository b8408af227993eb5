import { expect } from "chai";
import { stackOf, stackOfClaim } from "../../clusters/claim-owner.ts";

const ours = "0123456789abcdef";
const theirs = "fedcba9876543210";
const id = (stack: string) => ({ labels: { "millrace/stack-id": stack } });
const by = (...managers: string[]) => ({ managedFields: managers.map((manager) => ({ manager })) });
const claim = (name: string, more: object = {}) => ({ metadata: { name, ...more } });
const set = (name: string, more: object = {}) => ({
  metadata: { name, ...more },
  spec: { volumeClaimTemplates: [{ metadata: { name: "data" } }] },
});

describe("whose a claim is", () => {
  it("is said by its label", () => {
    expect(stackOf(claim("data-kafka-0", id(ours)))).to.equal(ours);
    expect(stackOf(claim("data-kafka-0", { ...id(ours), ...by(`millrace-${theirs}-01234567`) }))).to.equal(ours);
  });

  it("is said by the engine that has written it where an older Millrace put no label on it", () => {
    expect(stackOf(set("kafka", by("kube-controller-manager", `millrace-${ours}`)))).to.equal(ours);
    expect(stackOf(claim("data-kafka-0", by(`millrace-${ours}-01234567`)))).to.equal(ours);
  });

  it("is not known where neither says, or both of two stacks do", () => {
    expect(stackOf(claim("data-kafka-0", { labels: { "app.kubernetes.io/part-of": "millrace" } }))).to.equal(undefined);
    expect(stackOf(set("kafka", by("pulumi-kubernetes-0a1b2c3d", "millrace-new", "millrace-shop-dev")))).to.equal(
      undefined,
    );
    expect(stackOf(set("kafka", by(`millrace-${ours}`, `millrace-${theirs}`)))).to.equal(undefined);
  });

  it("is said by the set that uses it, and by the claim itself where none does", () => {
    expect(stackOfClaim(claim("data-kafka-0"), [set("kafka", id(ours))])).to.equal(ours);
    expect(stackOfClaim(claim("data-kafka-0", id(ours)), [set("kafka-connect", id(theirs))])).to.equal(ours);
    expect(stackOfClaim(claim("data-kafka-connect-0"), [set("kafka", id(ours))])).to.equal(undefined);
  });

  it("is nobody's to remove where the claim and the set that uses it name two stacks", () => {
    expect(stackOfClaim(claim("data-kafka-0", id(ours)), [set("kafka", id(theirs))])).to.equal(undefined);
    expect(stackOfClaim(claim("data-kafka-0", id(ours)), [set("kafka")])).to.equal(undefined);
  });
});
