import { expect } from "chai";
import { GarageAdmin } from "../../../../components/object-store/programs/garage-admin.ts";
import { setUp, setupSchema } from "../../../../components/object-store/programs/setup.ts";
import { type LocalServer, serveHttp } from "../../../support/local-server.ts";

interface Rights {
  read: boolean;
  write: boolean;
  owner: boolean;
}

/** Garage's admin API in memory, with its rule that the id of a deleted key is never taken again. */
class FakeGarage {
  readonly buckets = new Map<string, Map<string, Rights>>();
  readonly keys = new Map<string, { name: string; secret: string }>();
  readonly deletedKeys = new Set<string>();

  answer(path: string, query: URLSearchParams, body: Record<string, unknown>): [number, unknown] {
    switch (path) {
      case "/health":
        return [200, {}];
      case "/v2/ListKeys":
        return [200, [...this.keys].map(([id, { name }]) => ({ id, name }))];
      case "/v2/GetKeyInfo": {
        const id = query.get("id") ?? "";
        const key = this.keys.get(id);
        return key === undefined ? [404, {}] : [200, { accessKeyId: id, name: key.name, secretAccessKey: key.secret }];
      }
      case "/v2/ImportKey": {
        const id = String(body["accessKeyId"]);
        if (this.keys.has(id) || this.deletedKeys.has(id)) return [409, { code: "KeyAlreadyExists" }];
        this.keys.set(id, { name: String(body["name"]), secret: String(body["secretAccessKey"]) });
        return [200, {}];
      }
      case "/v2/DeleteKey":
        this.deletedKeys.add(query.get("id") ?? "");
        this.keys.delete(query.get("id") ?? "");
        return [200, undefined];
      case "/v2/CreateBucket":
        this.buckets.set(String(body["globalAlias"]), new Map());
        return this.#bucket(String(body["globalAlias"]));
      case "/v2/GetBucketInfo":
        return this.#bucket(query.get("globalAlias") ?? "");
      case "/v2/AllowBucketKey":
      case "/v2/DenyBucketKey": {
        const rights = this.buckets.get(String(body["bucketId"]));
        const id = String(body["accessKeyId"]);
        const held = rights?.get(id) ?? { read: false, write: false, owner: false };
        for (const name of ["read", "write", "owner"] as const) {
          if ((body["permissions"] as Rights)[name]) held[name] = path === "/v2/AllowBucketKey";
        }
        rights?.set(id, held);
        return [200, {}];
      }
      default:
        return [404, {}];
    }
  }

  #bucket(alias: string): [number, unknown] {
    const rights = this.buckets.get(alias);
    if (rights === undefined) return [404, { code: "NoSuchBucket" }];
    const keys = [...rights].map(([accessKeyId, permissions]) => ({ accessKeyId, permissions }));
    return [200, { id: alias, keys }];
  }
}

async function failureOf(task: Promise<unknown>): Promise<string> {
  return task.then(
    () => "no failure",
    (error: unknown) => String(error),
  );
}

describe("object store setup", () => {
  let fake = new FakeGarage();
  let server: LocalServer;
  let url = "";

  before(async () => {
    server = await serveHttp((request, body, response) => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://fake");
      const isAllowed = pathname === "/health" || request.headers.authorization === "Bearer token";
      const [status, answer] = isAllowed
        ? fake.answer(pathname, searchParams, body === "" ? {} : (JSON.parse(body) as Record<string, unknown>))
        : [403, { code: "AccessDenied" }];
      response.writeHead(status);
      response.end(answer === undefined ? "" : JSON.stringify(answer));
    });
    ({ url } = server);
  });
  after(() => server.stop());
  beforeEach(() => {
    fake = new FakeGarage();
  });

  const setup = setupSchema.parse({ buckets: ["lake"], keys: { spark: { lake: ["read", "write"] } } });
  const pairs = new Map([["spark", { accessKey: "GK1", secretKey: "s1" }]]);

  it("makes buckets, keys and rights, and changes nothing the second time", async () => {
    const admin = new GarageAdmin(url, "token");
    expect(await setUp(admin, setup, pairs)).to.deep.equal([
      "bucket lake: created",
      "key spark: created",
      "key spark: may read, write bucket lake",
    ]);
    expect(await setUp(admin, setup, pairs)).to.deep.equal([]);
  });

  it("takes away a right that is no longer declared", async () => {
    const admin = new GarageAdmin(url, "token");
    await setUp(admin, setup, pairs);
    const less = setupSchema.parse({ buckets: ["lake"], keys: { spark: { lake: ["read"] } } });
    expect(await setUp(admin, less, pairs)).to.deep.equal(["key spark: may no longer write bucket lake"]);
    expect(fake.buckets.get("lake")?.get("GK1")).to.deep.equal({ read: true, write: false, owner: false });
  });

  it("deletes the old key when a consumer has a new one", async () => {
    const admin = new GarageAdmin(url, "token");
    await setUp(admin, setup, pairs);
    await setUp(admin, setup, new Map([["spark", { accessKey: "GK2", secretKey: "s2" }]]));
    expect([...fake.keys.keys()]).to.deep.equal(["GK2"]);
  });

  it("refuses a changed secret under the same id before changing anything, and says the way out", async () => {
    const admin = new GarageAdmin(url, "token");
    await setUp(admin, setup, pairs);
    const changed = new Map([["spark", { accessKey: "GK1", secretKey: "other" }]]);
    expect(await failureOf(setUp(admin, setup, changed))).to.contain("new access key id together with the new secret");
    expect([...fake.keys.keys()]).to.deep.equal(["GK1"]);
  });

  it("names the token when the server refuses it, instead of waiting", async () => {
    expect(await failureOf(new GarageAdmin(url, "wrong").problem())).to.contain(
      "is GARAGE_ADMIN_TOKEN_FILE the server's?",
    );
  });

  it("reports a server that is away as a reason to wait", async () => {
    expect(await new GarageAdmin("http://127.0.0.1:65534", "token").problem()).to.contain("ECONNREFUSED");
  });

  it("refuses rights on a bucket that is not declared", () => {
    const result = setupSchema.safeParse({ buckets: ["lake"], keys: { spark: { lakes: ["read"] } } });
    expect(result.error?.issues[0]?.message).to.contain("bucket lakes, which is not declared: lake");
  });
});
