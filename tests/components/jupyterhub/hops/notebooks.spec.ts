import { expect } from "chai";
import {
  cellSource,
  expectedAnswers,
  notebooksHop,
  readAnswers,
} from "../../../../components/jupyterhub/hops/notebooks.ts";
import type { NotebooksHopOptions } from "../../../../components/jupyterhub/hops/notebooks.ts";
import { JupyterHubClient } from "../../../../components/jupyterhub/hops/jupyterhub-client.ts";
import type { ObjectStore } from "../../../../components/object-store/hops/store-client.ts";
import { runBranches } from "../../../../check/runner.ts";
import type { ProofResult } from "../../../../check/runner.ts";
import { FakeServer } from "../../../support/fake-server.ts";
import type { FakeAnswer, FakeSocket, SeenRequest } from "../../../support/fake-server.ts";

const marked = { run: "proof-1795253000000-0000000a", startedAt: new Date(1_795_253_000_000) };
const user = "/hub/api/users/proof";
const right = { run: marked.run, spark: "509500", presto: "71" };

type Limits = Partial<Pick<NotebooksHopOptions, "awayLimitMs" | "startLimitMs" | "cellLimitMs" | "stopLimitMs">>;

interface Faults {
  /** How the hub answers the login form. @default - a login */
  readonly login?: FakeAnswer;
  /** Events of a start. @default - the server gets ready */
  readonly progress?: readonly object[];
  readonly hasServer?: boolean;
  /** Whether a server goes away when it is asked to. @default true */
  readonly canStop?: boolean;
  readonly answer?: object;
  /** Instead of the kernel's answers. */
  readonly kernel?: (socket: FakeSocket, reply: (type: string, content: object) => string) => void;
  /** What the server really puts into the bucket. @default - what it was given */
  readonly saves?: string;
  readonly keepsDeleted?: boolean;
}

