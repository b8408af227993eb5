import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { UserError } from "../../cli/errors.ts";
import { overlayTarget, readStack, readStackAsBefore, readStackAsItRuns, type Stack } from "../../cli/stack.ts";
import { wantedImages } from "../../config/images.ts";
import { loadConfig } from "../../config/index.ts";
import { Crypter } from "../../engine/secrets.ts";
import { imageNames } from "../../images/index.ts";
import { imagesToBuild } from "../../images/wanted.ts";

describe("a stack", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "millrace-stack-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const write = (text: string): void => {
    writeFileSync(join(folder, "Pulumi.dev.yaml"), text);
  };

  it("that has no file is refused with the file's name", () => {
    expect(() => readStack({ stack: "dev", target: undefined }, folder)).to.throw(/Pulumi\.dev\.yaml is missing/);
  });

  it("that has no file is refused with those that have one, or with the one that was meant", () => {
    for (const name of ["dev", "prod"]) writeFileSync(join(folder, `Pulumi.${name}.yaml`), "");
    const read = (stack: string) => () => readStack({ stack, target: undefined }, folder);
    expect(read("staging")).to.throw(
      'there is no stack "staging": Pulumi.staging.yaml is missing; the stacks here are dev, prod. To make it, copy Pulumi.dev.yaml to it',
    );
    expect(read("prd")).to.throw("did you mean prod?");
  });

  it("whose file is no YAML is refused", () => {
    write("config: [");
    expect(() => readStack({ stack: "dev", target: undefined }, folder)).to.throw(
      /Pulumi\.dev\.yaml is not valid YAML/,
    );
  });

  it("with a misspelt key is refused with key, file and suggestion", () => {
    write("config:\n  millrace:services:\n    kafka:\n      replicsa: 1\n");
    expect(() => readStack({ stack: "dev", target: undefined }, folder)).to.throw(
      /Pulumi\.dev\.yaml[\s\S]*replicsa[\s\S]*replicas/,
    );
  });

  it("without any setting is the embedded platform, and hands no overrides to the engine", () => {
    write("");
    const stack = readStack({ stack: "dev", target: undefined }, folder);
    expect(stack.profile.target).to.equal("embedded");
    expect(stack.overrides).to.deep.equal({});
  });

  describe("with secret values below a path", () => {
    const passphrase = "open sesame";
    let crypter: Crypter;
    before(async () => {
      crypter = await Crypter.create(passphrase);
    });
    beforeEach(() => {
      mkdirSync(join(folder, ".millrace"));
      writeFileSync(join(folder, ".millrace", "passphrase"), passphrase);
    });
    const given = process.env["PULUMI_CONFIG_PASSPHRASE"];
    before(() => delete process.env["PULUMI_CONFIG_PASSPHRASE"]);
    after(() => {
      if (given !== undefined) process.env["PULUMI_CONFIG_PASSPHRASE"] = given;
    });
    const seal = (text: string): string => `{ secure: "${crypter.encrypt(text)}" }`;
    const read = (services: string, salt = crypter.state): Stack => {
      write(`encryptionsalt: ${salt}\nconfig:\n  millrace:services:\n    ${services}\n`);
      return readStack({ stack: "dev", target: undefined }, folder);
    };

    it("is checked with them in the clear", () => {
      const stack = read(`jupyterhub: { users: [ada, ${seal("grace")}] }`);
      expect(stack.config.services.jupyterhub.users).to.deep.equal(["ada", "grace"]);
    });

    it("is refused without repeating them, whichever check finds the problem", () => {
      expect(() => read(`kafka: { storage: ${seal("hunter2 apples")} }`))
        .to.throw(/millrace:services\.kafka\.storage: received \[secret\]; give /)
        .with.property("message")
        .that.does.not.include("hunter2");
      expect(() => read(`jupyterhub: { enabled: true, users: [ada], admins: [${seal("hunter2")}] }`))
        .to.throw(/jupyterhub\.admins: "\[secret\]" is not one of the users \(ada/)
        .with.property("message")
        .that.does.not.include("hunter2");
    });

    it("is refused with words when the passphrase is another", () => {
      writeFileSync(join(folder, ".millrace", "passphrase"), "another");
      expect(() => read(`jupyterhub: { users: [${seal("grace")}] }`)).to.throw(
        UserError,
        /Pulumi\.dev\.yaml has secret values in millrace:services that can't be opened: wrong passphrase/,
      );
    });

    it("hands them on sealed when an option lies over their section", () => {
      write(
        `encryptionsalt: ${crypter.state}\nconfig:\n  millrace:cluster:\n    target: cloud\n    namespace: ${seal("my-data")}\n`,
      );
      const stack = readStack({ stack: "dev", target: "minikube" }, folder);
      expect(stack.config.cluster.namespace).to.equal("my-data");
      expect(stack.overrides["millrace:cluster"])
        .to.match(/"namespace":\{"secure":"v1:/)
        .and.not.include("my-data");
    });
  });

  it("takes --target for this run, and hands it to the engine", () => {
    write("config:\n  millrace:cluster:\n    target: cloud\n    context: prod\n    namespace: data\n");
    const stack = readStack({ stack: "dev", target: "minikube" }, folder);
    expect(stack.profile).to.include({ target: "minikube", context: "minikube" });
    expect(JSON.parse(stack.overrides["millrace:cluster"] ?? "")).to.deep.equal({
      namespace: "data",
      target: "minikube",
    });
  });

  it("takes --profile for this run, and hands it to the engine", () => {
    write("config:\n  millrace:profile: core\n");
    const stack = readStack({ stack: "dev", target: undefined, profile: "studio" }, folder);
    expect(stack.config.services.jupyterhub.enabled).to.equal(true);
    expect(stack.overrides).to.deep.equal({ "millrace:profile": "studio" });
  });

  it("keeps all its cluster settings when --target names its own", () => {
    const cluster = { target: "cloud", context: "prod", storageClass: "fast" };
    expect(overlayTarget(cluster, "cloud")).to.deep.equal(cluster);
  });
});

describe("a stack after its first up", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "millrace-stack-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const write = (text: string): void => {
    writeFileSync(join(folder, "Pulumi.dev.yaml"), text);
  };
  /** An engine whose state holds this profile, `undefined` for a stack that was never up. */
  const engine = (
    profile: string | undefined,
    keeper = "millrace:index:PlatformNamespace",
  ): Parameters<typeof readStackAsBefore>[1] => ({
    recorded: (_options, type) =>
      Promise.resolve(profile !== undefined && type === keeper ? { namespace: "n", profile } : undefined),
  });
  const args = { stack: "dev", target: undefined } as const;

  it("goes on with the profile of the last up, and says so, when nobody names one", async () => {
    write("");
    const { stack, note } = await readStackAsBefore(args, engine("studio"), folder);
    expect(note).to.equal("profile studio, as in the last up; --profile core goes back");
    expect(stack.config.services.airflow.enabled).to.equal(true);
    expect(stack.overrides).to.deep.equal({ "millrace:profile": "studio" });
  });

  it("goes on with the profile of a state that an older version has written", async () => {
    write("");
    const { stack } = await readStackAsBefore(args, engine("studio", "analytics:index:PlatformNamespace"), folder);
    expect(stack.config.profile).to.equal("studio");
  });

  it("is shown as the last up has left it, and as its file has it where nobody knows", async () => {
    write("");
    const { stack, trouble } = await readStackAsItRuns(args, engine("studio"), folder);
    expect([stack.config.services.airflow.enabled, trouble]).to.deep.equal([true, undefined]);
    const broken = { recorded: () => Promise.reject(new Error("the passphrase is wrong")) };
    const other = await readStackAsItRuns(args, broken, folder);
    expect(other.stack.config.profile).to.equal("core");
    expect(other.trouble).to.equal(
      "the state of the last up can't be read, so profile core is taken for what runs: the passphrase is wrong",
    );
    write("config: [");
    const failure: unknown = await readStackAsItRuns(args, engine("studio"), folder).catch((error: unknown) => error);
    expect(String(failure)).to.contain("Pulumi.dev.yaml is not valid YAML");
  });

  it("goes back when it is told to, and says what that removes", async () => {
    write("");
    const { stack, note } = await readStackAsBefore({ ...args, profile: "core" }, engine("studio"), folder);
    expect(stack.config.services.airflow.enabled).to.equal(false);
    expect(note).to.contain("profile core after studio").and.contain("removed");
  });

  it("says what goes for a profile of other services too, and nothing where all stay", async () => {
    write("");
    const note = async (last: string, profile: "pipeline" | "full") =>
      (await readStackAsBefore({ ...args, profile }, engine(last), folder)).note;
    expect(await note("studio", "pipeline"))
      .to.contain("profile pipeline after studio")
      .and.contain("removed");
    expect(await note("full", "pipeline"))
      .to.contain("profile pipeline after full")
      .and.contain("removed");
    expect(await note("studio", "full")).to.equal(undefined);
    expect(await note("pipeline", "full")).to.equal(undefined);
  });

  it("takes the profile of its file for an answer", async () => {
    write("config:\n  millrace:profile: core\n");
    const { stack, note } = await readStackAsBefore(args, engine("studio"), folder);
    expect(stack.config.profile).to.equal("core");
    expect(note).to.contain("profile core after studio");
  });

  it("says nothing when nothing changes or when more comes", async () => {
    write("");
    for (const last of [undefined, "core", "a profile of another version"]) {
      const { stack, note } = await readStackAsBefore(args, engine(last), folder);
      expect([stack.config.profile, note, stack.overrides], last).to.deep.equal(["core", undefined, {}]);
    }
    expect((await readStackAsBefore({ ...args, profile: "studio" }, engine("core"), folder)).note).to.equal(undefined);
  });

  it("is not read when the state can't be: nobody would know what goes", async () => {
    write("");
    const broken = { recorded: () => Promise.reject(new Error("incorrect passphrase")) };
    const error: unknown = await readStackAsBefore(args, broken, folder).catch((reason: unknown) => reason);
    expect(error).to.have.property("message", "incorrect passphrase");
  });
});

