import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { AuthProxy, type AuthProxyArgs, authProxyProblems } from "../../../components/auth-proxy/auth-proxy.ts";
import type { GuardedPage, People } from "../../../platform/endpoints.ts";
import { podProblems } from "../../../platform/hardening.ts";
import { endName, podsAt } from "../../../platform/network.ts";
import { resources } from "../../support/fixtures.ts";
import { mock, type Mocked, valueOf } from "../../support/mocks.ts";

const page = (service: string, title: string, port: number, rules = {}): GuardedPage => ({
  title,
  port,
  host: pulumi.output(`${service}.data.svc`),
  hostPort: 8080,
  at: podsAt({ service, component: "server" }, [8080], title),
  rules,
});
const presto = page("presto", "Presto", 30080, { userHeader: "X-Presto-User", paths: ["/ui/*"] });
const display = page("display", "Display", 30300);
const people: People = {
  users: ["ana@example.com", "ben"],
  secretName: pulumi.output("hub-users"),
  fingerprint: pulumi.output("f1"),
};

describe("AuthProxy", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });
  const make = (args: Partial<AuthProxyArgs> = {}) =>
    new AuthProxy("auth-proxy", {
      namespace: "data",
      image: "registry/auth-proxy:1",
      pages: [presto, display],
      users: ["admin"],
      resources,
      ...args,
    });
  const podOf = async () => {
    const { inputs } = await mocked.get("kubernetes:apps/v1:Deployment", "auth-proxy");
    return inputs.spec.template;
  };
  const sources = async () => {
    const { volumes } = (await podOf()).spec as unknown as {
      volumes: { name: string; projected?: { sources: { secret: { name: string; items: object[] } }[] } }[];
    };
    return volumes.find(({ name }) => name === "people")?.projected?.sources;
  };

  it("makes a password for people of its own and for the proof, and mounts each under the user's name", async () => {
    make();
    const { inputs } = await mocked.get("kubernetes:core/v1:Secret", "auth-proxy-users");
    expect(Object.keys(inputs.stringData)).to.deep.equal(["admin", "proof"]);
    expect(await sources()).to.deep.equal([
      {
        secret: {
          name: "auth-proxy-users",
          items: [
            { key: "admin", path: "admin" },
            { key: "proof", path: "proof" },
          ],
        },
      },
    ]);
  });

  it("takes people's passwords where they have some already, and the other accounts there not", async () => {
    make({ people, users: [] });
    const { inputs } = await mocked.get("kubernetes:core/v1:Secret", "auth-proxy-users");
    expect(Object.keys(inputs.stringData)).to.deep.equal(["proof"]);
    expect((await sources())?.[1]).to.deep.equal({
      secret: {
        name: "hub-users",
        items: [
          { key: "ana-40example-2ecom", path: "ana@example.com" },
          { key: "ben", path: "ben" },
        ],
      },
    });
  });

  it("restarts when a password changes", async () => {
    make({ people, users: [] });
    const first = (await podOf()).metadata.annotations;
    mocked = await mock();
    make({ people: { ...people, fingerprint: pulumi.output("f2") }, users: [] });
    expect((await podOf()).metadata.annotations).not.to.deep.equal(first);
  });

  it("has a port for each page, connects to the pages and to nothing else, and is hardened", async () => {
    const proxy = make();
    const { inputs } = await mocked.get("kubernetes:core/v1:Service", "auth-proxy");
    expect(inputs.spec.ports.map(({ port }) => port)).to.deep.equal([30080, 30300]);
    expect(proxy.edges.map(({ to, ports }) => [endName(to), ...ports])).to.deep.equal([
      ["presto/server", 8080],
      ["display/server", 8080],
    ]);
    const { data } = (await mocked.get("kubernetes:core/v1:ConfigMap", "auth-proxy")).inputs;
    expect(data["nginx.conf"]).to.contain("http://presto.data.svc.@DOMAIN@:8080").and.contain("$remote_user");
    expect(podProblems((await podOf()).spec, true)).to.deep.equal([]);
  });

  it("tells the proof where each page is behind it, and which of them runs SQL", async () => {
    const { endpoint } = make();
    expect(endpoint.at).to.deep.equal(podsAt({ service: "auth-proxy", component: "server" }, [30080, 30300], "logins"));
    expect(await valueOf(pulumi.output(endpoint.pages.map((one) => ({ ...one }))))).to.deep.equal([
      { title: "Presto", url: "http://auth-proxy.data.svc:30080", asUser: true },
      { title: "Display", url: "http://auth-proxy.data.svc:30300", asUser: false },
    ]);
  });

  it("names everything that is wrong with its arguments", () => {
    expect(authProxyProblems({ pages: [] })).to.deep.equal([
      "auth-proxy: pages is empty, so there is nothing to guard; give at least one",
      "auth-proxy: people and users are empty, so nobody could log in; name at least one",
    ]);
    const wrong = {
      pages: [presto, { title: 'Dis"play', port: 30080 }],
      people,
      users: ["ben", "Ana", "proof"],
      replicas: 0,
    };
    expect(authProxyProblems(wrong)).to.deep.equal([
      'auth-proxy: port 30080 is wanted for Dis"play and for another page; give each page its own',
      'auth-proxy: a page is called "Dis"play"; leave out quotes, dollar signs and backslashes',
      'auth-proxy: "Ana" is not a user name; use 2 to 50 small letters, digits and . _ + @ -',
      'auth-proxy: user "ben" is named twice; name each user once',
      'auth-proxy: user "proof" is the proof\'s own account; give another name',
      "auth-proxy: replicas is 0; give a whole number from 1",
    ]);
    expect(() => make({ pages: [] })).to.throw("pages is empty");
  });
});
