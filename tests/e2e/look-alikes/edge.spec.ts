import { once } from "node:events";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";

import { KubeConfig } from "@kubernetes/client-node";
import { expect } from "chai";

import { FakeServer, type Route } from "../../support/fake-server.ts";
import { type Edge, openEdge } from "./edge.ts";

const classes = "/apis/networking.k8s.io/v1/ingressclasses";
const slices = "GET /apis/discovery.k8s.io/v1/namespaces/millrace/endpointslices";
const list = (...items: object[]): Route => ({ body: { items } });

const ingress = (className: string, host: string) => ({
  metadata: { namespace: "millrace" },
  spec: {
    ingressClassName: className,
    rules: [
      { host, http: { paths: [{ backend: { service: { name: "presto-published", port: { number: 8080 } } } }] } },
    ],
  },
});

describe("the look-alikes' ingress controller", () => {
  let cluster: FakeServer;
  let edge: Edge;
  beforeEach(async () => {
    cluster = await FakeServer.start();
    cluster.reset({
      [`POST ${classes}`]: { body: {} },
      "GET /apis/networking.k8s.io/v1/ingresses": list(
        ingress("edge", "presto.cloud-like.test"),
        ingress("nginx", "display.cloud-like.test"),
      ),
      [slices]: list({ ports: [{ port: 8080 }], endpoints: [{ conditions: { ready: false } }] }),
    });
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      { name: "fake", server: cluster.url, skipTLSVerify: true },
      { name: "me", token: "none" },
    );
    edge = await openEdge(config, "edge");
  });
  afterEach(async () => {
    await edge.close();
    await cluster.stop();
  });

  /** Asks as a program does that has it for its proxy. */
  const statusOf = async (host: string): Promise<number | undefined> => {
    const asked = request(edge.url, { path: `http://${host}/`, headers: { host } });
    asked.end();
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    answer.resume();
    return answer.statusCode;
  };

  it("makes its class, and knows the Ingresses of no other", async () => {
    expect(JSON.parse(cluster.requests[0]?.body ?? "")).to.have.nested.property("metadata.name", "edge");
    expect(await statusOf("display.cloud-like.test")).to.equal(404);
    expect(await statusOf("presto.elsewhere.test:80")).to.equal(404);
  });

  it("says that nobody serves where no pod is ready, and that it failed where the cluster does not answer", async () => {
    expect(await statusOf("presto.cloud-like.test")).to.equal(503);
    cluster.routes = {};
    expect(await statusOf("presto.cloud-like.test")).to.equal(502);
  });
});
