import { expect } from "chai";
import { setupSchema } from "../../../../components/object-store/programs/setup.ts";
import { VersityAdmin } from "../../../../components/object-store/programs/versity-admin.ts";
import { policyOf } from "../../../../components/object-store/programs/versity-policy.ts";
import { setUpVersity } from "../../../../components/object-store/programs/versity-setup.ts";
import { type LocalServer, serveHttp } from "../../../support/local-server.ts";

interface Account {
  Secret: string;
  Role: string;
  ProjectID: string;
}

/** Versity's gateway in memory: accounts by its admin API, buckets and policies by S3. */
class FakeGateway {
  readonly accounts = new Map<string, Account>();
  readonly policies = new Map<string, string>();
  refusal: [number, string] | undefined;

  answer(method: string, url: URL, body: string): [number, string] {
    if (this.refusal !== undefined) return [this.refusal[0], problem(this.refusal[1])];
    if (method === "PATCH") return this.#admin(url, body);
    const bucket = url.pathname.split("/")[1] ?? "";
    if (bucket === "") {
      const all = [...this.policies.keys()].map((name) => `<Bucket><Name>${name}</Name></Bucket>`);
      return [200, `<ListAllMyBucketsResult><Buckets>${all.join("")}</Buckets></ListAllMyBucketsResult>`];
    }
    if (url.searchParams.has("policy")) return this.#policy(method, bucket, body);
    if (method === "PUT") this.policies.set(bucket, "");
    return this.policies.has(bucket) ? [200, ""] : [404, problem("NoSuchBucket")];
  }

  #admin(url: URL, body: string): [number, string] {
    const field = (name: string): string => new RegExp(`<${name}>(.*)</${name}>`).exec(body)?.[1] ?? "";
    const access = url.searchParams.get("access") ?? "";
    switch (url.pathname) {
      case "/list-users": {
        const all = [...this.accounts].map(
          ([name, { Secret, Role, ProjectID }]) =>
            `<Accounts><Access>${name}</Access><Secret>${Secret}</Secret><Role>${Role}</Role><ProjectID>${ProjectID}</ProjectID></Accounts>`,
        );
        return [200, `<ListUserAccountsResult>${all.join("")}</ListUserAccountsResult>`];
      }
      case "/create-user":
        if (this.accounts.has(field("Access"))) return [409, problem("XAdminUserExists")];
        this.accounts.set(field("Access"), {
          Secret: field("Secret"),
          Role: field("Role"),
          ProjectID: field("ProjectID"),
        });
        return [201, ""];
      case "/update-user": {
        const account = this.accounts.get(access);
        if (account === undefined) return [404, problem("XAdminUserNotFound")];
        account.Secret = field("Secret");
        return [200, ""];
      }
      case "/delete-user":
        this.accounts.delete(access);
        return [200, ""];
      default:
        return [404, problem("MethodNotAllowed")];
    }
  }

  #policy(method: string, bucket: string, body: string): [number, string] {
    if (method === "GET") {
      const held = this.policies.get(bucket) ?? "";
      return held === "" ? [404, problem("NoSuchBucketPolicy")] : [200, held];
    }
    this.policies.set(bucket, method === "DELETE" ? "" : body);
    return [204, ""];
  }
}

