import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { Revision } from "../../platform/revision.ts";
import { mock, valueOf } from "../support/mocks.ts";

/** A component with a Deployment, a ConfigMap and a Secret. */
class Room extends pulumi.ComponentResource {
  constructor(parts: { image: string; text: string; password: string }, opts: pulumi.ComponentResourceOptions) {
    super("test:index:Room", "room", {}, opts);
    const parent = { parent: this };
    new k8s.apps.v1.Deployment(
      "server",
      {
        spec: {
          selector: {},
          template: { spec: { containers: [{ name: "server", image: pulumi.output(parts.image) }] } },
        },
      },
      parent,
    );
    new k8s.core.v1.ConfigMap("settings", { data: { text: pulumi.secret(parts.text) } }, parent);
    new k8s.core.v1.Secret("password", { stringData: { password: parts.password } }, parent);
  }
}

describe("Revision", () => {
  const first = { image: "server:1", text: "a", password: "p" };
  const revisionOf = async (parts: typeof first): Promise<string> => {
    await mock();
    const revision = new Revision();
    new Room(parts, { transformations: [revision.transformation] });
    const current = revision.current();
    expect(await pulumi.isSecret(current)).to.equal(false);
    return await valueOf(current);
  };

  it("is the same for the same program, and another one for another image or other settings", async () => {
    const revision = await revisionOf(first);
    expect(revision).to.match(/^[0-9a-f]{16}$/);
    expect(await revisionOf({ ...first })).to.equal(revision);
    expect(await revisionOf({ ...first, image: "server:2" })).to.not.equal(revision);
    expect(await revisionOf({ ...first, text: "b" })).to.not.equal(revision);
  });

  it("tells nothing of passwords", async () => {
    expect(await revisionOf({ ...first, password: "q" })).to.equal(await revisionOf(first));
  });
});