describe("the images that a config needs", () => {
  const needed = (services: Record<string, unknown>, profile = "core"): string[] =>
    imagesToBuild(wantedImages(loadConfig({ "millrace:services": services, "millrace:profile": profile })));
  const people = ["airflow", "jupyter"];
  const ofPipeline = ["cassandra", "display"];
  const onRequest = ["garage", "auth-proxy", "connect", "flink", "zookeeper", "nifi"];
  const watching = ["logs", "metrics"];
  const byDefault = imageNames.filter((name) => !onRequest.includes(name));
  const without = (names: string[]) => byDefault.filter((name) => !names.includes(name)).sort();

  it("are those of the data path by default", () => {
    expect(needed({}).sort()).to.deep.equal(without([...people, ...ofPipeline, ...watching]));
  });

  it("are in profiles studio and pipeline those of their services too, and all of the default servers in profile full", () => {
    expect(needed({}, "studio").sort()).to.deep.equal(without(ofPipeline));
    expect(needed({}, "pipeline").sort()).to.deep.equal(without(people));
    expect(needed({}, "full").sort()).to.deep.equal([...byDefault].sort());
  });

  it("hold the proxy that asks for logins where pages are published beyond this machine, or the stack wants it", () => {
    const ofCluster = (cluster: Record<string, unknown>): string[] =>
      imagesToBuild(wantedImages(loadConfig({ "millrace:cluster": cluster })));
    expect(ofCluster({ target: "minikube" })).to.include("auth-proxy");
    expect(ofCluster({ askForLogin: "always" })).to.include("auth-proxy");
    expect(ofCluster({})).to.not.include("auth-proxy");
  });

  it("leave out what brings its own image, what is off and what is already there", () => {
    expect(needed({ presto: { image: "prestodb/presto:0.287" } })).to.not.include("presto");
    expect(needed({ objectStore: { server: "minio", image: "minio/minio:1" } }))
      .to.not.include("garage")
      .and.not.include("versitygw");
    expect(needed({ objectStore: { server: "garage" } }))
      .to.include("garage")
      .and.not.include("versitygw");
    expect(needed({ kafka: { existing: { bootstrapServers: "k:9092" } } })).to.not.include("kafka");
    expect(needed({ airflow: { image: "apache/airflow:3.3.2" }, jupyterhub: { enabled: false } }, "studio"))
      .to.not.include("airflow")
      .and.not.include("jupyter");
  });
});
