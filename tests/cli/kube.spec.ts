import { KubeConfig } from "@kubernetes/client-node";
import { expect } from "chai";

import { clientOf, connect, type Kube, reachable } from "../../cli/kube.ts";
import { KubeError } from "../../clusters/kubernetes-client.ts";
import { runProof } from "../../cli/proof.ts";
import { type AnswerRequest, type LocalServer, serveHttp } from "../support/local-server.ts";

async function serve(answer: AnswerRequest): Promise<{ server: LocalServer; kube: Kube }> {
  const server = await serveHttp(answer);
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: "test", server: server.url, skipTLSVerify: true }, { name: "me" });
  return { server, kube: clientOf(config) };
}

describe("the API client", () => {
  let server: LocalServer | undefined;
  afterEach(() => server?.stop());

  it("gives the API server's own words for a refusal", async () => {
    const served = await serve((_request, _body, response) => {
      response.writeHead(403).end(JSON.stringify({ kind: "Status", message: "pods is forbidden" }));
    });
    ({ server } = served);
    const error = await served.kube.get("/api/v1/pods").catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(KubeError);
    expect(error).to.include({ status: 403, message: "pods is forbidden" });
  });

  it("takes the deletion of what is gone already as done", async () => {
    const served = await serve((_request, _body, response) => {
      response.writeHead(404).end("{}");
    });
    ({ server } = served);
    await served.kube.delete("/api/v1/x");
  });

  it("sends the options of a deletion, so that a Job's pods go with it", async () => {
    const bodies: string[] = [];
    const served = await serve((_request, body, response) => {
      bodies.push(body);
      response.end("{}");
    });
    ({ server } = served);
    await served.kube.delete("/api/v1/x", { propagationPolicy: "Background" });
    expect(bodies).to.deep.equal(['{"propagationPolicy":"Background"}']);
  });

  it("asks a Service through the API server with headers and a body, and no longer than it is told", async () => {
    const served = await serve((request, body, response) => {
      if (request.url === "/silent") return;
      response.end(JSON.stringify({ method: request.method, cookie: request.headers.cookie, body }));
    });
    ({ server } = served);
    const extras = { headers: { cookie: "a=b" }, body: { c: 1 } };
    expect(await served.kube.ask("POST", "/proxy/login", extras)).to.deep.equal({
      method: "POST",
      cookie: "a=b",
      body: '{"c":1}',
    });
    const error: unknown = await served.kube.ask("GET", "/silent", { timeoutMs: 100 }).catch((e: unknown) => e);
    expect((error as Error).message).to.contain("no answer within 0.1 s");
  });

  it("follows a log through a silence that is longer than Node's own limit of five seconds", async () => {
    const served = await serve((_request, _body, response) => {
      response.write("first\n");
      setTimeout(() => response.end("last\n"), 5500);
    });
    ({ server } = served);
    const lines: string[] = [];
    await served.kube.follow("/log", (line) => lines.push(line));
    expect(lines).to.deep.equal(["first", "last"]);
  });

  it("says why a server can't be reached", async () => {
    const config = new KubeConfig();
    config.loadFromClusterAndUser({ name: "t", server: "http://127.0.0.1:1", skipTLSVerify: true }, { name: "me" });
    const answer = await reachable(clientOf(config));
    expect(answer.ok).to.equal(false);
    expect(answer).to.have.property("why").that.contains("127.0.0.1:1 does not answer");
  });

  it("names the missing kubeconfig and the way out", () => {
    const profile = { kubeconfig: "/nonexistent/kubeconfig", context: "millrace", target: "embedded" } as const;
    expect(() => connect(profile)).to.throw(/no kubeconfig at .*npm run up makes it/);
  });
});

describe("a proof on demand", () => {
  let server: LocalServer | undefined;
  afterEach(() => server?.stop());

  const template = {
    spec: { jobTemplate: { metadata: { labels: { a: "b" } }, spec: { template: { spec: { containers: [] } } } } },
  };

  it("makes a Job from the template, reads its log and removes the Job", async () => {
    const seen: string[] = [];
    const served = await serve((request, _body, response) => {
      const url = request.url ?? "";
      seen.push(`${request.method ?? ""} ${url.split("?")[0] ?? ""}`);
      if (url.includes("/cronjobs/")) response.end(JSON.stringify(template));
      else if (url.includes("/log")) {
        response.write('sending\n{"hop":"kafka","ok":true,"count":200,"distinct":200,"checksum":"ab","ms":5}\n');
        response.end('{"proof":"ok","run":"r1","ms":9}\n');
      } else if (url.includes("/pods")) {
        const containerStatuses = [{ name: "proof", ready: true, restartCount: 0, state: { running: {} } }];
        const status = { phase: "Running", containerStatuses };
        const pod = { metadata: { name: "p" }, spec: { containers: [{ name: "proof" }] }, status };
        response.end(JSON.stringify({ items: [pod] }));
      } else response.end("{}");
    });
    ({ server } = served);
    const report = await runProof(served.kube, { namespace: "millrace" });
    expect(report).to.deep.include({ ok: true, run: "r1", failedHop: null, ms: 9, error: null });
    expect(report.hops[0]).to.include({ hop: "kafka", count: 200, distinct: 200 });
    expect(seen).to.include("POST /apis/batch/v1/namespaces/millrace/jobs");
    expect(seen.at(-1)).to.match(/^DELETE .*\/jobs\/proof-on-demand-[0-9a-f]{8}$/);
  });

  it("says why its own pod does not start, and still removes the Job", async () => {
    const seen: string[] = [];
    const waiting = {
      metadata: { name: "p" },
      spec: { containers: [{ name: "proof" }] },
      status: {
        phase: "Pending",
        containerStatuses: [
          {
            name: "proof",
            ready: false,
            restartCount: 0,
            image: "tools:1",
            state: { waiting: { reason: "ErrImagePull" } },
          },
        ],
      },
    };
    const served = await serve((request, _body, response) => {
      seen.push(request.method ?? "");
      const url = request.url ?? "";
      if (url.includes("/cronjobs/")) response.end(JSON.stringify(template));
      else if (url.includes("/pods")) response.end(JSON.stringify({ items: [waiting] }));
      else response.end("{}");
    });
    ({ server } = served);
    const report = await runProof(served.kube, { namespace: "millrace", startLimitMs: 100 });
    expect(report.ok).to.equal(false);
    expect(report.error).to.contain("did not start: image: tools:1 can't be pulled");
    expect(seen.at(-1)).to.equal("DELETE");
  });

  it("tells that the platform is not up when there is no template", async () => {
    const served = await serve((_request, _body, response) => {
      response.writeHead(404).end("{}");
    });
    ({ server } = served);
    const error = await runProof(served.kube, { namespace: "millrace" }).catch((reason: unknown) => reason);
    expect((error as Error).message).to.contain("npm run up");
  });
});
