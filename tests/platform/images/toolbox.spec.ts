import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect } from "chai";
import { isAbandoned } from "../../../platform/images/container.ts";
import { seedReference } from "../../../platform/images/debian/seed-reference.ts";
import { carriedVariables, ownCertificates, placeSettings } from "../../../platform/images/tool-settings.ts";
import { toolsVolume } from "../../../platform/images/cache.ts";
import { runTool, toolboxTags, usesHostTools } from "../../../platform/images/toolbox.ts";

const work = { report: (): void => undefined, signal: new AbortController().signal };

/** Notes how it was called, and plays an engine that has every image; what a container made is in `out/made`. */
const fakeDocker = `#!/bin/sh
printf '%s\\n' "$*" >>"$CALLS"
case $1 in
  image) echo some-id ;;
  create) env | grep -E '^(PIP|HTTPS|SECRET|LINKER)' | sort >"$CALLS.env" ;;
  cp) case $3 in
    */work/out | *:/) ;;
    esac
    case $2 in
      *:/work/out) mkdir -p "$3"; echo result >"$3/made" ;;
      */work) cp -r "$2" "$CALLS.work" ;;
      */root) cp -r "$2" "$CALLS.root" ;;
    esac ;;
  start) echo "line one"; exit "\${FAILS:-0}" ;;
esac
`;

describe("a tool chain", () => {
  const before = { ...process.env };
  let folder: string;
  let calls: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "millrace spec "));
    calls = join(folder, "calls");
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "bin", "docker"), fakeDocker);
    chmodSync(join(folder, "bin", "docker"), 0o755);
    Object.assign(process.env, {
      PATH: `${join(folder, "bin")}${delimiter}${before["PATH"] ?? ""}`,
      MILLRACE_CACHE: join(folder, "cache"),
      CALLS: calls,
      HTTPS_PROXY: "http://ada:secret@proxy:1",
      SECRET: "nobody's business",
      PIP_INDEX_URL: "https://index.example/simple",
      PIP_FIND_LINKS: "/somewhere/here",
    });
    delete process.env["MILLRACE_TOOLS"];
  });
  afterEach(() => {
    for (const name of Object.keys(process.env)) if (!(name in before)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, before);
    rmSync(folder, { recursive: true });
  });
  const called = (): string[] => readFileSync(calls, "utf8").trim().split("\n");
  const script = { tool: "python", script: "make it", args: ["a b"] } as const;

  it("runs in a container that sees no folder of this machine, gets copies, and gives copies back", async () => {
    const lines: string[] = [];
    writeFileSync(join(folder, "input.txt"), "input");
    const out = join(folder, "out");
    const files = { "wanted.txt": join(folder, "input.txt") };
    const onLine = (line: string): void => void lines.push(line);
    expect(await runTool({ ...script, files, texts: { "secret.xml": "<a/>" }, out, onLine }, work)).to.equal(
      "line one\n",
    );
    expect(lines).to.deep.equal(["line one"]);
    expect(readFileSync(join(out, "made"), "utf8")).to.equal("result\n");
    expect(readFileSync(`${calls}.work/wanted.txt`, "utf8")).to.equal("input");
    expect(readFileSync(`${calls}.work/secret.xml`, "utf8")).to.equal("<a/>");
    const create = called().find((line) => line.startsWith("create "))!;
    const image = `millrace/toolbox-python:${toolboxTags().get("toolbox-python")!}`;
    expect(create).to.contain(`--name millrace-work.${hostname()}.${process.pid}.`).and.to.contain(" --network host ");
    // A label would be one of every image and container that is made of this one.
    expect(create).not.to.contain("--label");
    expect(create).to.contain(`--mount type=volume,source=${toolsVolume()},target=/cache,`);
    expect(create).to.contain(`--workdir /work ${image} sh -euc . /host/toolbox.sh`);
    expect(create).not.to.match(/type=bind|--volume|-v /);
    expect(called().at(-1)).to.match(/^rm --force --volumes millrace-work\./);
    expect(readdirSync(join(folder, "cache", "tmp"))).to.deep.equal([]);
  });

  it("has this machine's proxies and mirrors, by names only on the command line, and no variable that names a file", async () => {
    await runTool(script, work);
    const create = called().find((line) => line.startsWith("create "))!;
    expect(create).to.contain("--env HTTPS_PROXY ").and.to.contain("--env PIP_INDEX_URL ");
    expect(create).not.to.match(/secret|PIP_FIND_LINKS|SECRET/);
    expect(readFileSync(`${calls}.env`, "utf8")).to.contain("HTTPS_PROXY=http://ada:secret@proxy:1\n");
  });

  it("says what failed in the container, and leaves no container behind", async () => {
    process.env["FAILS"] = "3";
    const message = await runTool(script, work).then(
      () => "no error",
      (error: unknown) => (error as Error).message,
    );
    expect(message).to.equal("the container's command ended with exit code 3:\n  line one");
    expect(called().at(-1)).to.match(/^rm --force --volumes millrace-work\./);
  });

  it("is this machine's own when MILLRACE_TOOLS=host asks for it, which the progress says", async () => {
    process.env["MILLRACE_TOOLS"] = "host";
    const said: string[] = [];
    const report = (detail: string): void => void said.push(detail);
    const out = join(folder, "out");
    const run = { tool: "python", script: 'cp wanted.txt "out/$1"', args: ["a b"], out } as const;
    await runTool({ ...run, texts: { "wanted.txt": "input" } }, { ...work, report });
    expect(readFileSync(join(out, "a b"), "utf8")).to.equal("input");
    expect(said).to.deep.equal(["with this machine's python3"]);
    expect(existsSync(calls)).to.equal(false);
  });

  it("that this machine lacks is named with the way out", async () => {
    Object.assign(process.env, { MILLRACE_TOOLS: "host", PATH: join(folder, "bin") });
    const message = await runTool({ tool: "maven", script: "mvn" }, work).then(
      () => "no error",
      (error: unknown) => (error as Error).message,
    );
    expect(message).to.equal(
      "MILLRACE_TOOLS=host, and mvn is not on the PATH: install Maven 3.6 or newer (on Debian: apt-get install maven), " +
        "or unset MILLRACE_TOOLS, and a container has it",
    );
  });

  it("can be in a container or this machine's, and nothing else", () => {
    expect([{}, { MILLRACE_TOOLS: "docker" }, { MILLRACE_TOOLS: "host" }].map(usesHostTools)).to.deep.equal([
      false,
      false,
      true,
    ]);
    expect(() => usesHostTools({ MILLRACE_TOOLS: "podman" })).to.throw(
      /^\$MILLRACE_TOOLS is "podman"; it can be docker/,
    );
  });

  it("has a tag that follows what it is made from, and a volume that follows the folder of caches", () => {
    const tags = toolboxTags();
    expect([...tags.keys()]).to.deep.equal(["toolbox-go", "toolbox-rust", "toolbox-maven", "toolbox-python"]);
    expect(new Set(tags.values()).size).to.equal(4);
    expect(seedReference()).to.match(/^millrace\/seed:[0-9a-f]{16}$/);
    const first = toolsVolume();
    process.env["MILLRACE_CACHE"] = join(folder, "other");
    expect(toolsVolume())
      .to.match(/^millrace-tools-[0-9a-f]{12}$/)
      .and.not.to.equal(first);
  });
});

