import { expect } from "chai";
import { HopFailure } from "../../../platform/hops/hop.ts";
import { HttpSession, mustSucceed, wordsOfAnswer } from "../../../platform/hops/http-session.ts";
import { FakeServer } from "../../support/fake-server.ts";

describe("http session", () => {
  let server: FakeServer;
  before(async () => {
    server = await FakeServer.start();
  });
  after(() => server.stop());

  const session = (timeoutMs = 5000): HttpSession => new HttpSession({ service: "Hub", url: server.url, timeoutMs });
  const cookieOf = (path: string): string | undefined =>
    server.requests.findLast((request) => request.path === path)?.headers.cookie;

  it("sends a cookie back to its path and below, as it came, the nearest first", async () => {
    server.reset({
      "GET /hub/login": { headers: { "set-cookie": ["_xsrf=hub; Path=/hub/", 'id="2|1:0"; HttpOnly; Path=/'] } },
      "GET /user/a/": { headers: { "set-cookie": "_xsrf=user; Path=/user/a/" } },
    });
    const http = session();
    for (const path of ["/hub/login", "/user/a/", "/user/a/api", "/hub/api", "/other"]) await http.send("GET", path);
    expect(cookieOf("/hub/api")).to.equal('_xsrf=hub; id="2|1:0"');
    expect(cookieOf("/user/a/api")).to.equal('_xsrf=user; id="2|1:0"');
    expect(cookieOf("/other")).to.equal('id="2|1:0"');
    expect(http.cookie("_xsrf", "/hub/x")).to.equal("hub");
    expect(http.cookie("id", "/")).to.equal("2|1:0");
  });

  it("forgets a cookie that the server takes back", async () => {
    let turn = 0;
    const answers = ["a=1; Path=/", "a=2; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"];
    server.reset({ "GET /": () => ({ headers: { "set-cookie": answers[turn++] ?? "" } }) });
    const http = session();
    await http.send("GET", "/");
    expect(http.cookie("a", "/")).to.equal("1");
    await http.send("GET", "/");
    expect(http.cookie("a", "/")).to.equal(undefined);
  });

  it("does not pass for a script: a hub gives those no cookie for its login form", async () => {
    server.reset({ "GET /": {} });
    await session().send("GET", "/");
    expect(server.requests[0]?.headers).not.to.have.property("sec-fetch-mode");
  });

  it("leaves redirects to the caller", async () => {
    server.reset({ "GET /a/b": { status: 302, headers: { location: "c?next=%2F" } } });
    expect(await session().send("GET", "/a/b")).to.include({ status: 302, location: "/a/c?next=%2F" });
    expect(server.asked).to.deep.equal(["GET /a/b"]);
  });

  it("tells each line as it comes", async () => {
    server.reset({ "GET /": { body: ["data: on", "e\nda", "ta: two"] } });
    const lines: string[] = [];
    await session().send("GET", "/", { onLine: (line) => lines.push(line) });
    expect(lines).to.deep.equal(["data: one", "data: two"]);
  });

  it("names the service when it is away or silent", async () => {
    const away = await new HttpSession({ service: "Hub", url: "http://127.0.0.1:1" })
      .send("GET", "/")
      .catch((reason: unknown) => String(reason));
    expect(away).to.contain("Hub at http://127.0.0.1:1 can't be reached").and.to.contain("nothing runs there");
    server.reset({ "GET /": () => new Promise(() => undefined) });
    const silent = await session(50)
      .send("GET", "/")
      .catch((reason: unknown) => String(reason));
    expect(silent).to.contain("it does not answer in time");
  });

  it("gives up at its signal", async () => {
    server.reset({ "GET /": () => new Promise(() => undefined) });
    const error: unknown = await session()
      .send("GET", "/", { signal: AbortSignal.timeout(20) })
      .catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(Error);
  });

  it("says in a line what a page or a JSON answer says", () => {
    expect(wordsOfAnswer({ status: 409, text: '{"detail":"it exists"}' })).to.equal("status 409: it exists");
    expect(wordsOfAnswer({ status: 422, text: '{"detail":[{"msg":"x"}]}' })).to.equal('status 422: [{"msg":"x"}]');
    const page = "<html><style>p{}</style><p>Service\n Unavailable</p></html>";
    expect(wordsOfAnswer({ status: 503, text: page })).to.equal("status 503: Service Unavailable");
    expect(wordsOfAnswer({ status: 500, text: "" })).to.equal("status 500");
  });

  it("tells what a second try may change from what it can't", () => {
    const answer = (status: number) => ({ status, location: undefined, text: "" });
    expect(mustSucceed(answer(201), "x").status).to.equal(201);
    expect(() => mustSucceed(answer(403), "x")).to.throw(HopFailure, "x: status 403");
    for (const status of [404, 409, 429, 500, 503]) {
      expect(() => mustSucceed(answer(status), "x"))
        .to.throw(Error)
        .and.not.to.be.instanceOf(HopFailure);
    }
  });
});