const problem = (code: string): string =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code} it is</Message></Error>`;

const setup = setupSchema.parse({
  buckets: ["lake", "homes"],
  keys: { spark: { lake: ["read", "write"] }, presto: { lake: ["read"] }, hub: { homes: ["read", "write", "owner"] } },
});
const pairs = new Map(
  ["spark", "presto", "hub"].map((name) => [name, { accessKey: `GK-${name}`, secretKey: `secret of <${name}>` }]),
);

describe("setting up Versity's gateway", () => {
  let gateway: FakeGateway;
  let server: LocalServer;
  let admin: VersityAdmin;
  beforeEach(async () => {
    gateway = new FakeGateway();
    server = await serveHttp((request, body, response) => {
      const url = new URL(request.url ?? "", "http://gateway");
      const [status, text] = gateway.answer(request.method ?? "", url, body);
      response.writeHead(status, { "content-type": "application/xml" }).end(text);
    });
    admin = new VersityAdmin({ url: server.url, region: "us-east-1", accessKey: "root", secretKey: "hush" });
  });
  afterEach(() => server.stop());

  it("makes buckets, accounts and rights, and changes nothing the second time", async () => {
    expect(await setUpVersity(admin, setup, pairs)).to.deep.equal([
      "bucket lake: created",
      "bucket homes: created",
      "key spark: created as GK-spark",
      "key presto: created as GK-presto",
      "key hub: created as GK-hub",
      "bucket lake: rights set",
      "bucket homes: rights set",
    ]);
    expect(gateway.accounts.get("GK-spark")).to.deep.equal({
      Secret: "secret of &lt;spark&gt;",
      Role: "user",
      ProjectID: "7433",
    });
    expect(await setUpVersity(admin, setup, pairs)).to.deep.equal([]);
  });

  it("gives each consumer its own rights by the bucket's policy, and nobody else any", async () => {
    await setUpVersity(admin, setup, pairs);
    const policy = JSON.parse(gateway.policies.get("lake") ?? "") as { Statement: Record<string, unknown>[] };
    expect(policy.Statement.map(({ Principal, Effect }) => [Principal, Effect])).to.deep.equal([
      [{ AWS: ["GK-spark"] }, "Allow"],
      [{ AWS: ["GK-spark"] }, "Allow"],
      [{ AWS: ["GK-presto"] }, "Allow"],
      [{ AWS: ["GK-presto"] }, "Allow"],
    ]);
    expect(policy.Statement[2]).to.deep.include({
      Action: ["s3:GetBucketLocation", "s3:ListBucket"],
      Resource: ["arn:aws:s3:::lake"],
    });
    expect(policy.Statement[3]).to.deep.include({
      Action: ["s3:GetObject"],
      Resource: ["arn:aws:s3:::lake/*"],
    });
    expect(policy.Statement[1]?.["Action"]).to.include.members(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]);
  });

  it("fits many consumers of a bucket into the attribute that the server keeps its policy in, each with its own rights", () => {
    const names = Array.from({ length: 40 }, (_, number) => `consumer-${number}`);
    const rightsOf = (number: number) => (["read", "write", "owner"] as const).slice(number % 3, (number % 3) + 2);
    const keys = Object.fromEntries(names.map((name, number) => [name, { lake: rightsOf(number) }]));
    const many = new Map(
      names.map((name, number) => [name, { accessKey: `GK${String(number).padStart(24, "0")}`, secretKey: "s" }]),
    );
    const policy = policyOf("lake", setupSchema.parse({ buckets: ["lake"], keys }), many);
    // ext4 has 4096 bytes for all attributes of a folder; the owner and the list of who may what take some of them.
    expect(JSON.stringify(policy).length).to.be.lessThan(3500);
    for (const [number, name] of names.entries()) {
      const own = policy?.Statement.filter(({ Principal }) => Principal.AWS.includes(many.get(name)?.accessKey ?? ""));
      const sids = (own ?? []).map(({ Sid }) => Sid);
      expect(sids).to.deep.equal(["bucket", "object"].map((what) => `${rightsOf(number).join("+")} ${what}`));
    }
  });

  it("takes away rights and accounts that are no longer declared, and leaves those that others made", async () => {
    await setUpVersity(admin, setup, pairs);
    gateway.accounts.set("somebody", { Secret: "s", Role: "user", ProjectID: "0" });
    const less = { buckets: setup.buckets, keys: { spark: { lake: ["read" as const] } } };
    expect(await setUpVersity(admin, less, new Map([...pairs].slice(0, 1)))).to.deep.equal([
      "bucket lake: rights set",
      "bucket homes: rights set",
      "key GK-presto: deleted, no consumer has it",
      "key GK-hub: deleted, no consumer has it",
    ]);
    expect([...gateway.accounts.keys()]).to.deep.equal(["GK-spark", "somebody"]);
    expect(gateway.policies.get("homes")).to.equal("");
  });

  it("takes away rights on a bucket that is no longer declared, with its accounts still there, and nothing that others gave", async () => {
    await setUpVersity(admin, setup, pairs);
    gateway.accounts.set("somebody", { Secret: "s", Role: "user", ProjectID: "0" });
    const statement = { Effect: "Allow", Action: ["s3:GetObject"], Resource: ["arn:aws:s3:::homes/*"] };
    const others = [
      { ...statement, Sid: "theirs object", Principal: { AWS: ["somebody"] } },
      { ...statement, Sid: "for all", Principal: "*" },
    ];
    const held = JSON.parse(gateway.policies.get("homes") ?? "") as { Statement: object[] };
    gateway.policies.set("homes", JSON.stringify({ ...held, Statement: [...held.Statement, ...others] }));
    gateway.policies.set("no name that a setup takes", "{}");
    gateway.policies.set("not-ours", JSON.stringify({ Version: "2012-10-17", Statement: others }));
    const less = setupSchema.parse({ buckets: ["lake"], keys: { ...setup.keys, hub: {} } });
    const taken = "bucket homes: rights taken away, it is not declared any more";
    expect(await setUpVersity(admin, less, pairs)).to.deep.equal([taken]);
    expect(JSON.parse(gateway.policies.get("homes") ?? "")).to.deep.equal({ Version: "2012-10-17", Statement: others });
    expect(await setUpVersity(admin, less, pairs)).to.deep.equal([]);
    gateway.policies.set("homes", JSON.stringify(held));
    expect(await setUpVersity(admin, less, pairs)).to.deep.equal([taken]);
    expect(gateway.policies.get("homes")).to.equal("");
  });

  it("changes a secret in place", async () => {
    await setUpVersity(admin, setup, pairs);
    const changed = new Map([...pairs, ["spark", { accessKey: "GK-spark", secretKey: "new" }]]);
    expect(await setUpVersity(admin, setup, changed)).to.deep.equal(["key spark: secret changed"]);
    expect(gateway.accounts.get("GK-spark")?.Secret).to.equal("new");
  });

  it("waits for a server that is not there yet, and not for one that refuses the root account", async () => {
    gateway.refusal = [503, "SlowDown"];
    expect(await admin.problem()).to.contain("HTTP status: 503");
    gateway.refusal = [403, "SignatureDoesNotMatch"];
    const refused = await admin.problem().catch((error: unknown) => (error as Error).message);
    expect(refused).to.equal(`${server.url} refuses its root account: SignatureDoesNotMatch it is`);
    gateway.refusal = undefined;
    expect(await admin.problem()).to.equal(undefined);
  });
});
