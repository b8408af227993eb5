import { expect } from "chai";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nifiProperties } from "../../../components/nifi/nifi-settings.ts";
import { Nifi } from "../../../components/nifi/nifi.ts";
import { flowFiles, flowProblems } from "../../../components/nifi/flow-files.ts";
import { parametersOf } from "../../../components/nifi/programs/parameters.ts";
import { readFlow } from "../../../components/nifi/programs/flow-file.ts";
import { definition, textOf } from "./definition.ts";
import { telemetryRecord } from "../../../components/telemetry/programs/record.ts";
import { podProblems } from "../../../platform/hardening.ts";
import { jsonSchemaOf } from "../../../platform/records/json-schema.ts";
import { Storage } from "../../../platform/storage.ts";
import { envOf, kafka, resources, s3 } from "../../support/fixtures.ts";
import { mock, type Mocked, namesOf, valueOf } from "../../support/mocks.ts";

describe("NiFi", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  const exposure = {
    kind: "nodePort",
    host: "127.0.0.1",
    ports: { nifi: 30443, nifiPosts: 30890 },
  } as const;
  const make = () =>
    new Nifi("nifi", {
      namespace: "data",
      image: "nifi:1",
      toolsImage: "tools:1",
      exposure,
      storage: new Storage({ storageClass: "default" }),
      data: { kind: "persistent", size: "1Gi" },
      resources,
      setupResources: resources,
      supervisorResources: resources,
      kafka: kafka(),
      objectStore: s3("nifi"),
      bucket: "intake",
      topic: { name: "telemetry", record: telemetryRecord },
      mostBytes: 1000,
      flows: flowFiles(),
      hosts: ["nifi.example.com"],
    });
  const server = async () => (await mocked.get("kubernetes:apps/v1:StatefulSet", "nifi")).inputs;
  const supervisor = async () => (await mocked.get("kubernetes:apps/v1:Deployment", "nifi-supervisor")).inputs;
  const setup = async () => (await mocked.get("kubernetes:batch/v1:Job", "nifi-flows")).inputs;

  it("takes posts where its flows run", async () => {
    const { endpoint } = make();
    expect(await valueOf(endpoint.posts)).to.equal("http://nifi.data.svc:8090");
    expect(await namesOf(endpoint.ready)).to.deep.equal(["nifi-flows"]);
  });

  it("runs hardened, with all that is kept on one claim, and its secrets as files", async () => {
    make();
    const set = await server();
    expect(podProblems(set.spec.template.spec, true)).to.deep.equal([]);
    expect(podProblems((await setup()).spec.template.spec, false)).to.deep.equal([]);
    expect(podProblems((await supervisor()).spec.template.spec, true)).to.deep.equal([]);
    expect(set.spec.volumeClaimTemplates).to.have.length(1);
    expect(envOf(set)).to.include({
      NIFI_SETTINGS: "/etc/millrace-nifi",
      NIFI_CERTIFICATE: "/run/millrace-certificate",
      NIFI_SENSITIVE_KEY_FILE: "/data/sensitive.key",
      AWS_ACCESS_KEY_ID: "key-nifi/accessKey",
    });
    expect(envOf(set)["JAVA_OPTIONS"]).to.contain("-Xmx450m");
  });

  it("has one supervisor, which alone can log in, and a Job that asks it", async () => {
    make();
    const own = await supervisor();
    expect(own.spec).to.deep.include({ replicas: 1, strategy: { type: "Recreate" } });
    expect(envOf(own)).to.include({
      NIFI_URL: "https://nifi:8443",
      NIFI_USER: "proof",
      NIFI_PASSWORD_FILE: "/run/millrace-accounts/proof",
      NODE_EXTRA_CA_CERTS: "/run/millrace-certificate/ca.crt",
      REJECTED_TOPIC: "nifi-rejected",
    });
    const asking = envOf(await setup());
    expect(Object.keys(asking).sort()).to.deep.equal(["FLOWS_FOLDER", "NIFI_PARAMETERS", "SUPERVISOR_URL"]);
    expect(asking["SUPERVISOR_URL"]).to.equal("http://nifi-supervisor.data.svc:8080");
    expect(asking["NIFI_PARAMETERS"]).to.equal(envOf(own)["NIFI_PARAMETERS"]);
  });

  it("is published by HTTPS as itself, and takes requests for its published address", async () => {
    const { address, postsAddress } = make();
    expect(await valueOf(address.url)).to.equal("https://127.0.0.1:30443");
    expect(await valueOf(postsAddress.url)).to.equal("http://127.0.0.1:30890");
    const { inputs } = await mocked.get("kubernetes:core/v1:ConfigMap", "nifi-settings");
    const hosts = /^nifi\.web\.proxy\.host=(.+)$/m.exec(String(inputs["data"]["nifi.properties"]))?.[1];
    expect(hosts?.split(",")).to.deep.equal(["nifi:8443", "localhost:8443", "nifi.example.com", "127.0.0.1:30443"]);
  });

  it("asks everybody for a login, and puts down what a post is answered for", () => {
    const settings = nifiProperties({ hosts: ["nifi:8443"] }).split("\n");
    expect(settings).to.include.members([
      "nifi.security.allow.anonymous.authentication=false",
      "nifi.security.user.login.identity.provider=accounts",
      "nifi.flowfile.repository.always.sync=true",
      "nifi.content.repository.always.sync=true",
    ]);
    expect(settings.some((line) => line.startsWith("nifi.web.http."))).to.equal(false);
  });

  it("gives its flows all parameters that they take, with the schema of the topic", async () => {
    make();
    const values = JSON.parse(envOf(await setup())["NIFI_PARAMETERS"] ?? "{}") as Record<string, string>;
    const { flow } = readFlow("intake.json", flowFiles()["intake.json"] ?? "");
    if (flow === undefined) throw new Error("no flow");
    expect(Object.keys(values)).to.have.members(parametersOf(flow));
    expect(JSON.parse(values["intake.schema"] ?? "")).to.deep.equal(jsonSchemaOf(telemetryRecord));
    expect(values).to.include({ "kafka.topic": "telemetry", "kafka.key.field": "node", "intake.most.bytes": "1000" });
  });

  it("is refused with a flow that is none, all that is wrong at once", () => {
    const folder = mkdtempSync(join(tmpdir(), "flows-"));
    try {
      writeFileSync(join(folder, "a.json"), "{");
      writeFileSync(join(folder, "b.json"), "[]");
      writeFileSync(join(folder, "c.json"), textOf(definition({ name: "same" })));
      writeFileSync(join(folder, "d.json"), textOf(definition({ name: "same" })));
      writeFileSync(join(folder, "readme.md"), "");
      const [first, second, third, ...others] = flowProblems(folder);
      expect(first).to.match(/^flow flows\/a\.json is no JSON/);
      expect(second).to.match(/^flow flows\/b\.json is no flow definition/);
      expect(third).to.equal('flows/c.json and flows/d.json both have a group "same"; give one of them another name');
      expect(others).to.deep.equal([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
