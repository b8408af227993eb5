import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { ownFolder } from "../support/own-folder.ts";
import { pullLogin } from "../../images/pull-login.ts";

describe("the login with which nodes pull", () => {
  const folder = ownFolder("DOCKER_CONFIG");
  const logins = (auths: Record<string, unknown>): void => {
    writeFileSync(join(folder(), "config.json"), JSON.stringify({ auths }));
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
