import { expect } from "chai";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import * as tar from "tar-stream";
import { gather, pack, renderDiagnosis, type Sources, withoutSealed } from "../../cli/diagnose.ts";
import { KubeError } from "../../clusters/kubernetes-client.ts";

describe("npm run diagnose", () => {
  const canaries = {
    password: "canary-Pw-7Hq2xx",
    "tls.key": "-----BEGIN KEY-----\ncanaryLine9Zt4QQQQ\n-----END KEY-----",
  };
  const own = "canary-of-the-file-33";
  const encoded = (value: string): string => Buffer.from(value).toString("base64");
  const pod = {
    metadata: { name: "kafka-0", managedFields: [{ manager: "us" }] },
    spec: { containers: [{ name: "broker", env: [{ name: "PASSWORD", value: canaries.password }] }] },
    status: {
      initContainerStatuses: [{ name: "prepare", restartCount: 0 }],
      containerStatuses: [{ name: "broker", restartCount: 2, containerID: "containerd://1" }],
    },
  };
  const log = `hush ${canaries.password}\nconfig ${encoded(canaries.password)}\ncanaryLine9Zt4QQQQ\n${own}\nall is well\n`;
  const asked: string[] = [];
  const kube = (secrets: () => Promise<unknown>): NonNullable<Sources["kube"]> => ({
    get: async <T>(path: string): Promise<T> => {
      asked.push(path);
      if (path.endsWith("/namespaces/data-users")) throw new KubeError(404, "not found");
      if (path.endsWith("/secrets")) return (await secrets()) as T;
      if (path.endsWith("/cronjobs")) throw new KubeError(403, `forbidden to ${own}`);
      return { items: path.endsWith("/pods") ? [pod] : [] } as T;
    },
    text: (path) => {
      asked.push(path);
      return Promise.resolve(path.includes("previous") ? "it died\n" : log);
    },
  });
  const data = Object.fromEntries(Object.entries(canaries).map(([key, value]) => [key, encoded(value)]));
  const listed = () => Promise.resolve({ items: [{ data }, {}] });
  const gathered = async (secrets: () => Promise<unknown> = listed) => {
    asked.length = 0;
    return await gather(
      {
        texts: {
          "versions.json": () => Promise.resolve(`{"told": "${own}"}`),
          "status.json": () => Promise.reject(new Error("the cluster is off")),
        },
        ownSecrets: () => [own],
        kube: kube(secrets),
        namespaces: ["data", "data-users"],
      },
      () => undefined,
    );
  };

  it("has objects and logs, also of containers that have ended, without any secret", async () => {
    const { files, masked, missing } = await gathered();
    const all = [...files].flat().join("\n");
    for (const secret of [canaries.password, encoded(canaries.password), "canaryLine9Zt4QQQQ", own]) {
      expect(all).not.to.contain(secret);
    }
    expect(all).not.to.contain("managedFields");
    expect(masked).to.be.greaterThan(5);
    expect(files.get("data/logs/kafka-0/broker.log")).to.equal(
      "hush [secret]\nconfig [secret]\n[secret]\n[secret]\nall is well\n",
    );
    expect(files.get("data/logs/kafka-0/broker.before.log")).to.equal("it died\n");
    expect([...files.keys()].filter((name) => name.includes("prepare") || name.startsWith("data-users"))).to.deep.equal(
      [],
    );
    expect(missing).to.deep.equal(["status.json: the cluster is off", "data/cronjobs.json: forbidden to [secret]"]);
    expect(files.get("README.txt")).to.contain("- status.json: the cluster is off\n- data/cronjobs.json: forbidden");
  });

  it("only looks", async () => {
    await gathered();
    expect(asked.every((path) => path.startsWith("/api"))).to.equal(true);
    expect(asked.filter((path) => path.includes("/secrets"))).to.deep.equal(["/api/v1/namespaces/data/secrets"]);
  });

  it("hands on nothing of a namespace whose secrets it does not know", async () => {
    const { files, missing } = await gathered(() => Promise.reject(new KubeError(403, "forbidden")));
    expect([...files.keys()]).to.deep.equal(["versions.json", "nodes.json", "README.txt"]);
    expect(missing[1]).to.equal("data: its Secrets can't be read, so nothing of it is handed on: forbidden");
    // It has lines of logs, too.
    const shown = await gather(
      {
        texts: { "status.json": () => Promise.resolve("crash: hush"), "doctor.json": () => Promise.resolve("hush") },
        ownSecrets: () => [],
        kube: kube(() => Promise.reject(new KubeError(403, "forbidden"))),
        namespaces: ["data"],
      },
      () => undefined,
    );
    expect([...shown.files.keys()]).to.deep.equal(["nodes.json", "README.txt"]);
    expect(shown.missing[1]).to.equal("status.json: it has the last lines of services whose secrets are not known");
  });

  it("takes a server that fails for no answer, not for a namespace that is not there", async () => {
    const failing = {
      ...kube(listed),
      get: <T>(path: string): Promise<T> =>
        path.endsWith("/namespaces/data")
          ? Promise.reject(new KubeError(500, "etcd is away"))
          : kube(listed).get<T>(path),
    };
    const { missing } = await gather(
      { texts: {}, ownSecrets: () => [], kube: failing, namespaces: ["data"] },
      () => undefined,
    );
    expect(missing).to.deep.equal(["data: its Secrets can't be read, so nothing of it is handed on: etcd is away"]);
  });

  it("has the stack's file without what is sealed in it", () => {
    const file =
      "encryptionsalt: v1:abc\nconfig:\n  millrace:services:\n    kafka:\n      password:\n        secure: v1:xyz\n      replicas: 1\n";
    expect(withoutSealed(file)).to.equal(
      'encryptionsalt: "[secret]"\nconfig:\n  millrace:services:\n    kafka:\n      password: "[secret]"\n      replicas: 1\n',
    );
    expect(withoutSealed("")).to.equal("{}\n");
    const plain = "config:\n  zookeeper:\n    password: hunter22\n    secretName: mine\n    username: me\n";
    expect(withoutSealed(plain)).to.equal(plain.replace("hunter22", '"[secret]"'));
  });

  it("is an archive with one folder", async () => {
    const packed = await pack(
      new Map([
        ["b.txt", "two"],
        ["a/ä.txt", "one ä"],
      ]),
      new Date(0),
    );
    const entries: [string, string][] = [];
    const extract = tar.extract();
    const reading = (async () => {
      for await (const entry of extract) entries.push([entry.header.name, await text(entry)]);
    })();
    Readable.from(gunzipSync(packed)).pipe(extract);
    await reading;
    expect(entries).to.deep.equal([
      ["millrace/a/ä.txt", "one ä"],
      ["millrace/b.txt", "two"],
    ]);
  });

  it("says where the file is, and what is not in it", () => {
    const report = { file: "/x.tgz", bytes: 2048, contents: ["a", "b"], masked: 3, missing: ["status.json: off"] };
    expect(renderDiagnosis(report)).to.equal(
      "/x.tgz: 2 KiB, 2 files; secrets were taken out at 3 places\nnot in it: status.json: off\n" +
        "Look through it before you hand it on: tar xzf, then README.txt.",
    );
  });
});
