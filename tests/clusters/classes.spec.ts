import { expect } from "chai";
import { defaultClass } from "../../clusters/classes.ts";

describe("The class that a cluster takes where none is named", () => {
  const named = (name: string, annotations?: Record<string, string>) => ({
    metadata: { name, ...(annotations === undefined ? {} : { annotations }) },
  });

  it("is the one that says so in its own kind's words", () => {
    const classes = [
      named("slow", { "storageclass.kubernetes.io/is-default-class": "false" }),
      named("nginx", { "ingressclass.kubernetes.io/is-default-class": "true" }),
      named("fast", { "storageclass.kubernetes.io/is-default-class": "true" }),
    ];
    expect(defaultClass("storage", classes)).to.equal("fast");
    expect(defaultClass("ingress", classes)).to.equal("nginx");
  });

  it("is none where none says so", () => {
    expect(defaultClass("storage", [named("fast"), named("slow", {})])).to.equal(undefined);
    expect(defaultClass("ingress", [])).to.equal(undefined);
  });
});
