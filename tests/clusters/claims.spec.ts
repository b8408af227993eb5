import { expect } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { livePlatform } from "../../clusters/claims.ts";
import type { TargetProfile } from "../../clusters/profile.ts";
import { targetProfile } from "../../clusters/targets.ts";
import { loadConfig } from "../../config/index.ts";
import { writeKubeconfig } from "../support/kubeconfig.ts";
import { type LocalServer, serveHttp } from "../support/local-server.ts";

const GI = 2 ** 30;
const namespace = (name: string, labels: object) => ({ metadata: { name, labels } });
const claims = {
  items: [
    {
      metadata: {
        name: "data-kafka-0",
        namespace: "millrace",
        labels: { "app.kubernetes.io/name": "kafka" },
        annotations: { "millrace/data-of": "a broker" },
      },
      spec: { storageClassName: "fast", resources: { requests: { storage: "6Gi" } } },
      status: { capacity: { storage: "5Gi" } },
    },
    { metadata: { name: "somebody-s", namespace: "millrace" }, spec: { resources: { requests: { storage: "1Gi" } } } },
  ],
};
const sets = {
  items: [
    {
      metadata: { name: "kafka", namespace: "millrace", labels: { "app.kubernetes.io/name": "kafka" } },
      spec: {
        replicas: 3,
        volumeClaimTemplates: [{ metadata: { name: "data" } }],
        template: {
          spec: {
            containers: [
              {
                volumeMounts: [
                  { name: "tmp", mountPath: "/tmp" },
                  { name: "data", mountPath: "/var/lib/kafka/data" },
                ],
              },
            ],
          },
        },
      },
    },
  ],
};

