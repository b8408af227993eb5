import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { stringify } from "yaml";
import { readAddresses, renderAddresses } from "../cli/addresses.ts";
import { publishedEndpoints } from "../cli/endpoints.ts";
import { readLogins, renderLogins } from "../cli/logins.ts";
import { renderedObject } from "../cli/render.ts";
import { loadConfig } from "../config/index.ts";
import { rooms } from "../config/rooms.ts";
import { type EngineEvent, type EngineOptions, type EngineResult, preview, readStack, up } from "../engine/index.ts";
import { Crypter } from "../engine/secrets.ts";
import { objectOf, type Props, reveal } from "../engine/values.ts";
import { imagesOf } from "../platform/service.ts";
import { FakeCluster } from "./engine/fake-cluster.ts";
import { ownAuthority } from "./support/own-authority.ts";

const root = join(import.meta.dirname, "..");
/** What the program is made of; the rest of the repository is not needed to run it. */
const parts = [
  "platform",
  "components",
  "images",
  "config",
  "clusters",
  "engine",
  "display",
  "check",
  "notebooks",
  "dags",
  "python",
  "index.ts",
  "guard.ts",
];
const passphrase = "correct horse battery";
const given = { kafka: "canary-of-kafka-7Hq2", registry: "canary-of-registry-9Zt4" };

/** The stack's values, the secret ones in the clear. */
const services = {
  ...Object.fromEntries(
    rooms
      .filter((room) => imagesOf(room).length > 0)
      .map(({ name }) => [name, { image: `registry.example/${name.toLowerCase()}:1` }]),
  ),
  objectStore: { image: "registry.example/garage:1", server: "garage" },
  kafka: {
    existing: {
      bootstrapServers: "kafka.acme.example:9093",
      securityProtocol: "SASL_SSL",
      saslMechanism: "SCRAM-SHA-512",
      username: "client-of-kafka",
      password: given.kafka,
      ca: ownAuthority().ca,
    },
  },
};