describe("hop notebooks", () => {
  let server: FakeServer;
  let objects: Map<string, string>;
  before(async () => {
    server = await FakeServer.start();
  });
  after(() => server.stop());

  function hub(faults: Faults): void {
    let isUp = faults.hasServer ?? false;
    const isLoggedIn = ({ headers }: SeenRequest): boolean => headers.cookie?.includes("jupyterhub-hub-login") ?? false;
    const withToken =
      (answer: (request: SeenRequest) => FakeAnswer) =>
      (request: SeenRequest): FakeAnswer =>
        request.headers.authorization === "token t0"
          ? answer(request)
          : { status: 403, body: { message: "Forbidden" } };
    server.reset({
      "GET /hub/login": {
        headers: { "set-cookie": "_xsrf=first; Path=/hub/" },
        body: '<form><input type="password" name="password"></form>',
      },
      "POST /hub/login": ({ headers, body }) => {
        const form = new URLSearchParams(body);
        if (form.get("_xsrf") !== "first" || !headers.cookie?.includes("_xsrf=first")) return { status: 403 };
        return (
          faults.login ?? {
            status: 302,
            headers: {
              location: "/hub/home",
              "set-cookie": ['jupyterhub-hub-login="2|1:0|x"; Path=/hub/', "_xsrf=second; Path=/hub/"],
            },
          }
        );
      },
      "GET /hub/api/user": (request) =>
        isLoggedIn(request) ? { body: { name: "proof" } } : { status: 403, body: { message: "Forbidden" } },
      [`POST ${user}/tokens`]: (request) =>
        isLoggedIn(request) && request.headers["x-xsrftoken"] === "second"
          ? { status: 201, body: { id: "a1", token: "t0" } }
          : { status: 403, body: { message: "no xsrf" } },
      [`DELETE ${user}/tokens/a1`]: withToken(() => ({ status: 204 })),
      [`GET ${user}`]: withToken(() => ({
        body: { name: "proof", servers: isUp ? { "": { ready: true, pending: null } } : {} },
      })),
      [`POST ${user}/server`]: withToken(() => {
        isUp = true;
        return { status: 202 };
      }),
      [`DELETE ${user}/server`]: withToken(() => {
        if (faults.canStop !== false) isUp = false;
        return { status: 202 };
      }),
      [`GET ${user}/server/progress`]: withToken(() => ({
        headers: { "content-type": "text/event-stream" },
        body: (
          faults.progress ?? [
            { progress: 20, message: "pulled the image" },
            { progress: 100, message: "ready", ready: true },
          ]
        ).map((event) => `data: ${JSON.stringify(event)}\n\n`),
      })),
      "POST /user/proof/api/kernels": withToken(() => ({ status: 201, body: { id: "k1" } })),
      [`PUT /user/proof/api/contents/${marked.run}.ipynb`]: withToken(({ body }) => {
        objects.set(`home/${marked.run}.ipynb`, faults.saves ?? body);
        return { status: 201, body: {} };
      }),
      [`DELETE /user/proof/api/contents/${marked.run}.ipynb`]: withToken(() => {
        if (faults.keepsDeleted !== true) objects.delete(`home/${marked.run}.ipynb`);
        return { status: 204 };
      }),
    });
    server.onMessage = (text, socket) => {
      const asked = JSON.parse(text) as { header: { msg_id: string } };
      const reply = (type: string, content: object): string =>
        JSON.stringify({ channel: "iopub", header: { msg_type: type }, parent_header: asked.header, content });
      if (faults.kernel !== undefined) {
        faults.kernel(socket, reply);
        return;
      }
      socket.send(reply("status", { execution_state: "busy" }));
      socket.send(reply("stream", { name: "stdout", text: "millrace-proof " }));
      socket.send(reply("stream", { name: "stdout", text: `${JSON.stringify(faults.answer ?? right)}\n` }));
      socket.send(reply("status", { execution_state: "idle" }));
    };
  }

  async function prove(
    faults: Faults = {},
    { url = server.url, ...limits }: { url?: string } & Limits = {},
  ): Promise<{ result: ProofResult; message: string; progress: string[] }> {
    hub(faults);
    objects = new Map([
      ["home/proof-1795250000000-00000000.ipynb", "left by an old proof"],
      ["home/mine.ipynb", "somebody's"],
    ]);
    const home: ObjectStore = {
      where: "http://s3/home-proof",
      list: (prefix) => Promise.resolve([...objects.keys()].filter((key) => key.startsWith(prefix))),
      get: (key) => Promise.resolve(Buffer.from(objects.get(key) ?? "")),
      put: () => Promise.reject(new Error("not by this hop")),
      remove: (key) => Promise.resolve(void objects.delete(key)),
    };
    const hop = notebooksHop({
      hub: new JupyterHubClient({ url, user: "proof", password: "secret", note: marked.run }),
      config: { user: "proof", home: { prefix: "home/" }, asks: ["spark", "presto"] },
      home,
      marked,
      awayLimitMs: 10_000,
      stopLimitMs: 10_000,
      pauseMs: 5,
      ...limits,
    });
    const progress: string[] = [];
    const result = await runBranches([{ hops: [hop], timeoutMs: 60_000, cleanupTimeoutMs: 2000 }], {
      onProgress: (_, words) => progress.push(words),
    });
    return { result, message: result.hops[0]?.message ?? "", progress };
  }

  it("holds when a cell gets this run's values and a saved notebook is in S3, and leaves nothing", async () => {
    const { result, message, progress } = await prove();
    expect(message).to.equal("server ready after 0 s; a cell asked Spark and Presto, its notebook was in S3");
    expect(result).to.include({ ok: true });
    expect(result.warnings).to.deep.equal([]);
    expect(result.hops[0]).to.include({ hop: "notebooks", count: 2, checksum: "509571" });
    expect(progress).to.include("notebook server: pulled the image");
    expect([...objects.keys()]).to.deep.equal(["home/mine.ipynb"]);
    expect(server.asked.indexOf(`DELETE ${user}/server`)).to.be.lessThan(
      server.asked.indexOf(`DELETE ${user}/tokens/a1`),
    );
  });

  it("speaks to the kernel with the token, and not with a cookie", async () => {
    await prove();
    const socket = server.requests.find((request) => request.path.includes("/channels"));
    expect(socket?.path).to.match(/^\/user\/proof\/api\/kernels\/k1\/channels\?session_id=/);
    expect(socket?.headers).to.include({ authorization: "token t0" }).and.not.to.have.property("cookie");
  });

  it("does not take a wrong password for a login, whatever status the form comes back with", async () => {
    const form = '<p class="login_error">\n Invalid username or password.\n</p><input name="password">';
    for (const login of [
      { status: 200, body: form },
      { status: 403, body: form },
      { status: 302, headers: { location: "/hub/login" } },
    ]) {
      const { result, message } = await prove({ login });
      expect(result.failedHop).to.equal("notebooks");
      expect(message).to.match(/^JupyterHub at \S+ refuses the login of "proof": .*the password is wrong/);
      if (login.body !== undefined) expect(message).to.contain("Invalid username or password.");
      expect(server.asked.filter((one) => one === "POST /hub/login")).to.have.length(1);
    }
  });

  it("says that nothing runs where JupyterHub should be", async () => {
    const { message } = await prove({}, { url: "http://127.0.0.1:1", awayLimitMs: 200 });
    expect(message)
      .to.contain("JupyterHub at http://127.0.0.1:1 can't be reached")
      .and.to.contain("nothing runs there");
  });

  it("stops a server that another proof has left before it starts its own", async () => {
    const { result } = await prove({ hasServer: true });
    expect(result.ok).to.equal(true);
    const order = server.asked.filter((one) => /^(POST|DELETE) .*\/server$/.test(one));
    expect(order).to.deep.equal([`DELETE ${user}/server`, `POST ${user}/server`, `DELETE ${user}/server`]);
  });

  it("says why a server did not start, by the hub's own last events", async () => {
    const progress = [
      { progress: 10, message: "0/1 nodes are available: 1 Insufficient memory." },
      { progress: 100, failed: true, message: "Spawn failed: pod is unschedulable" },
    ];
    expect((await prove({ progress })).message).to.equal(
      'the notebook server of "proof" did not start: 0/1 nodes are available: 1 Insufficient memory. | ' +
        "Spawn failed: pod is unschedulable",
    );
  });

  it("says how long it has waited for a server that does not start", async () => {
    const { message } = await prove({ progress: [{ message: "pulling" }], hasServer: false }, { startLimitMs: 0 });
    expect(message).to.match(/^the notebook server of "proof" did not start within 0 s: /);
  });

  it("says that the kernel died", async () => {
    const { message, result } = await prove({
      kernel: (socket) => {
        const header = { msg_type: "status" };
        socket.send(JSON.stringify({ header, parent_header: {}, content: { execution_state: "restarting" } }));
      },
    });
    expect(message).to.match(/^the kernel died: it was killed/);
    expect(result.warnings).to.deep.equal([]);
    expect(server.asked).to.include(`DELETE ${user}/server`);
  });

  it("gives the exception of a cell that raises, and what it printed last", async () => {
    const { message } = await prove({
      kernel: (socket, reply) => {
        socket.send(reply("stream", { name: "stderr", text: "retrying\n" }));
        socket.send(reply("error", { ename: "ConnectError", evalue: "no Spark at sc://x", traceback: [] }));
      },
    });
    expect(message).to.equal("the cell failed: ConnectError: no Spark at sc://x; stderr ends: retrying");
  });

  it("gives up a cell that does not end", async () => {
    const { message } = await prove({ kernel: () => undefined }, { cellLimitMs: 2000 });
    expect(message).to.equal("the cell did not end in time");
  });

  it("says so when the server goes away under the kernel", async () => {
    const { message } = await prove({
      kernel: (socket) => {
        socket.close();
      },
    });
    expect(message).to.equal("the server closed the kernel's websocket");
  });

  it("names each value that is not this run's", async () => {
    expect((await prove({ answer: { run: "proof-2", spark: "1", presto: "71" } })).message).to.equal(
      "the cell got a wrong value: Spark gave the sum 1, right is 509500; " +
        `Presto gave the run id proof-2, right is ${marked.run}`,
    );
  });

  it("finds a notebook that was not saved into the bucket, and one that was not deleted from it", async () => {
    expect((await prove({ saves: "{}" })).message).to.contain("is not the notebook that was saved");
    expect((await prove({ keepsDeleted: true })).message).to.contain("is still there after the server deleted it");
    expect([...objects.keys()]).to.deep.equal(["home/mine.ipynb"]);
  });

  it("is not held when the server does not stop, and warns of what is left", async () => {
    const { result, message } = await prove({ canStop: false }, { stopLimitMs: 200 });
    expect(message).to.contain("the notebook server is still there");
    expect(result.warnings).to.have.length(1);
    expect(result.warnings[0]).to.contain("notebook server of proof");
  });
});

