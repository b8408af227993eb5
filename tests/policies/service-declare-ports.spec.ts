import { expect } from "chai";
import { declarePorts } from "../../policies/rules/service-declare-ports.ts";
import { violations } from "./fixtures.ts";

const check = (props: Record<string, unknown>) => violations(declarePorts, "kubernetes:core/v1:Service", props);

describe("the policy kubernetes-service-declare-ports", () => {
  it("accepts ports within the cluster, and node ports by number", async () => {
    expect(await check({ spec: { ports: [{ port: 80 }] } })).to.deep.equal([]);
    expect(await check({ spec: { type: "NodePort", ports: [{ port: 80, nodePort: 30080 }] } })).to.deep.equal([]);
  });

  it("refuses a node port by chance, and addresses of others", async () => {
    expect(
      await check({ spec: { type: "NodePort", ports: [{ port: 80 }], externalIPs: ["192.0.2.1"] } }),
    ).to.deep.equal([
      'Service "it": opens port 80 on a node port by chance; set nodePort',
      'Service "it": takes the addresses 192.0.2.1; remove externalIPs',
    ]);
  });
});
