import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import {
  debianSuites,
  furtherSuite,
  keyFiles,
  proxyVariables,
} from "../../../../platform/images/debian/apt-settings.ts";

describe("where Debian's packages come from", () => {
  let apt: string;
  beforeEach(() => {
    apt = mkdtempSync(join(tmpdir(), "millrace-spec-"));
    mkdirSync(join(apt, "sources.list.d"));
  });
  afterEach(() => {
    rmSync(apt, { recursive: true });
  });
  const write = (file: string, text: string): void => {
    writeFileSync(join(apt, file), text);
  };
  const suites = (env: Record<string, string> = {}): string[] =>
    debianSuites(apt, env).map(({ url, name, trusted }) => `${url} ${name}${trusted === true ? " trusted" : ""}`);

  it("is the host's mirrors of our release, with other vendors', sources, and switched-off ones left out", () => {
    write(
      "sources.list.d/debian.sources",
      [
        "# a comment\nTypes: deb deb-src\nURIs: http://mirror.example/debian/\nSuites: bookworm bookworm-updates\nComponents: main contrib",
        "Types: deb\nURIs: http://mirror.example/debian-security\nSuites: bookworm-security\nComponents: main",
        "Types: deb\nURIs: http://vendor.example\nSuites: nodistro\nComponents: main",
        "Types: deb\nEnabled: no\nURIs: http://off.example/debian\nSuites: bookworm\nComponents: main",
        "Types: deb-src\nURIs: http://src.example/debian\nSuites: bookworm\nComponents: main",
      ].join("\n\n"),
    );
    write("sources.list.d/sdk.list", "deb http://vendor.example cloud-sdk-bookworm main\n");
    write("sources.list.d/old.list.save", "deb http://old.example/debian bookworm main\n");
    expect(suites()).to.deep.equal([
      "http://mirror.example/debian bookworm",
      "http://mirror.example/debian bookworm-updates",
      "http://mirror.example/debian-security bookworm-security",
    ]);
  });

  it("is read from lines too, with apt's trust in a mirror without a signature", () => {
    write(
      "sources.list",
      "# deb http://no.example bookworm main\ndeb [arch=amd64 trusted=yes] https://m.example/d bookworm main\n",
    );
    expect(suites()).to.deep.equal(["https://m.example/d bookworm trusted"]);
  });

  it("is the mirror of a host that has another release of Debian", () => {
    write("sources.list", "deb http://m.example/debian trixie main\ndeb http://sec.example/s trixie-security main\n");
    expect(suites()).to.deep.equal([
      "http://m.example/debian bookworm",
      "http://m.example/debian bookworm-updates",
      "http://sec.example/s bookworm-security",
    ]);
  });

  it("is Debian's own server on a host of another system", () => {
    write("sources.list", "deb http://archive.ubuntu.example/ubuntu noble main\ndeb cdrom:[Debian] bookworm main\n");
    expect(suites()).to.deep.equal([
      "http://deb.debian.org/debian bookworm",
      "http://deb.debian.org/debian bookworm-updates",
      "http://deb.debian.org/debian-security bookworm-security",
    ]);
  });

  it("is what MILLRACE_DEBIAN_MIRROR names, which must be an address", () => {
    write("sources.list", "deb http://m.example/debian bookworm main\n");
    expect(suites({ MILLRACE_DEBIAN_MIRROR: "https://mine.example/debian/" })).to.deep.equal([
      "https://mine.example/debian bookworm",
      "https://mine.example/debian bookworm-updates",
      "https://mine.example/debian-security bookworm-security",
    ]);
    expect(() => suites({ MILLRACE_DEBIAN_MIRROR: "mine.example" })).to.throw(
      /^\$MILLRACE_DEBIAN_MIRROR is not an address; give that of a mirror of Debian/,
    );
  });

  it("has further suites on the same mirror", () => {
    const all = [{ url: "http://m.example/debian", name: "bookworm" }];
    expect(furtherSuite(all, "trixie-backports")).to.deep.equal({
      url: "http://m.example/debian",
      name: "trixie-backports",
    });
  });

  it("is reached by apt's proxies, and directly where apt says so", () => {
    const options = [
      'Acquire::http::Proxy "http://ada:secret@proxy:3128";',
      'Acquire::http::Proxy::inside.example "DIRECT";',
      'Acquire::https::Verify-Peer "true";',
      'Acquire::Check-Valid-Until "false";',
    ];
    expect(proxyVariables(options, { no_proxy: "localhost" })).to.deep.equal({
      http_proxy: "http://ada:secret@proxy:3128",
      no_proxy: "localhost,inside.example",
    });
    expect(proxyVariables([], {})).to.deep.equal({});
  });

  it("is trusted by Debian's keys, and by those that the host's apt trusts", () => {
    mkdirSync(join(apt, "trusted.gpg.d"));
    for (const name of ["own.asc", "own.gpg", "README"]) write(`trusted.gpg.d/${name}`, "");
    const files = keyFiles(apt);
    expect(files.filter((file) => file.startsWith(apt)).map((file) => file.slice(apt.length))).to.have.members([
      "/trusted.gpg.d/own.asc",
      "/trusted.gpg.d/own.gpg",
    ]);
    expect(files.filter((file) => /\/keys\/(bookworm|trixie)-[a-z-]+\.asc$/.test(file))).to.have.length(6);
  });
});
