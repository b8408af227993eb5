import { spawn } from "node:child_process";
import { expect } from "chai";
import { copyImage, findImage, type FoundImage } from "../../../platform/registry/copy.ts";
import { Registry } from "../../../platform/registry/registry.ts";
import { serveHttp } from "../../support/local-server.ts";
import { FakeRegistry, type FakeRegistryOptions } from "../../support/fake-registry.ts";

const ana = { username: "ana", password: "sec:ret" };
const amd64 = "linux/amd64";
const kafka = { repository: "acme/kafka", tag: "1" };

describe("a container registry", () => {
  const started: FakeRegistry[] = [];
  const fake = async (options: FakeRegistryOptions = {}): Promise<FakeRegistry> => {
    const registry = await FakeRegistry.start(options);
    started.push(registry);
    return registry;
  };
  const asked = (of: FakeRegistry, login?: typeof ana): Registry =>
    new Registry(of.server, { login: () => Promise.resolve(login) });
  const found = async (registry: Registry): Promise<FoundImage> => {
    const image = await findImage(registry, kafka, amd64);
    if (image === undefined || typeof image === "string") throw new Error(`not found: ${image ?? "nothing"}`);
    return image;
  };
  afterEach(async () => {
    await Promise.all(started.splice(0).map((registry) => registry.stop()));
  });

  it("says the digest of a tag that it has, and that it lacks another", async () => {
    const registry = await fake();
    const digest = registry.put("acme/kafka", "1", ["a"]);
    expect(await asked(registry).digestOf("acme/kafka", "1")).to.equal(digest);
    expect(await asked(registry).digestOf("acme/kafka", "2")).to.equal(undefined);
  });

  for (const kind of ["basic", "bearer"] as const) {
    it(`lets this machine's login in where it asks for one (${kind})`, async () => {
      const registry = await fake({ login: { kind, ...ana } });
      const digest = registry.put("acme/kafka", "1", ["a"]);
      expect(await asked(registry, ana).digestOf("acme/kafka", "1")).to.equal(digest);
    });

    it(`refuses a wrong login with its own answer, and one that is missing with the way out (${kind})`, async () => {
      const registry = await fake({ login: { kind, ...ana } });
      const wrong = asked(registry, { username: "bob", password: "x" });
      const said = await failureOf(wrong.digestOf("acme/kafka", "1"));
      expect(said).to.contain(`${registry.server} refuses the login of "bob" (401`);
      expect(said).to.contain(`run docker login ${registry.server}`).and.not.to.contain(": x");
      expect(await failureOf(asked(registry).digestOf("acme/kafka", "1"))).to.contain(
        `${registry.server} wants a login (401`,
      );
    });

    it(`gives an image to another that asks for logins too, with the same digest (${kind})`, async () => {
      const from = await fake({ login: { kind, ...ana }, redirects: true });
      const to = await fake({ login: { kind, username: "ben", password: "b" } });
      const digest = from.put("acme/kafka", "1", ["base", "jars", "base"]);
      const sizes: string[] = [];
      const target = asked(to, { username: "ben", password: "b" });
      await copyImage(
        await found(asked(from, ana)),
        target,
        { repository: "millrace/kafka", tag: "1" },
        (done, all) => {
          sizes.push(`${done} of ${all}`);
        },
      );
      expect(to.digest("millrace/kafka", "1")).to.equal(digest);
      expect(to.layers("millrace/kafka", "1")).to.deep.equal(["base", "jars", "base"]);
      expect(sizes.at(-1)).to.equal("45 of 45");
    });
  }

  it("lets in by what it gave for the password, where docker login keeps that instead", async () => {
    const registry = await fake({ login: { kind: "bearer", username: "ana", password: "given" } });
    const digest = registry.put("acme/kafka", "1", ["a"]);
    const login = () => Promise.resolve({ username: "ana", identityToken: "given" });
    expect(await new Registry(registry.server, { login }).digestOf("acme/kafka", "1")).to.equal(digest);
  });

  it("is asked for a token once per repository and right, and again when that ends", async () => {
    const times = async (tokenSeconds: number): Promise<number> => {
      const registry = await fake({ login: { kind: "bearer", ...ana }, tokenSeconds });
      registry.put("acme/kafka", "1", ["a"]);
      const client = asked(registry, ana);
      for (let round = 0; round < 3; round++) await client.digestOf("acme/kafka", "1");
      return registry.asked.filter((line) => line === "GET /token").length;
    };
    expect([await times(300), await times(1)]).to.deep.equal([1, 3]);
  });

  it("is not sent what it has: layers that images share go once, and those of its own repositories not at all", async () => {
    const from = await fake();
    const to = await fake();
    from.put("acme/kafka", "1", ["base", "jars"]);
    to.put("millrace/kafka", "0", ["base", "older"]);
    await copyImage(await found(asked(from)), asked(to), { repository: "millrace/kafka", tag: "1" });
    expect(to.uploads).to.equal(1);
    await copyImage(await found(asked(from)), asked(from), { repository: "other/kafka", tag: "1" });
    expect(from.uploads).to.equal(0);
    expect(from.layers("other/kafka", "1")).to.deep.equal(["base", "jars"]);
  });

  it("gives of several architectures the one that is wanted", async () => {
    const from = await fake();
    const to = await fake();
    from.putIndex("acme/kafka", "1", { arm64: "arm", amd64: "amd" });
    await copyImage(await found(asked(from)), asked(to), kafka);
    expect(to.layers("acme/kafka", "1")).to.deep.equal(["amd"]);
  });

  it("gives no image of another architecture, and says which it has", async () => {
    const registry = await fake();
    registry.put("acme/kafka", "1", ["arm"], "arm64");
    expect(await findImage(asked(registry), kafka, amd64)).to.equal("it is for linux/arm64, not for linux/amd64");
    registry.putIndex("acme/kafka", "1", { arm64: "arm", s390x: "big" });
    expect(await findImage(asked(registry), kafka, amd64)).to.equal(
      "it is for linux/arm64, linux/s390x, not for linux/amd64",
    );
  });

  it("refuses a push with its own answer where only reading is allowed, and gets no tag", async () => {
    const from = await fake();
    const to = await fake({ login: { kind: "basic", ...ana } });
    from.put("acme/kafka", "1", ["base"]);
    to.readOnly.add("acme/kafka");
    const said = await failureOf(copyImage(await found(asked(from)), asked(to, ana), kafka));
    expect(said).to.contain(`${to.server} refuses the login of "ana" (403: denied)`);
    expect(to.digest("acme/kafka", "1")).to.equal(undefined);
  });

  it("that is none is named, whatever it says", async () => {
    const page = await serveHttp((_request, _body, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end("<html>Sign in to the hotel's network</html>");
    });
    const server = page.url.replace("http://", "");
    const registry = new Registry(server);
    for (const question of [findImage(registry, kafka, amd64), registry.digestOf("acme/kafka", "1")]) {
      expect(await failureOf(question)).to.equal(
        `${server} does not answer as a registry does: it gives text/html for a manifest`,
      );
    }
    await page.stop();
  });

  it("that lets nobody in is given up in time: no answer, and no connection either", async () => {
    // Its queue is full, so the machine drops what would begin another connection.
    const program =
      "import socket,sys\ns=socket.socket();s.bind(('127.0.0.1',0));s.listen(0);port=s.getsockname()[1];held=[]\n" +
      "for _ in range(3):\n k=socket.socket();k.setblocking(False);k.connect_ex(('127.0.0.1',port));held.append(k)\n" +
      "print(port,flush=True);sys.stdin.read()";
    const full = spawn("python3", ["-c", program], { stdio: ["pipe", "pipe", "inherit"] });
    try {
      const port = await new Promise<string>((resolve) =>
        full.stdout.once("data", (text) => {
          resolve(String(text).trim());
        }),
      );
      const server = `127.0.0.1:${port}`;
      expect(await failureOf(new Registry(server, { silenceMs: 300 }).digestOf("acme/kafka", "1"))).to.equal(
        `${server} can't be reached (silent for 0.3 s)`,
      );
    } finally {
      full.stdin.end();
    }
  });

  it("that nobody runs is named, with what is wrong", async () => {
    const registry = await fake();
    const { server } = registry;
    await registry.stop();
    expect(await failureOf(new Registry(server).digestOf("acme/kafka", "1")))
      .to.contain(`${server} can't be reached (`)
      .and.to.contain("nothing runs there");
  });
});

async function failureOf(task: Promise<unknown>): Promise<string> {
  return await task.then(
    () => "nothing failed",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}