describe("what a stack has in its cluster", () => {
  let server: LocalServer;
  let folder: string;
  let profile: TargetProfile;
  let answers: Record<string, object | number>;
  let asked: string[];

  beforeEach(async () => {
    asked = [];
    answers = {
      "/api/v1/namespaces": { items: [namespace("millrace", { "millrace/stack-id": "ours" })] },
      "/apis/storage.k8s.io/v1/storageclasses": {
        items: [
          { metadata: { name: "slow" } },
          { metadata: { name: "fast", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } } },
        ],
      },
      "/api/v1/namespaces/millrace/persistentvolumeclaims": claims,
      "/apis/apps/v1/namespaces/millrace/statefulsets": sets,
    };
    server = await serveHttp((request, _body, response) => {
      const answer = answers[request.url ?? ""] ?? 404;
      asked.push(request.url ?? "");
      response.writeHead(typeof answer === "number" ? answer : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(answer));
    });
    folder = mkdtempSync(join(tmpdir(), "claims-"));
    const kubeconfig = writeKubeconfig(folder, { ctx: server.url });
    const cluster = loadConfig({
      "millrace:cluster": { target: "cloud", context: "ctx", kubeconfig, registry: { push: "r.example" } },
    }).cluster;
    profile = targetProfile(cluster);
  });
  afterEach(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  const found = {
    claims: [
      {
        namespace: "millrace",
        name: "data-kafka-0",
        service: "kafka",
        ordinal: 0,
        storageClass: "fast",
        sizeBytes: 6 * GI,
        capacityBytes: 5 * GI,
        dataOf: "a broker",
      },
    ],
    sets: [
      {
        namespace: "millrace",
        service: "kafka",
        replicas: 3,
        hasClaims: true,
        mountPaths: ["/tmp", "/var/lib/kafka/data"],
      },
    ],
    madeNamespaces: [] as string[],
    defaultStorageClass: "fast",
  };
  const made = { ...found, madeNamespaces: ["millrace"] };

  it("is what lies in the namespaces with its id", async () => {
    expect(await livePlatform(profile, { stackId: "ours", namespaces: [] })).to.deep.equal(found);
  });

  it("is nothing of a namespace with another stack's id, whatever its name", async () => {
    const other = await livePlatform(profile, { stackId: "theirs", namespaces: ["millrace"] });
    expect(other).to.deep.equal({ claims: [], sets: [], madeNamespaces: [], defaultStorageClass: "fast" });
    expect(asked).not.to.include("/api/v1/namespaces/millrace/persistentvolumeclaims");
  });

  it("is what an older Millrace made: of the name, and on the embedded cluster of any name", async () => {
    const old = namespace("millrace", { "app.kubernetes.io/part-of": "millrace" });
    answers["/api/v1/namespaces"] = { items: [old] };
    expect(await livePlatform(profile, { namespaces: ["millrace"] })).to.deep.equal(made);
    expect(await livePlatform(profile, { namespaces: ["data"] })).to.deep.include({ claims: [] });
    expect(await livePlatform({ ...profile, target: "embedded" }, { namespaces: ["data"] })).to.deep.equal(made);
  });

  it("is asked of the namespace alone where one may not list them", async () => {
    answers["/api/v1/namespaces"] = 403;
    answers["/apis/storage.k8s.io/v1/storageclasses"] = 403;
    const { claims: only, sets: alone } = found;
    expect(await livePlatform(profile, { namespaces: ["millrace"] })).to.deep.equal({
      claims: only,
      sets: alone,
      madeNamespaces: [],
    });
  });

  it("is not what bears another stack's id in a namespace that both use", async () => {
    const ours = "0123456789abcdef";
    const theirs = "fedcba9876543210";
    answers["/api/v1/namespaces"] = { items: [namespace("millrace", {})] };
    const bears = (item: object, id: string) => {
      const { metadata } = item as { metadata: { labels: object } };
      return { ...item, metadata: { ...metadata, labels: { ...metadata.labels, "millrace/stack-id": id } } };
    };
    const [claim, set] = [claims.items[0] ?? {}, sets.items[0] ?? {}];
    answers["/api/v1/namespaces/millrace/persistentvolumeclaims"] = { items: [bears(claim, theirs)] };
    answers["/apis/apps/v1/namespaces/millrace/statefulsets"] = { items: [bears(set, theirs)] };
    const seen = { madeNamespaces: [], defaultStorageClass: "fast" };
    expect(await livePlatform(profile, { stackId: ours, namespaces: ["millrace"] })).to.deep.equal({
      ...seen,
      claims: [],
      sets: [],
      claimsOfOthers: [{ ...found.claims[0], stack: theirs }],
    });
    expect(await livePlatform(profile, { stackId: theirs, namespaces: ["millrace"] })).to.deep.equal({
      ...seen,
      claims: found.claims,
      sets: found.sets,
    });
  });

  it("is found by the kubeconfig that every other part finds: below ~, or of the files that $KUBECONFIG names", async () => {
    const before = { HOME: process.env["HOME"], KUBECONFIG: process.env["KUBECONFIG"] };
    const owner = { stackId: "ours", namespaces: [] };
    try {
      process.env["HOME"] = folder;
      expect(await livePlatform({ ...profile, kubeconfig: "~/kubeconfig" }, owner)).to.deep.equal(found);
      process.env["KUBECONFIG"] = `${join(folder, "none")}:${join(folder, "kubeconfig")}`;
      expect(await livePlatform({ ...profile, kubeconfig: "" }, owner)).to.deep.equal(found);
    } finally {
      for (const [name, value] of Object.entries(before)) {
        if (value === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = value;
      }
    }
  });

  it("does not count a claim whose data were handed over, and knows it to be empty", async () => {
    const [claim] = claims.items;
    const annotations = { ...claim?.metadata.annotations, "millrace/handed-over": "2026-11-27T12:00:00Z" };
    answers["/api/v1/namespaces/millrace/persistentvolumeclaims"] = {
      items: [{ ...claim, metadata: { ...claim?.metadata, annotations } }],
    };
    const live = await livePlatform(profile, { stackId: "ours", namespaces: [] });
    expect([live?.claims, live?.emptyClaims]).to.deep.equal([[], found.claims]);
  });

  it("is not known where nobody answers, or the context is not there", async () => {
    answers["/api/v1/namespaces"] = 500;
    expect(await livePlatform(profile, { namespaces: ["millrace"] })).to.equal(undefined);
    expect(await livePlatform({ ...profile, context: "other" }, { namespaces: ["millrace"] })).to.equal(undefined);
    expect(await livePlatform({ ...profile, kubeconfig: "/nowhere" }, { namespaces: ["millrace"] })).to.equal(
      undefined,
    );
  });
});
