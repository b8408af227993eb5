import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { expect } from "chai";
import { askingOf, silentAddresses } from "../../cli/answering.ts";
import { ownAuthority } from "../support/own-authority.ts";

describe("published addresses", () => {
  const servers: Server[] = [];
  const listen = async (server: Server): Promise<string> => {
    servers.push(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });
  /** A raw server; a client that has gone already is no fault of it. */
  const raw = (serve: (socket: Socket) => void): Promise<string> =>
    listen(
      createServer((socket) => {
        socket.on("error", () => undefined);
        serve(socket);
      }),
    );
  const http = (status: number): Promise<string> =>
    listen(createHttpServer((_, answer) => answer.writeHead(status).end()));
  const broker = (answer: string): Promise<string> =>
    raw((socket) => socket.on("data", () => void socket.write(Buffer.from(answer, "hex"))));
  const silent = (title: string, url: string): Promise<string[]> =>
    silentAddresses([{ title, url }], { limitMs: 200, pauseMs: 20 });

  it("are fine where a page, a demand for a key or a broker answers", async () => {
    const addresses = [
      { title: "Presto", url: `http://${await http(200)}` },
      { title: "S3", url: `http://${await http(403)}` },
      { title: "Kafka", url: await broker("0000000c6d696c6c") },
    ];
    expect(await silentAddresses(addresses, { limitMs: 5000 })).to.deep.equal([]);
  });

  it("are named where a server fails, where nothing listens, and where a port has nothing behind it", async () => {
    const failing = `http://${await http(503)}`;
    expect(await silent("Presto", failing)).to.deep.equal([
      `Presto does not answer at its published address ${failing} from this machine, tried for 0 s: it answers with status 503`,
    ]);
    const closing = await raw((socket) => socket.end());
    expect((await silent("Kafka", closing))[0]).to.contain("the connection was closed without an answer");
    expect((await silent("Kafka", await broker("0000000c00000000")))[0]).to.contain("is not a Kafka broker");
    const gone = createServer();
    const address = await listen(gone);
    gone.close();
    expect((await silent("Airflow", `http://${address}`))[0]).to.match(/^Airflow does not answer at .*ECONNREFUSED/);
    expect((await silent("Kafka", address))[0]).to.match(/^Kafka does not answer at .*ECONNREFUSED/);
  });

  it("are named where nobody says how a port without HTTP is asked", async () => {
    const port = await raw((socket) => socket.on("data", () => void socket.write("hello")));
    expect((await silent("Weather", port))[0]).to.contain("its room does not say how it is asked");
  });

  describe("with a login", () => {
    const account = { user: "proof", password: "word" };
    const login = () => Promise.resolve(account);
    const right = `Basic ${Buffer.from("proof:word").toString("base64")}`;
    const guarded = async (stranger: number, known: number) => ({
      title: "Presto",
      url: `http://${await listen(
        createHttpServer((asked, answer) =>
          answer.writeHead(asked.headers.authorization === right ? known : stranger).end(),
        ),
      )}`,
      login: true as const,
    });

    it("are fine where strangers are refused and the page answers the proof's account", async () => {
      const pages = [await guarded(401, 200), await guarded(401, 303)];
      expect(await silentAddresses(pages, { limitMs: 5000, login })).to.deep.equal([]);
      expect(await silentAddresses([await guarded(401, 502)], { limitMs: 5000 })).to.deep.equal([]);
    });

    it("are named where they are open, where the account is refused, and where the page is away", async () => {
      const words = async (stranger: number, known: number): Promise<string> => {
        const [found = ""] = await silentAddresses([await guarded(stranger, known)], {
          limitMs: 1000,
          pauseMs: 20,
          login,
        });
        return found.replace(/^.*tried for 1 s: /, "");
      };
      expect(await words(200, 200)).to.equal(
        "it answers with status 200 to somebody who has not logged in, where it must ask for a login (401)",
      );
      expect(await words(401, 401)).to.equal('it refuses the password of account "proof" (status 401)');
      expect(await words(401, 502)).to.equal("what is behind its login answers with status 502");
    });
  });

  it("are named where an ingress controller answers in the place of a page", async () => {
    const page = { title: "Presto", url: `http://${await http(404)}` };
    expect(await silentAddresses([page], { limitMs: 5000 })).to.deep.equal([]);
    const [routed] = await silentAddresses([page], { limitMs: 200, pauseMs: 20, isRouted: true });
    expect(routed).to.contain("the ingress controller does not know this host name (status 404)");
  });

  it("are named with the way out where nobody this machine knows has signed the certificate", async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-answering-"));
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    try {
      const made = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "1",
      ];
      execFileSync("openssl", [...made, "-subj", "/CN=127.0.0.1", "-keyout", key, "-out", cert], { stdio: "ignore" });
      const server = createHttpsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, answer) =>
        answer.end(),
      );
      const url = `https://${await listen(server)}`;
      const unknown =
        /DEPTH_ZERO_SELF_SIGNED_CERT.*; this machine does not know who signed .* give millrace:cluster.ingress.tls.ca, or set NODE_EXTRA_CA_CERTS to the CA's file$/;
      expect((await silent("Presto", url))[0]).to.match(unknown);
      // A page whose certificate is its own serves where it shows it; behind an Ingress it is the controller's.
      expect(await silent("NiFi", url)).to.deep.equal([]);
      const routed = { limitMs: 200, pauseMs: 20, isRouted: true };
      expect((await silentAddresses([{ title: "NiFi", url }], routed))[0]).to.match(unknown);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("answer where the stack's file has the authority that has signed the certificate", async () => {
    const known = getCACertificates("default");
    const { ca, server: certificate } = ownAuthority();
    const server = createHttpsServer(certificate, (_, answer) => answer.end());
    try {
      const page = { title: "Presto", url: `https://${await listen(server)}` };
      expect(await silentAddresses([page], { limitMs: 10_000, ca })).to.deep.equal([]);
    } finally {
      setDefaultCACertificates(known);
    }
  });

  it("have longer where a cloud's load balancer, a host name or a certificate must become known", () => {
    expect(askingOf({ kind: "nodePort" })).to.deep.equal({ limitMs: 30_000, isRouted: false });
    expect(askingOf({ kind: "loadBalancer" })).to.deep.equal({ limitMs: 300_000, isRouted: false });
    expect(askingOf({ kind: "ingress" })).to.deep.equal({ limitMs: 300_000, isRouted: true });
  });
});
