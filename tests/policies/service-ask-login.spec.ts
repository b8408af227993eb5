import { expect } from "chai";
import { askLogin } from "../../policies/rules/service-ask-login.ts";
import { violations } from "./fixtures.ts";

const check = (login: string | undefined, spec: object) =>
  violations(askLogin, "kubernetes:core/v1:Service", {
    metadata: { annotations: login === undefined ? {} : { "millrace/login": login } },
    spec,
  });
const proxy = { "app.kubernetes.io/name": "auth-proxy", "app.kubernetes.io/component": "server" };
const presto = { "app.kubernetes.io/name": "presto", "app.kubernetes.io/component": "coordinator" };

describe("the policy kubernetes-service-ask-login", () => {
  it("accepts load balancers that say who asks, and Services of other types", async () => {
    expect(await check("proxy", { type: "LoadBalancer", selector: proxy })).to.deep.equal([]);
    expect(await check("page", { type: "LoadBalancer", selector: presto })).to.deep.equal([]);
    expect(await check("nobody", { type: "LoadBalancer", selector: presto })).to.deep.equal([]);
    expect(await check(undefined, { type: "NodePort", selector: presto })).to.deep.equal([]);
    expect(await check(undefined, { selector: presto })).to.deep.equal([]);
  });

  it("refuses one that does not say, one that says something else, and one that does not lead to the proxy", async () => {
    const allowed = "annotate it with millrace/login: proxy, page, nobody";
    expect(await check(undefined, { type: "LoadBalancer", selector: presto })).to.deep.equal([
      `Service "it": is a load balancer that does not say who asks for a login; ${allowed}`,
    ]);
    expect(await check("yes", { type: "LoadBalancer", selector: presto })).to.deep.equal([
      `Service "it": is a load balancer that says "yes" of who asks for a login; ${allowed}`,
    ]);
    expect(await check("proxy", { type: "LoadBalancer", selector: presto })).to.deep.equal([
      "Service \"it\": says that the proxy asks for a login, and leads to other pods than the proxy's; publish the proxy's port",
    ]);
  });
});
