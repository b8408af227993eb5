import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { pullLogin } from "../../images/pull-login.ts";

describe("the login with which nodes pull", () => {
  const chosen = process.env["DOCKER_CONFIG"];
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "millrace-pull-"));
    process.env["DOCKER_CONFIG"] = folder;
  });
  afterEach(() => {
    if (chosen === undefined) delete process.env["DOCKER_CONFIG"];
    else process.env["DOCKER_CONFIG"] = chosen;
    rmSync(folder, { recursive: true });
  });
  const logins = (auths: Record<string, unknown>): void => {
    writeFileSync(join(folder, "config.json"), JSON.stringify({ auths }));
  };
  const auth = Buffer.from("ana:a").toString("base64");
  const registry = { push: "push.example:5000/team", pull: "pull.example/team" };
  const failure = async (): Promise<string> =>
    await pullLogin(registry).then(
      () => "nothing failed",
      (error: unknown) => (error as Error).message,
    );

  it("is that for the registry by the nodes' name, else that by this machine's", async () => {
    logins({ "push.example:5000": { auth } });
    const found = { server: "pull.example", username: "ana", password: "a" };
    expect(await pullLogin(registry)).to.deep.equal(found);
    logins({ "push.example:5000": { auth }, "pull.example": { auth: Buffer.from("ben:b").toString("base64") } });
    expect(await pullLogin(registry)).to.deep.equal({ ...found, username: "ben", password: "b" });
  });

  it("is refused with the way out where there is none, or one that nodes can't use", async () => {
    expect(await failure()).to.equal(
      "millrace:images.pullLogin: this machine has no login for pull.example; run docker login pull.example, or name a Secret in millrace:images.pullSecret",
    );
    logins({ "pull.example": { auth, identitytoken: "t" } });
    expect(await failure()).to.contain("is a token of Docker's, which nodes can't use");
  });
});
