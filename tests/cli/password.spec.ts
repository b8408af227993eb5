import { expect } from "chai";

import { UserError } from "../../cli/errors.ts";
import type { Kube } from "../../cli/kube.ts";
import { KubeError } from "../../clusters/kubernetes-client.ts";
import { findPassword, renderPassword } from "../../cli/password.ts";

const secrets: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "airflow-users": { admin: "word-a", proof: "word-p" },
  "jupyterhub-users": { ana: "word-1", bob: "word-2", proof: "word-3" },
  "object-store-key-presto": { accessKey: "GK1", secretKey: "s1" },
  "object-store-key-user-ana": { accessKey: "GK2", secretKey: "s2" },
};

/** A namespace with these Secrets. */
function kube(names: readonly string[], contents = secrets): Pick<Kube, "get"> {
  return {
    get<T>(path: string): Promise<T> {
      const [, name] = /\/api\/v1\/namespaces\/data\/secrets(?:\/([^?]+)|\?)/.exec(path) ?? [];
      if (name === undefined) {
        const items = names.filter((it) => it.startsWith("object-store-")).map((it) => ({ metadata: { name: it } }));
        return Promise.resolve({ items } as T);
      }
      if (!names.includes(name)) return Promise.reject(new KubeError(404, "not found"));
      const encoded = Object.entries(contents[name] ?? {}).map(([key, value]) => [
        key,
        Buffer.from(value).toString("base64"),
      ]);
      return Promise.resolve({ data: Object.fromEntries(encoded) as unknown } as T);
    },
  };
}

const all = kube([...Object.keys(secrets), "object-store-server"]);
const refusal = async (...args: Parameters<typeof findPassword>): Promise<string> => {
  const error: unknown = await findPassword(...args).catch((reason: unknown) => reason);
  expect(error).to.be.instanceOf(UserError);
  return (error as Error).message;
};

describe("npm run password", () => {
  it("prints the password of the only account, and nothing beside it", async () => {
    const report = await findPassword(all, "data", "airflow", undefined);
    expect(report).to.deep.equal({ service: "airflow", user: "admin", accessKey: null, password: "word-a" });
    expect(renderPassword(report)).to.equal("word-a");
  });

  it("prints the password of the account that is asked for", async () => {
    expect((await findPassword(all, "data", "jupyterhub", "bob")).password).to.equal("word-2");
  });

  it("asks which account when there are several, the proof's own not among them", async () => {
    expect(await refusal(all, "data", "jupyterhub", undefined)).to.equal(
      "password: jupyterhub has several accounts; give --user with one of ana, bob",
    );
  });

  it("answers an unknown account with those that there are, and the nearest", async () => {
    expect(await refusal(all, "data", "jupyterhub", "anna")).to.equal(
      'password: jupyterhub has no account "anna"; it has ana, bob; did you mean ana?',
    );
  });

  it("knows people by their own names, in letters of either case", async () => {
    const people = kube(["jupyterhub-users"], {
      "jupyterhub-users": { "ana-2eb": "word-1", "j-2ddoe": "word-2", proof: "word-3" },
    });
    expect((await findPassword(people, "data", "jupyterhub", "Ana.B")).password).to.equal("word-1");
    expect(await refusal(people, "data", "jupyterhub", undefined)).to.contain("one of ana.b, j-doe");
  });

  it("takes the passwords of others where a service has only the proof's own account", async () => {
    const own = { "auth-proxy-users": { proof: "word-p" }, "jupyterhub-users": { ana: "word-1", proof: "word-3" } };
    const both = kube(Object.keys(own), own);
    expect((await findPassword(both, "data", "authProxy", undefined)).password).to.equal("word-1");
    expect((await findPassword(both, "data", "authProxy", "proof")).password).to.equal("word-p");
    const alone = { ...own, "auth-proxy-users": { admin: "word-a", proof: "word-p" } };
    const first = kube(Object.keys(alone), alone);
    expect((await findPassword(first, "data", "authProxy", undefined)).password).to.equal("word-a");
    expect(await refusal(first, "data", "authProxy", "ana")).to.contain('has no account "ana"; it has admin');
    expect(await refusal(kube(["jupyterhub-users"]), "data", "authProxy", undefined)).to.equal(
      "authProxy has no accounts in namespace data: no page of this stack is behind the platform's own login (docs/logins.md)",
    );
  });

  it("prints a key pair for S3, of a user or of a service", async () => {
    expect(renderPassword(await findPassword(all, "data", "objectStore", "ana"))).to.equal(
      "AWS_ACCESS_KEY_ID=GK2\nAWS_SECRET_ACCESS_KEY=s2",
    );
    expect((await findPassword(all, "data", "objectStore", "presto")).accessKey).to.equal("GK1");
  });

  it("says how to get a service that does not run, and that keys of an existing S3 service are elsewhere", async () => {
    expect(await refusal(kube([]), "data", "airflow", undefined)).to.contain(
      "npm run up -- --profile studio (or full) brings it",
    );
    expect(await refusal(kube([]), "data", "objectStore", "ana")).to.contain("its S3 service is an existing one");
  });

  it("does not take a refusal of the API server for an absence", async () => {
    const forbidden = { get: () => Promise.reject(new KubeError(403, "secrets is forbidden")) };
    const error: unknown = await findPassword(forbidden, "data", "airflow", undefined).catch(
      (reason: unknown) => reason,
    );
    expect(error).to.have.property("message", "secrets is forbidden");
  });
});