describe("the settings of this machine", () => {
  it("are found where the clients look for them, and only those that are there", () => {
    const home = mkdtempSync(join(tmpdir(), "millrace-spec-"));
    try {
      for (const [file, text] of Object.entries({
        ".m2/settings.xml": "<settings/>",
        ".config/go/env": "GOPROXY=https://go.example",
        ".pip/pip.conf": "[global]",
        "own/config": "[http]",
      })) {
        mkdirSync(join(home, file, ".."), { recursive: true });
        writeFileSync(join(home, file), text);
      }
      const root = join(home, "root");
      placeSettings(root, home, { CARGO_HOME: join(home, "own") });
      const placed = readdirSync(join(root, "root"), { recursive: true, encoding: "utf8" }).sort();
      expect(placed.filter((path) => /\.(xml|toml|conf)$|env$/.test(path))).to.deep.equal([
        ".cargo/config.toml",
        ".config/go/env",
        ".config/pip/pip.conf",
        ".m2/settings.xml",
      ]);
      expect(readFileSync(join(root, "root", ".cargo", "config.toml"), "utf8")).to.equal("[http]");
    } finally {
      rmSync(home, { recursive: true });
    }
  });

  it("are carried by variables that mean the same elsewhere", () => {
    expect(
      carriedVariables({
        no_proxy: "a",
        GOPROXY: "b",
        GOPATH: "/c",
        CARGO_REGISTRIES_OWN_TOKEN: "d",
        CARGO_HTTP_CAINFO: "/e",
        CARGO_HOME: "/f",
        PIP_CERT: "/g",
        PIP_PROXY: "",
        HOME: "/h",
      }),
    ).to.deep.equal({ no_proxy: "a", GOPROXY: "b", CARGO_REGISTRIES_OWN_TOKEN: "d" });
  });

  it("have the certificates that only this machine trusts", () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-spec-"));
    const pem = (text: string): string => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`;
    const own = pem("a certificate of the specs own");
    writeFileSync(join(folder, "ca.pem"), `# Own\n${pem("known")}\r\n${own}\n`);
    const found = ownCertificates({ PIP_CERT: join(folder, "ca.pem"), SSL_CERT_FILE: "/no/such" }, [pem("known")]);
    expect(found).to.include(own).and.not.to.include(pem("known"));
    rmSync(folder, { recursive: true });
  });
});

describe("a container of a run", () => {
  it("is abandoned when its process on this machine is gone, and else is left alone", () => {
    const gone = (): boolean => false;
    const name = "millrace-work.here.12.0a1b2c3d";
    expect(isAbandoned(name, "here", gone)).to.equal(true);
    expect(isAbandoned(name, "here", () => true)).to.equal(false);
    for (const other of [
      "millrace",
      "my-millrace-work.here.12.0a1b2c3d",
      "millrace-work.there.12.0a1b2c3d",
      `${name}.x`,
      "",
    ]) {
      expect(isAbandoned(other, "here", gone), other).to.equal(false);
    }
  });
});