/** What the controllers of a cluster do: a ready status for each kind that is waited for, and the claims of a StatefulSet. */
function withStatus(cluster: FakeCluster, path: string, object: Props): Props {
  const replicas = Number(objectOf(object["spec"])["replicas"] ?? 1);
  const { generation } = objectOf(object["metadata"]);
  const all = {
    observedGeneration: generation,
    replicas,
    updatedReplicas: replicas,
    availableReplicas: replicas,
    readyReplicas: replicas,
  };
  const templates = (objectOf(object["spec"])["volumeClaimTemplates"] ?? []) as Props[];
  for (const { metadata, spec } of templates as { readonly metadata: Props; readonly spec: Props }[]) {
    const [before = "", set = ""] = path.split("/statefulsets/");
    const namespace = before.split("/").at(-1) ?? "";
    const name = `${String(metadata["name"])}-${set}-0`;
    const status = { phase: "Bound", capacity: objectOf(objectOf(spec["resources"])["requests"]) };
    const kind = { apiVersion: "v1", kind: "PersistentVolumeClaim" };
    const claim = { ...kind, metadata: { ...metadata, name, namespace }, spec, status };
    cluster.put(`/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}`, claim);
  }
  if (/\/(deployments|statefulsets)\//.test(path)) return { ...object, status: all };
  if (path.includes("/jobs/")) return { ...object, status: { conditions: [{ type: "Complete", status: "True" }] } };
  if (path.includes("/services/")) return { ...object, status: { loadBalancer: { ingress: [{ ip: "192.0.2.7" }] } } };
  return object;
}

/** A text as it might stand somewhere: as it is, and encoded as Secrets and URLs encode it; of digits also the bytes that they are. */
function spellings(text: string): string[] {
  const all = [Buffer.from(text), ...(/^([0-9a-f]{2}){16,}$/.test(text) ? [Buffer.from(text, "hex")] : [])];
  const encoded = all.flatMap((bytes) => [
    bytes.toString("base64"),
    bytes.toString("base64url"),
    bytes.toString("hex"),
  ]);
  return [...new Set([text, ...encoded, encodeURIComponent(text)])];
}

/** What a Secret holds. */
function textsOf({ data, stringData }: Props): string[] {
  const encoded = Object.values(objectOf(data)).map((text) => Buffer.from(String(text), "base64").toString());
  return [...encoded, ...Object.values(objectOf(stringData)).map(String)];
}

describe("A secret of the platform", function () {
  this.timeout(300_000);
  const cluster = new FakeCluster();
  const events: EngineEvent[] = [];
  let folder: string;
  let options: EngineOptions;
  let shown: EngineResult;
  let done: EngineResult;
  /** By what it is. */
  let canaries: Map<string, string>;

  /** Names of the canaries that a text has, in whatever spelling. */
  const foundIn = (text: string): string[] =>
    [...canaries].flatMap(([name, secret]) => (spellings(secret).some((one) => text.includes(one)) ? [name] : []));

  before(async () => {
    cluster.controller = (path, object) => withStatus(cluster, path, object);
    await cluster.start();
    folder = mkdtempSync(join(tmpdir(), "millrace-canary-"));
    for (const part of parts) {
      cpSync(join(root, part), join(folder, part), {
        recursive: true,
        filter: (from) => !from.endsWith("node_modules"),
      });
    }
    for (const file of ["Pulumi.yaml", "package.json", "package-lock.json"])
      cpSync(join(root, file), join(folder, file));
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    const kubeconfig = join(folder, "kubeconfig");
    writeFileSync(kubeconfig, cluster.kubeconfig);
    mkdirSync(join(folder, "docker"));
    const auth = Buffer.from(`ana:${given.registry}`).toString("base64");
    writeFileSync(join(folder, "docker/config.json"), JSON.stringify({ auths: { "registry.example": { auth } } }));
    const crypter = await Crypter.create(passphrase);
    const { existing } = services.kafka;
    const sealed = { existing: { ...existing, password: { secure: crypter.encrypt(given.kafka) } } };
    const config = {
      "millrace:profile": "full",
      "millrace:cluster": {
        target: "cloud",
        context: "fake",
        kubeconfig,
        registry: { push: "registry.example" },
        exposure: "loadBalancer",
      },
      "millrace:images": { pullLogin: true },
      "millrace:services": { ...services, kafka: sealed },
    };
    writeFileSync(join(folder, "Pulumi.canary.yaml"), stringify({ encryptionsalt: crypter.state, config }));
    options = {
      projectDir: folder,
      stack: "canary",
      passphrase,
      env: { DOCKER_CONFIG: join(folder, "docker") },
      onEvent: (event) => events.push(event),
    };
    shown = await preview(options);
    done = await up(options);
    const resources = await readStack({ projectDir: folder, stack: "canary", passphrase });
    const generated = resources.flatMap(({ type, urn, outputs }): [string, string][] => {
      const known = reveal(outputs ?? {}) as Readonly<Record<string, unknown>>;
      const text = /:Random(Password|Bytes)$/.test(type) ? (known["result"] ?? known["hex"]) : undefined;
      return typeof text === "string" ? [[urn.split("::").at(-1) ?? "", text]] : [];
    });
    canaries = new Map([...Object.entries(given), ...generated]);
  });
  after(async () => {
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const objects = (): [path: string, object: Props][] => [...cluster.objects];
  const isSecret = ([path]: readonly [string, Props]): boolean => path.includes("/secrets/");

  it("is there to be found: what the stack's file gives, what is generated, and this machine's login", () => {
    expect([shown.errors, done.errors]).to.deep.equal([[], []]);
    expect(canaries.size).to.be.greaterThan(30);
    const held = foundIn(
      objects()
        .filter(isSecret)
        .flatMap(([, secret]) => textsOf(secret))
        .join("\n"),
    );
    // A salt is in no object at all: it only keeps a name from telling what it is made of.
    expect([...canaries.keys()].filter((name) => !held.includes(name))).to.deep.equal(["kafka-client-salt"]);
  });

  it("is in no object but Secrets, and there in the data alone", () => {
    for (const [path, object] of objects()) {
      const told = isSecret([path, object]) ? { ...object, data: {}, stringData: {} } : object;
      expect(foundIn(JSON.stringify(told)), path).to.deep.equal([]);
    }
    expect(objects().filter((one) => !isSecret(one)).length).to.be.greaterThan(80);
  });

  it("is encrypted in the state, and in no other file of the stack", () => {
    const state = readFileSync(join(folder, ".pulumi/stacks/millrace/canary.json"), "utf8");
    expect(state.length).to.be.greaterThan(100_000);
    expect(foundIn(state)).to.deep.equal([]);
    expect(foundIn(readFileSync(join(folder, "Pulumi.canary.yaml"), "utf8"))).to.deep.equal([]);
  });

  it("is in nothing that preview and up say, and in no file of a rendered preview", () => {
    expect(events.length).to.be.greaterThan(500);
    expect(foundIn(JSON.stringify(events))).to.deep.equal([]);
    expect(foundIn(JSON.stringify([shown, done]))).to.deep.equal([]);
    const rendered = events.flatMap((event) => renderedObject(event) ?? []);
    expect(rendered.filter(({ object }) => object["kind"] === "Secret").length).to.be.greaterThan(20);
  });

  it("is in nothing that endpoints and status read of the state", () => {
    const addresses = readAddresses(done.outputs);
    const config = loadConfig({ "millrace:profile": "full", "millrace:services": { ...services } });
    const told = [
      JSON.stringify(done.outputs),
      renderAddresses(addresses),
      renderLogins(readLogins(done.outputs)),
      JSON.stringify(publishedEndpoints(config, [...addresses, { title: "Presto", url: "http://127.0.0.1:30080" }])),
    ];
    expect(told.map(foundIn)).to.deep.equal([[], [], [], []]);
  });

  it("would be seen, in whatever spelling", () => {
    for (const [name, secret] of canaries) {
      for (const text of spellings(secret)) expect(foundIn(`x ${text} y`)).to.include(name);
    }
  });
});