describe("the proof's cell", () => {
  it("asks for values that only its run has", () => {
    expect(expectedAnswers("proof-1795253000000-0000000a")).to.deep.equal({ first: 10n, spark: 509_500n, presto: 71n });
    expect(cellSource(marked.run)).to.contain("range(10, 1010)").and.to.contain(`SELECT '${marked.run}' AS run`);
    expect(cellSource("proof-1795253000000-0000000b")).not.to.equal(cellSource(marked.run));
  });

  it("asks only what there is, and is right only by that", () => {
    expect(cellSource(marked.run, ["presto"]))
      .to.contain("millrace.sql")
      .and.not.to.contain("spark");
    expect(cellSource(marked.run, ["spark"]))
      .to.contain("millrace.spark()")
      .and.not.to.contain("millrace.sql");
    const { run, presto } = right;
    const printed = `millrace-proof ${JSON.stringify({ run, presto })}\n`;
    expect(readAnswers(printed, marked.run, ["presto"])).to.equal(71n);
    expect(() => readAnswers(printed, marked.run)).to.throw("Spark gave the sum none, right is 509500");
  });

  it("is answered in one line among others", () => {
    const printed = `warming up\nmillrace-proof ${JSON.stringify(right)}\n`;
    expect(readAnswers(printed, marked.run)).to.equal(509_571n);
    expect(() => readAnswers("nothing", marked.run)).to.throw("the cell printed no answer: nothing");
  });
});
