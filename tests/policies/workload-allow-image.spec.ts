import { expect } from "chai";
import { allowImage } from "../../policies/rules/workload-allow-image.ts";
import { container, pod, stackViolations } from "./fixtures.ts";

const image = "registry.example.com/server:1.2.3";
const stack = (props: object) => ({ type: "pulumi:pulumi:Stack", name: "millrace-dev", props: { ...props } });
const web = {
  type: "kubernetes:apps/v1:Deployment",
  name: "web",
  props: { spec: { template: { spec: pod({ initContainers: [container()] }) } } },
};

describe("the policy kubernetes-workload-allow-image", () => {
  it("accepts the images of the stack, and asks nothing of one that does not say which it has", async () => {
    expect(await stackViolations(allowImage, [web, stack({ images: [image] })])).to.deep.equal([]);
    expect(await stackViolations(allowImage, [web, stack({})])).to.deep.equal([]);
    expect(await stackViolations(allowImage, [web])).to.deep.equal([]);
  });

  it("refuses another registry's image, and another tag", async () => {
    const other = "registry.example.com/server:1.2.4";
    const refused = `runs image "${image}", which is none of the stack's; run one of ${other}`;
    expect(await stackViolations(allowImage, [web, stack({ images: [other] })])).to.deep.equal([
      `Deployment "web": init container "server" ${refused}`,
      `Deployment "web": container "server" ${refused}`,
    ]);
  });
});
