import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { debOf, packagesOf } from "../../../../platform/images/debian/archive.ts";
import { minimalDebs } from "../../../../platform/images/debian/debian-image.ts";
import { downloader } from "../../../../platform/images/debian/download.ts";
import { keyFiles } from "../../../../platform/images/debian/apt-settings.ts";
import { FakeMirror } from "./fake-mirror.ts";

const rejected = async (work: Promise<unknown>): Promise<string> =>
  await work.then(
    () => "no error",
    (error: unknown) => (error as Error).message,
  );

describe("a mirror of Debian", () => {
  const stop = new AbortController();
  const { get, close } = downloader({}, stop.signal);
  let mirror: FakeMirror;
  let suite: { url: string; name: string };

  beforeEach(async () => {
    mirror = await FakeMirror.start("bookworm", [
      { name: "dash", fields: { Essential: "yes", Depends: "libc6 (>= 2.36), tool | other-tool:any" } },
      { name: "libc6" },
      { name: "tool" },
      { name: "unwanted" },
    ]);
    suite = { url: mirror.url, name: "bookworm" };
  });
  afterEach(async () => {
    await mirror.stop();
  });
  after(() => {
    close();
  });

  it("gives the packages of its signed index, each with the hash of the index", async () => {
    const packages = await packagesOf(suite, [mirror.key], get);
    expect(packages.map((one) => one.get("package"))).to.deep.equal(["dash", "libc6", "tool", "unwanted"]);
    expect(await debOf(packages[1]!, suite, get)).to.deep.equal(mirror.files.get("pool/libc6.deb"));
  });

  it("is asked for the minimal system only, and for each of its packages once", async () => {
    const counts: string[] = [];
    const debs = await minimalDebs([suite], [mirror.key], get, (done, all) => {
      counts.push(`${String(done)}/${String(all)}`);
    });
    expect([...debs.keys()]).to.deep.equal(["dash", "libc6", "tool"]);
    expect(counts).to.deep.equal(["1/3", "2/3", "3/3"]);
    expect(mirror.asked.slice().sort()).to.deep.equal(
      [
        "dists/bookworm/InRelease",
        "dists/bookworm/main/binary-amd64/Packages.gz",
        "pool/dash.deb",
        "pool/libc6.deb",
        "pool/tool.deb",
      ].map((path) => `GET /debian/${path}`),
    );
  });

  it("is refused when nobody known has signed its list, unless apt trusts it all the same", async () => {
    expect(await rejected(packagesOf(suite, keyFiles("/none"), get))).to.match(
      new RegExp(
        `^${suite.url}/dists/bookworm/InRelease has no signature of Debian or of a key in /etc/apt/trusted\\.gpg\\.d \\(.+\\)\\. If the mirror signs`,
      ),
    );
    expect(await packagesOf({ ...suite, trusted: true }, [], get)).to.have.length(4);
  });

  it("is refused when its list was changed after it was signed", async () => {
    const list = mirror.files.get("dists/bookworm/InRelease")!.toString();
    mirror.files.set("dists/bookworm/InRelease", Buffer.from(list.replace("Suite: bookworm", "Suite: trixie")));
    expect(await rejected(packagesOf(suite, [mirror.key], get))).to.contain("has no signature of Debian");
  });

  it("is refused when its list is none", async () => {
    mirror.files.set("dists/bookworm/InRelease", Buffer.from("<html>log in first</html>"));
    expect(await rejected(packagesOf(suite, [mirror.key], get))).to.equal(
      `${suite.url}/dists/bookworm/InRelease is not a signed list of a Debian archive; check the mirror`,
    );
  });

  it("is refused with both hashes when an index or a package is another than the one of the list", async () => {
    const other = Buffer.from("other");
    const hash = createHash("sha256").update(other).digest("hex");
    mirror.files.set("pool/libc6.deb", other);
    const deb = await rejected(minimalDebs([suite], [mirror.key], get, () => undefined));
    expect(deb).to.match(
      new RegExp(
        `^${mirror.url}/pool/libc6\\.deb has SHA-256 ${hash}, and ${suite.url}/dists/bookworm says [0-9a-f]{64}\\. `,
      ),
    );
    mirror.files.set("dists/bookworm/main/binary-amd64/Packages.gz", other);
    expect(await rejected(packagesOf(suite, [mirror.key], get))).to.contain(`Packages.gz has SHA-256 ${hash}, and`);
  });

  it("is named when a file is not there", async () => {
    mirror.files.delete("pool/libc6.deb");
    expect(await rejected(minimalDebs([suite], [mirror.key], get, () => undefined))).to.equal(
      `${mirror.url}/pool/libc6.deb can't be downloaded: the server answers 404 Not Found`,
    );
  });

  it("is reached through the proxy of apt or of the environment", async () => {
    const proxy = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.end("by the proxy");
    });
    const asked: string[] = [];
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const port = String((proxy.address() as AddressInfo).port);
    const through = downloader({ http_proxy: `http://127.0.0.1:${port}` }, stop.signal);
    try {
      expect((await through.get("http://deb.example/debian/a")).toString()).to.equal("by the proxy");
      expect(asked).to.deep.equal(["http://deb.example/debian/a"]);
    } finally {
      through.close();
      proxy.closeAllConnections();
      proxy.close();
    }
  });
});
