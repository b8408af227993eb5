import { expect } from "chai";
import type { S3Endpoint } from "../../../components/object-store/endpoint.ts";
import { minioPolicy, minioSetupScript } from "../../../components/object-store/object-store-minio.ts";
import {
  existingObjectStore,
  ObjectStore,
  objectStoreProblems,
  setupConfig,
} from "../../../components/object-store/object-store.ts";
import { setupSchema } from "../../../components/object-store/programs/setup.ts";
import { policyOf } from "../../../components/object-store/programs/versity-policy.ts";
import { Storage } from "../../../platform/storage.ts";
import { envOf, nodePorts, resources } from "../../support/fixtures.ts";
import { mock, type Mocked, namesOf, valueOf } from "../../support/mocks.ts";

const buckets = ["lake", "checkpoints"];
const keys = { spark: { lake: "readWrite", checkpoints: "readWrite" }, proof: { lake: "read" } } as const;

function make(kind: "garage" | "versity" | "minio"): ObjectStore<"spark" | "proof"> {
  return new ObjectStore("object-store", {
    namespace: "data",
    server: { kind, image: `${kind}:1` },
    toolsImage: "tools:1",
    buckets,
    keys,
    storage: new Storage({ storageClass: "default" }),
    exposure: nodePorts,
    resources,
    setupResources: resources,
  });
}

const sources = {
  garage: { access: (consumer: "spark" | "proof") => make("garage").access(consumer), port: 3900, region: "us-east-1" },
  versity: {
    access: (consumer: "spark" | "proof") => make("versity").access(consumer),
    port: 7070,
    region: "us-east-1",
  },
  minio: { access: (consumer: "spark" | "proof") => make("minio").access(consumer), port: 9000, region: "us-east-1" },
  existing: {
    access: (consumer: "spark" | "proof"): S3Endpoint =>
      existingObjectStore({
        protocol: "http",
        host: "object-store.data.svc",
        port: 443,
        region: "eu-1",
        pathStyle: true,
        secretNames: { spark: "object-store-key-spark", proof: "object-store-key-proof" },
      }).access(consumer),
    port: 443,
    region: "eu-1",
  },
};

