import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import Docker from "dockerode";
import { useDockerContext } from "../../clusters/docker-context.ts";

describe("the Docker engine of every part", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "millrace-docker-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const makeContext = (name: string, host: string, isCurrent: boolean, hasTls = false): string => {
    const id = createHash("sha256").update(name).digest("hex");
    mkdirSync(join(folder, "contexts", "meta", id), { recursive: true });
    const meta = { Name: name, Endpoints: { docker: { Host: host, SkipTLSVerify: false } } };
    writeFileSync(join(folder, "contexts", "meta", id, "meta.json"), JSON.stringify(meta));
    if (isCurrent) writeFileSync(join(folder, "config.json"), JSON.stringify({ currentContext: name }));
    const certificates = join(folder, "contexts", "tls", id, "docker");
    if (hasTls) mkdirSync(certificates, { recursive: true });
    return certificates;
  };
  const environment = (given: Record<string, string> = {}): Record<string, string | undefined> => {
    const env: Record<string, string | undefined> = { DOCKER_CONFIG: folder, ...given };
    useDockerContext(env);
    return env;
  };

  it("is that of the context in use, as the docker command takes it", () => {
    makeContext("rootless", "unix:///run/user/1000/docker.sock", true);
    expect(environment()).to.deep.equal({ DOCKER_CONFIG: folder, DOCKER_HOST: "unix:///run/user/1000/docker.sock" });
  });

  it("is that of $DOCKER_CONTEXT before the one in use, and that of $DOCKER_HOST before both", () => {
    makeContext("one", "unix:///one.sock", true);
    makeContext("two", "unix:///two.sock", false);
    expect(environment({ DOCKER_CONTEXT: "two" })["DOCKER_HOST"]).to.equal("unix:///two.sock");
    const both = { DOCKER_CONTEXT: "two", DOCKER_HOST: "tcp://10.0.0.7:2375" };
    expect(environment(both)["DOCKER_HOST"]).to.equal("tcp://10.0.0.7:2375");
  });

  it("is reached by TLS where the context has certificates", () => {
    const certificates = makeContext("far", "tcp://10.0.0.7:2376", true, true);
    expect(environment()).to.include({ DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: certificates });
  });

  it("is the local one without a context", () => {
    expect(environment()).to.deep.equal({ DOCKER_CONFIG: folder });
    expect(environment({ DOCKER_CONTEXT: "default" })["DOCKER_HOST"]).to.equal(undefined);
  });

  it("is refused with the way out where the context is not there", () => {
    expect(() => environment({ DOCKER_CONTEXT: "gone" })).to.throw(
      /context "gone" does not exist.*docker context use default/,
    );
  });

  it("is what the client library then asks", () => {
    makeContext("rootless", "unix:///run/user/1000/docker.sock", true);
    const before = process.env["DOCKER_HOST"];
    try {
      process.env["DOCKER_HOST"] = environment()["DOCKER_HOST"];
      const { modem } = new Docker() as unknown as { modem: { socketPath?: string } };
      expect(modem.socketPath).to.equal("/run/user/1000/docker.sock");
    } finally {
      if (before === undefined) delete process.env["DOCKER_HOST"];
      else process.env["DOCKER_HOST"] = before;
    }
  });
});
