import { setTimeout } from "node:timers/promises";
import { KubeConfig } from "@kubernetes/client-node";
import { expect } from "chai";
import { isAway, KubeError, KubernetesClient, type KubernetesClientOptions } from "../../clusters/kubernetes-client.ts";
import { type AnswerRequest, type LocalServer, serveHttp } from "../support/local-server.ts";

describe("the Kubernetes client", () => {
  let server: LocalServer | undefined;
  let client: KubernetesClient | undefined;
  afterEach(async () => {
    client?.close();
    await server?.stop();
  });

  async function serve(answer: AnswerRequest, options: Partial<KubernetesClientOptions>): Promise<KubernetesClient> {
    server = await serveHttp(answer);
    const config = new KubeConfig();
    config.loadFromClusterAndUser({ name: "test", server: server.url, skipTLSVerify: true }, { name: "me" });
    client = new KubernetesClient(config, { timeoutMs: 10_000, ...options });
    return client;
  }

  /** Answers with these statuses in turn, then with 200. */
  const statuses = (asked: string[], ...turn: number[]): AnswerRequest => {
    return (request, body, response) => {
      asked.push(`${request.method ?? ""} ${request.url ?? ""} ${request.headers["content-type"] ?? ""} ${body}`);
      response.writeHead(turn.shift() ?? 200).end('{"message":"busy"}');
    };
  };

  it("asks a busy server again when it is patient, with the same body", async () => {
    const asked: string[] = [];
    const patient = await serve(statuses(asked, 503, 429, 500), { patient: true });
    await patient.json("PATCH", "/p?force=true", { body: { a: 1 } });
    expect(asked).to.deep.equal(Array(4).fill('PATCH /p?force=true application/merge-patch+json {"a":1}'));
  });

  it("asks once when it is not, or when this request is not", async () => {
    const asked: string[] = [];
    const once = await serve(statuses(asked, 503), {});
    const error: unknown = await once.json("GET", "/p").catch((caught: unknown) => caught);
    expect(error).to.be.instanceOf(KubeError).and.to.include({ status: 503, message: "busy" });
    expect(isAway(error)).to.equal(true);
    await server?.stop();
    const patient = await serve(statuses(asked, 503), { patient: true, namesRequests: true });
    const refused: unknown = await patient.text("GET", "/log?x", { patient: false }).catch((caught: unknown) => caught);
    expect(refused).to.include({ status: 503, message: "GET /log: busy" });
    expect(asked).to.have.length(2);
  });

  it("asks a silent server again when it is patient", async () => {
    let asked = 0;
    const patient = await serve(
      (_request, _body, response) => {
        if (++asked > 1) response.end('{"kind":"Pod"}');
      },
      { patient: true, timeoutMs: 500 },
    );
    expect(await patient.json("GET", "/p")).to.deep.equal({ kind: "Pod" });
    expect(asked).to.equal(2);
  });

  it("does not ask again what was refused", async () => {
    const asked: string[] = [];
    const patient = await serve(statuses(asked, 409), { patient: true });
    const error: unknown = await patient.json("DELETE", "/p", { body: {} }).catch((caught: unknown) => caught);
    expect(error).to.include({ status: 409, message: "busy" });
    expect(isAway(error)).to.equal(false);
    expect(asked).to.deep.equal(["DELETE /p application/json {}"]);
  });

  it("asks while it follows as many objects as there may be", async () => {
    const end = new AbortController();
    let following = 0;
    const patient = await serve(
      (request, _body, response) => {
        if (request.url === "/p") response.end('{"kind":"Pod"}');
        else response.write(`${++following}`);
      },
      { patient: true },
    );
    const all = Array.from({ length: 100 }, () => patient.follow("/watched", () => undefined, end.signal));
    const ended = Promise.allSettled(all);
    try {
      expect(await patient.json("GET", "/p")).to.deep.equal({ kind: "Pod" });
      while (following < all.length) await setTimeout(10);
    } finally {
      end.abort();
      await ended;
    }
  });
});