describe("ObjectStore", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  it("refuses a consumer that has no key, and names those that have one", () => {
    expect(() => make("garage").access("presto" as "spark")).to.throw(
      'objectStore: "presto" has no key; the consumers are spark, proof',
    );
  });

  for (const [kind, { access, port, region }] of Object.entries(sources)) {
    it(`offers ${kind} as the same endpoint, with a consumer's own key by reference`, async () => {
      const endpoint = access("spark");
      expect(endpoint.kind).to.equal("s3");
      expect(endpoint.pathStyle).to.equal(true);
      expect(await valueOf(endpoint.protocol)).to.equal("http");
      expect(await valueOf(endpoint.host)).to.equal("object-store.data.svc");
      expect(await valueOf(endpoint.port)).to.equal(port);
      expect(await valueOf(endpoint.region)).to.equal(region);
      expect(await valueOf(endpoint.credentials.secretName)).to.equal("object-store-key-spark");
      expect(endpoint.credentials).to.include({ accessKeyField: "accessKey", secretKeyField: "secretKey" });
      expect(await namesOf(endpoint.ready)).to.deep.equal(kind === "existing" ? [] : ["object-store-setup"]);
    });
  }

  for (const kind of ["garage", "versity", "minio"] as const) {
    describe(kind, () => {
      it("gives each consumer a key pair of its own, marked as secret", async () => {
        make(kind);
        const spark = await mocked.get("kubernetes:core/v1:Secret", "object-store-key-spark");
        const proof = await mocked.get("kubernetes:core/v1:Secret", "object-store-key-proof");
        expect(spark.inputs.stringData["accessKey"]).to.match(/^GK[0-9a-f]{24}$/);
        expect(spark.inputs.stringData["secretKey"]).to.match(/^[0-9a-f]{64}$/);
        expect(spark.inputs.stringData).not.to.deep.equal(proof.inputs.stringData);
        expect(spark.secrets).to.deep.equal(["stringData"]);
      });

      it("keeps data on a claim that the server mounts", async () => {
        make(kind);
        const { inputs } = await mocked.get("kubernetes:apps/v1:StatefulSet", "object-store");
        expect(inputs.spec.volumeClaimTemplates[0].spec.resources.requests.storage).to.equal("10Gi");
        const mounts = inputs.spec.template.spec.containers[0].volumeMounts;
        expect(mounts.find(({ name }) => name === "data")?.mountPath).to.equal(
          { garage: "/var/lib/garage", versity: "/var/lib/versitygw", minio: "/data" }[kind],
        );
      });

      it("writes on the claim whose data it has, which no other server reads", async () => {
        make(kind);
        const [claim] = await mocked.ofType("kubernetes:core/v1:PersistentVolumeClaimPatch");
        expect(claim?.inputs.metadata.annotations).to.include({ "millrace/data-of": kind });
      });

      it("makes buckets and keys by a Job that reads the keys from mounted Secrets", async () => {
        make(kind);
        const { inputs } = await mocked.get("kubernetes:batch/v1:Job", "object-store-setup");
        const text = JSON.stringify(inputs);
        expect(text).to.contain("/run/keys/spark").and.to.contain("object-store-key-proof");
        const secret = await mocked.get("kubernetes:core/v1:Secret", "object-store-key-spark");
        expect(text).not.to.contain(secret.inputs.stringData["secretKey"]);
      });
    });
  }

  it("runs Garage as one node on a config without secrets", async () => {
    make("garage");
    const { inputs } = await mocked.get("kubernetes:apps/v1:StatefulSet", "object-store");
    const container = inputs.spec.template.spec.containers[0];
    expect([container.command, container.args]).to.deep.equal([["/garage"], ["server", "--single-node"]]);
    expect(container.readinessProbe.httpGet).to.deep.equal({ path: "/health", port: 3903 });
    expect(envOf(inputs)).to.deep.equal({
      GARAGE_RPC_SECRET_FILE: "/run/garage/rpcSecret",
      GARAGE_ADMIN_TOKEN_FILE: "/run/garage/adminToken",
      GARAGE_METRICS_TOKEN_FILE: "/run/garage/metricsToken",
      GARAGE_ALLOW_WORLD_READABLE_SECRETS: "true",
    });
    const own = { name: "own", secret: { secretName: "object-store-server" } };
    expect(inputs.spec.template.spec.volumes).to.deep.include(own);
    const setup = envOf((await mocked.get("kubernetes:batch/v1:Job", "object-store-setup")).inputs);
    expect(setup).to.include({
      ADMIN_URL: "http://object-store.data.svc:3903",
      GARAGE_ADMIN_TOKEN_FILE: "/run/garage/adminToken",
    });
    expect(JSON.parse(setup["SETUP_CONFIG"] ?? "")).to.deep.equal({
      buckets,
      keys: { spark: { lake: ["read", "write"], checkpoints: ["read", "write"] }, proof: { lake: ["read"] } },
    });
    expect(JSON.parse(setupConfig({ buckets, keys }))).to.deep.equal(JSON.parse(setup["SETUP_CONFIG"] ?? ""));
  });

  it("runs Versity's gateway with objects and accounts apart, and gives secrets by reference only", async () => {
    make("versity");
    const { inputs } = await mocked.get("kubernetes:apps/v1:StatefulSet", "object-store");
    const container = inputs.spec.template.spec.containers[0];
    expect(container.command?.slice(0, 2)).to.deep.equal(["/bin/sh", "-c"]);
    expect(container.args.join(" ")).to.equal(
      "--port :7070 --region us-east-1 --iam-dir /var/lib/versitygw/accounts --health /healthz --keep-alive --quiet " +
        "posix /var/lib/versitygw/buckets",
    );
    expect(container.readinessProbe.httpGet).to.deep.equal({ path: "/healthz", port: 7070 });
    const root = {
      ROOT_ACCESS_KEY_ID: "object-store-server/rootAccessKey",
      ROOT_SECRET_ACCESS_KEY: "object-store-server/rootSecretKey",
    };
    expect(envOf(inputs)).to.deep.equal(root);
    const setup = envOf((await mocked.get("kubernetes:batch/v1:Job", "object-store-setup")).inputs);
    expect(setup).to.include({ S3_URL: "http://object-store.data.svc:7070", AWS_REGION: "us-east-1", ...root });
  });

  it("runs MinIO by the contract of its official image and publishes its console", async () => {
    const store = make("minio");
    const { inputs } = await mocked.get("kubernetes:apps/v1:StatefulSet", "object-store");
    const container = inputs.spec.template.spec.containers[0];
    expect(container.command).to.equal(undefined);
    expect(container.args).to.deep.equal(["server", "/data", "--address", ":9000", "--console-address", ":9001"]);
    expect(container.livenessProbe.httpGet.path).to.equal("/minio/health/live");
    expect(container.readinessProbe.httpGet.path).to.equal("/minio/health/ready");
    expect(envOf(inputs)).to.deep.equal({
      MINIO_ROOT_USER: "object-store-server/rootUser",
      MINIO_ROOT_PASSWORD: "object-store-server/rootPassword",
    });
    expect(store.consoleAddress && (await valueOf(store.consoleAddress.url))).to.equal("http://127.0.0.1:30901");
  });

  it("gives MinIO's users policies on their own buckets only", () => {
    const text = JSON.stringify(minioPolicy({ lake: "read" }));
    expect(text).to.contain("s3:GetObject").and.to.contain("arn:aws:s3:::lake/*");
    expect(text).not.to.contain("s3:PutObject");
    expect(text).not.to.contain("checkpoints");
    expect(JSON.stringify(minioPolicy({ lake: "readWrite" }))).to.contain("s3:PutObject");
  });

  it("gives a right the same actions by MinIO's policies as by Versity's", () => {
    const pair = { accessKey: "GK-spark", secretKey: "hush" };
    for (const right of ["read", "readWrite", "owner"] as const) {
      const one = { buckets: ["lake"], keys: { spark: { lake: right } } };
      const setup = setupSchema.parse(JSON.parse(setupConfig(one)));
      const { Statement: ours = [] } = policyOf("lake", setup, new Map([["spark", pair]])) ?? {};
      const { Statement: theirs } = minioPolicy({ lake: right }) as { Statement: { Action: string[] }[] };
      expect(ours.map(({ Action }) => Action)).to.deep.equal(theirs.map(({ Action }) => Action));
    }
    expect(minioPolicy({ lake: "readWrite" })).to.deep.equal({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Action: ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
          Resource: ["arn:aws:s3:::lake"],
        },
        {
          Effect: "Allow",
          Action: [
            "s3:GetObject",
            "s3:PutObject",
            "s3:DeleteObject",
            "s3:AbortMultipartUpload",
            "s3:ListMultipartUploadParts",
          ],
          Resource: ["arn:aws:s3:::lake/*"],
        },
      ],
    });
  });

  it("never hands keys to mc as arguments", () => {
    const script = minioSetupScript({ buckets, keys });
    expect(script).to.contain("mc mb --ignore-existing store/lake");
    expect(script).to.match(/secretKey"?; echo; \} \| mc admin user add store;/);
  });

  it("refuses bucket names that S3 does not take and rights on buckets that are not made", () => {
    expect(objectStoreProblems({ buckets: ["La", "lake"], keys: { spark: { ponds: "read" } } })).to.deep.equal([
      'objectStore: "La" is not a bucket name; use 3 to 63 lower-case letters, digits and dashes, with a letter or digit at both ends',
      'objectStore: consumer "spark" has a right on bucket "ponds", which is not made; the buckets are La, lake',
    ]);
  });
});
