import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { dockerLogin } from "../../../platform/registry/docker-logins.ts";

const encoded = (text: string): string => Buffer.from(text).toString("base64");

describe("this machine's logins to registries", () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;
  const write = (config: unknown): void => {
    writeFileSync(join(folder, "config.json"), typeof config === "string" ? config : JSON.stringify(config));
  };
  const helper = (name: string, script: string): void => {
    mkdirSync(join(folder, "bin"), { recursive: true });
    const file = join(folder, "bin", `docker-credential-${name}`);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "millrace-logins-"));
    env = { DOCKER_CONFIG: folder, PATH: `${join(folder, "bin")}:${process.env["PATH"] ?? ""}` };
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const failure = async (server: string): Promise<string> =>
    await dockerLogin(server, env).then(
      () => "nothing failed",
      (error: unknown) => (error as Error).message,
    );

  it("are none where docker login never ran", async () => {
    expect(await dockerLogin("registry.example.com", env)).to.equal(undefined);
  });

  it("are read as docker login writes them, by the registry's name with and without protocol", async () => {
    write({
      auths: { "r.example:5000": { auth: encoded("ana:a:b") }, "https://s.example": { auth: encoded("bob:c") } },
    });
    expect(await dockerLogin("r.example:5000", env)).to.deep.equal({ username: "ana", password: "a:b" });
    expect(await dockerLogin("s.example", env)).to.deep.equal({ username: "bob", password: "c" });
    expect(await dockerLogin("r.example", env)).to.equal(undefined);
  });

  it("are found for Docker's own registry under the name that Docker keeps them by", async () => {
    write({ auths: { "https://index.docker.io/v1/": { auth: encoded("ana:a") } } });
    expect(await dockerLogin("docker.io", env)).to.deep.equal({ username: "ana", password: "a" });
  });

  it("are tokens where the registry gave one for the password", async () => {
    write({ auths: { "r.example": { auth: encoded("0000:"), identitytoken: "t" } } });
    expect(await dockerLogin("r.example", env)).to.deep.equal({ username: "0000", identityToken: "t" });
  });

  it("are asked of the helper that keeps them, the registry's own before the one for all", async () => {
    const answer = (user: string): string =>
      `read key; if [ "$key" = r.example ] || [ "$key" = s.example ]; then echo '{"Username":"${user}","Secret":"x"}'; ` +
      "else echo 'credentials not found in native keychain'; exit 1; fi";
    helper("cloud", answer("cloud"));
    helper("store", answer("store"));
    write({ credsStore: "store", credHelpers: { "r.example": "cloud" } });
    expect(await dockerLogin("r.example", env)).to.deep.equal({ username: "cloud", password: "x" });
    expect(await dockerLogin("s.example", env)).to.deep.equal({ username: "store", password: "x" });
    expect(await dockerLogin("t.example", env)).to.equal(undefined);
  });

  it("that can't be read are an error with the way out, which repeats no password", async () => {
    write('{"auths": {"r.example": {"auth": "c2VjcmV0"}}');
    expect(await failure("r.example"))
      .to.match(/config\.json is not JSON; mend it/)
      .and.not.to.contain("c2VjcmV0");
    write({ auths: { "r.example": { auth: encoded("secret") } } });
    expect(await failure("r.example"))
      .to.match(/the login for r\.example in .* can't be read; log in again: docker login r\.example/)
      .and.not.to.contain("secret");
    write({ credsStore: "gone" });
    expect(await failure("r.example")).to.equal(
      "Docker's config.json names the credential helper docker-credential-gone, which is not on the PATH",
    );
    helper("broken", "echo locked >&2; exit 2");
    write({ credsStore: "broken" });
    expect(await failure("r.example")).to.equal("docker-credential-broken fails for r.example: locked");
  });
});
