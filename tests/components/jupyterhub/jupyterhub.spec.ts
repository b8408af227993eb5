import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Quarters } from "../../../platform/quarters.ts";
import type { ClientEndpoints } from "../../../components/notebooks/client-endpoints.ts";
import type { PostgresEndpoint } from "../../../components/postgres/endpoint.ts";
import type { SecretKeyRef } from "../../../platform/endpoints.ts";
import { jupyterhubResources } from "../../../components/jupyterhub/service.ts";
import { configMapProblems, podProblems, type PodSpec } from "../../../platform/hardening.ts";
import { JupyterHub, type JupyterHubArgs, jupyterhubProblems } from "../../../components/jupyterhub/jupyterhub.ts";
import { outsideAt } from "../../../platform/network.ts";
import { envOf, nodePorts, s3 } from "../../support/fixtures.ts";
import { mock, type Mocked, valueOf } from "../../support/mocks.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const DEPLOYMENT = "kubernetes:apps/v1:Deployment";
const CONFIG_MAP = "kubernetes:core/v1:ConfigMap";
const SECRET = "kubernetes:core/v1:Secret";

describe("JupyterHub", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  const database: PostgresEndpoint = {
    kind: "postgres",
    host: pulumi.output("postgres.data.svc"),
    port: pulumi.output(5432),
    database: "jupyterhub",
    at: outsideAt(["postgres.data.svc"], [5432], "PostgreSQL"),
    user: "jupyterhub",
    password: { secretName: pulumi.output("postgres-role-jupyterhub"), key: "password" },
    ready: [],
  };
  const s3Config = { s3: { endpoint: "http://s3.example:9000", region: "eu-1", pathStyle: true } };
  const clients: ClientEndpoints = {
    configMapName: pulumi.output("client-endpoints"),
    text: pulumi.output(JSON.stringify(s3Config)),
    env: [],
    reaches: [],
  };
  const secretRef = (name: string, key: string): SecretKeyRef => ({ secretName: pulumi.output(name), key });
  const home = (user: string) => ({ objectStore: s3(`user-${user}`), bucket: `home-${user}`, prefix: "" });
  const homes = { ana: home("ana"), ben: home("ben"), proof: home("proof") };
  const make = (more: Partial<JupyterHubArgs> = {}, name = "jupyterhub") =>
    new JupyterHub(name, {
      namespace: "data",
      image: "jupyter:1",
      exposure: nodePorts,
      database,
      users: ["ana", "ben"],
      admins: ["ben"],
      homes,
      clients,
      sparkToken: secretRef("spark-connect", "token"),
      idleMinutes: 20,
      resources: jupyterhubResources({ size: "small", userMemory: "1536Mi" }),
      ...more,
    });

  /** A file of the hub's settings, parsed. */
  const hubFile = async (file: string): Promise<unknown> => {
    const { inputs } = await mocked.get(CONFIG_MAP, "jupyterhub-hub");
    return JSON.parse(inputs.data[file] ?? "");
  };

  it("knows where people find it behind an Ingress, and nowhere else", async () => {
    const oidc = { issuer: "https://login.example", clientId: "hub", clientSecret: secretRef("oidc", "clientSecret") };
    const hub = async () => (await mocked.get(DEPLOYMENT, "jupyterhub-hub")).inputs;
    make({ oidc });
    expect((await hub()).spec.template.spec.containers[0].args).to.have.length(3);
    expect(envOf(await hub())).not.to.have.property("OAUTH_CALLBACK_URL");
    mocked = await mock();
    const tls = { issuer: "letsencrypt" };
    make({ oidc, exposure: { kind: "ingress", host: "data.example.com", ports: ["jupyterhub"], tls } });
    expect((await hub()).spec.template.spec.containers[0].args.slice(3)).to.deep.equal([
      "--JupyterHub.public_url=https://jupyterhub.data.example.com/",
    ]);
    expect(envOf(await hub())).to.include({
      OAUTH_CALLBACK_URL: "https://jupyterhub.data.example.com/hub/oauth_callback",
    });
  });

  it("can be there twice in one stack, each in a namespace of its own with objects of its own name", async () => {
    make({ namespace: "a" }, "research");
    make({ namespace: "b" }, "teaching");
    const lineages = await mocked.lineages();
    expect(new Set(lineages).size).to.equal(lineages.length);
    for (const [name, namespace] of [
      ["research", "a"],
      ["teaching", "b"],
    ] as const) {
      const objects = (await mocked.resources()).filter(
        ({ type, inputs }) => type.startsWith("kubernetes:") && inputs.metadata.namespace === namespace,
      );
      expect(objects.length).to.be.greaterThan(8);
      expect(objects.map((object) => object.name).filter((object) => !object.startsWith(name))).to.deep.equal([]);
    }
  });

  it("offers its address, and the robot's password by reference", async () => {
    const hub = make();
    expect(await valueOf(hub.endpoint.url)).to.equal("http://jupyterhub.data.svc:8000");
    expect(await valueOf(hub.address.url)).to.equal("http://127.0.0.1:30800");
    expect(hub.endpoint.robot).to.equal("proof");
    expect(hub.endpoint.robotPassword.key).to.equal("proof");
    expect(await valueOf(hub.endpoint.robotPassword.secretName)).to.equal("jupyterhub-users");
  });

  it("generates a password for each user and for the robot, all secret", async () => {
    make();
    const users = await mocked.get(SECRET, "jupyterhub-users");
    expect(Object.keys(users.inputs.stringData)).to.have.members(["ana", "ben", "proof"]);
    expect(users.secrets).to.deep.equal(["stringData"]);
    const keys = await mocked.get(SECRET, "jupyterhub-keys");
    expect(keys.secrets).to.deep.equal(["stringData"]);
  });

  it("tells the hub all but its secrets, which come from Secrets", async () => {
    make();
    expect(await hubFile("settings.json")).to.deep.equal({
      serversNamespace: "data",
      hubUrl: "http://jupyterhub-hub.data.svc:8081",
      proxyApiUrl: "http://jupyterhub.data.svc:8001",
      database: {
        host: "postgres.data.svc",
        port: 5432,
        database: "jupyterhub",
        user: "jupyterhub",
        parameters:
          "connect_timeout=20&tcp_user_timeout=20000&keepalives_idle=10&keepalives_interval=5&keepalives_count=2",
      },
      users: ["ana", "ben"],
      admins: ["ben"],
      robot: "proof",
      idleMinutes: 20,
    });
    const { inputs } = await mocked.get(DEPLOYMENT, "jupyterhub-hub");
    expect(envOf(inputs)).to.deep.equal({
      PGPASSWORD: "postgres-role-jupyterhub/password",
      JPY_COOKIE_SECRET: "jupyterhub-keys/cookie",
      CONFIGPROXY_AUTH_TOKEN: "jupyterhub-keys/proxy",
      JUPYTERHUB_CRYPT_KEY: "jupyterhub-keys/crypt",
      METRICS_TOKEN: "jupyterhub-keys/metrics",
      PASSWORDS_DIR: "/run/secrets/millrace/users",
    });
  });

  it("asks a provider of accounts when one is given, with its secret by reference", async () => {
    make({
      oidc: {
        issuer: "https://login.example/realms/data",
        clientId: "hub",
        clientSecret: secretRef("hub-login", "clientSecret"),
      },
    });
    expect(await hubFile("settings.json")).to.deep.include({
      oidc: { issuer: "https://login.example/realms/data", clientId: "hub", usernameClaim: "preferred_username" },
    });
    const { inputs } = await mocked.get(DEPLOYMENT, "jupyterhub-hub");
    expect(envOf(inputs)).to.include({ OIDC_CLIENT_SECRET: "hub-login/clientSecret" });
  });

  it("may make pods and read events, and write no Secret but those of its servers' tokens", async () => {
    make();
    const { inputs } = await mocked.get("kubernetes:rbac.authorization.k8s.io/v1:Role", "jupyterhub-hub");
    expect(inputs.rules).to.deep.equal([
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch", "create", "delete"] },
      { apiGroups: [""], resources: ["events"], verbs: ["get", "list", "watch"] },
      {
        apiGroups: [""],
        resources: ["secrets"],
        resourceNames: ["jupyterhub-server-ana", "jupyterhub-server-ben", "jupyterhub-server-proof"],
        verbs: ["patch"],
      },
    ]);
  });

  it("has users' servers in another namespace with what they refer to, and rights there only", async () => {
    const given: string[] = [];
    const servers: Quarters = {
      in: "users",
      namespace: pulumi.output("data-users"),
      give: (...refs) => {
        for (const ref of refs) if (ref !== undefined && "secretName" in ref) given.push("a Secret");
      },
      holds: ({ limits }, count) => given.push(`${count} of ${limits.memory}`),
      lets: () => undefined,
    };
    const { edges } = make({ servers });
    // The key of each user, and the token of Spark for each.
    expect(given).to.deep.equal(["3 of 1536Mi", ...Array<string>(6).fill("a Secret")]);
    expect(await hubFile("settings.json")).to.deep.include({ serversNamespace: "data-users" });
    const there = (await mocked.resources()).filter(({ inputs }) => {
      const metadata = inputs.metadata as { readonly namespace?: string } | undefined;
      return metadata?.namespace === "data-users";
    });
    expect(there.map(({ type, name }) => `${type.split(":").at(-1) ?? ""} ${name}`).sort()).to.deep.equal([
      "ConfigMap jupyterhub-server",
      "Role jupyterhub-hub",
      "RoleBinding jupyterhub-hub",
      "Secret jupyterhub-server-ana",
      "Secret jupyterhub-server-ben",
      "Secret jupyterhub-server-proof",
    ]);
    const ends = edges.flatMap(({ from, to }) => [from, to]);
    const places = ends.flatMap((end) => (end.kind === "pods" && end.component === "notebook" ? [end.in] : []));
    expect([...new Set(places)]).to.deep.equal(["users"]);
  });

  it("starts one proxy, which sends to the hub what it knows no route for, and one hub at a time", async () => {
    make();
    const proxy = await mocked.get(DEPLOYMENT, "jupyterhub-proxy");
    expect(proxy.inputs.spec.template.spec.containers[0].args).to.deep.equal([
      "configurable-http-proxy",
      "--ip=0.0.0.0",
      "--port=8000",
      "--api-ip=0.0.0.0",
      "--api-port=8001",
      "--default-target=http://jupyterhub-hub.data.svc:8081",
      "--error-target=http://jupyterhub-hub.data.svc:8081/hub/error",
      "--log-level=warn",
    ]);
    expect(proxy.inputs.spec.template.spec.containers[0].readinessProbe.httpGet.path).to.equal("/_chp_healthz");
    const hub = await mocked.get(DEPLOYMENT, "jupyterhub-hub");
    expect(hub.inputs.spec.strategy).to.deep.equal({ type: "Recreate" });
    expect(hub.inputs.spec.template.spec.containers[0].readinessProbe.httpGet.path).to.equal("/hub/health");
  });

  it("publishes the proxy's pages, and keeps its API within the cluster", async () => {
    make();
    const { inputs } = await mocked.get("kubernetes:core/v1:Service", "jupyterhub-published");
    expect(inputs.spec.ports).to.deep.equal([{ name: "published", port: 8000, targetPort: 8000, nodePort: 30800 }]);
  });

  it("restarts the hub when its users change", async () => {
    const hash = async () => {
      const { inputs } = await mocked.get(DEPLOYMENT, "jupyterhub-hub");
      return inputs.spec.template.metadata.annotations["millrace/config-hash"];
    };
    make();
    const before = await hash();
    mocked = await mock();
    make({ users: ["ana"], admins: [] });
    expect(await hash()).not.to.equal(before);
  });

  describe("a user's pod", () => {
    /** What the hub makes of the template: its own program, run on a pod that KubeSpawner 7.1.0 made. */
    const userPod = async (user: string): Promise<Record<string, unknown> & PodSpec> => {
      const { inputs } = await mocked.get(CONFIG_MAP, "jupyterhub-hub");
      const program =
        "import json,sys,user_pods as u;t,p,m=json.load(sys.stdin);" +
        `print(json.dumps(u.pod_spec(t['spec'],m['spec'],p['${user}'])))`;
      const made = readFileSync(join(import.meta.dirname, "programs", "kubespawner-pod.json"), "utf8");
      const run = spawnSync("python3", ["-B", "-c", program], {
        cwd: join(root, "components", "jupyterhub", "programs"),
        input: `[${inputs.data["pod.json"]},${inputs.data["people.json"]},${made}]`,
        encoding: "utf8",
      });
      expect(run.stderr).to.equal("");
      return JSON.parse(run.stdout) as Record<string, unknown> & PodSpec;
    };
    const env = (pod: PodSpec) =>
      envOf({ spec: { template: { spec: pod } } } as unknown as Parameters<typeof envOf>[0]);

    it("is as hardened as every other pod", async () => {
      make();
      const pod = await userPod("ana");
      expect(podProblems(pod, true)).to.deep.equal([]);
      expect(pod).to.include({ automountServiceAccountToken: false, enableServiceLinks: false });
      expect(pod.containers?.[0]?.securityContext).to.include({ readOnlyRootFilesystem: true });
      expect(pod.containers?.[0]?.resources?.limits).to.deep.equal({ cpu: "2", memory: "1536Mi" });
    });

    it("has its user's own keys, home and token, all by reference", async () => {
      make();
      expect(env(await userPod("ana"))).to.include({
        AWS_ACCESS_KEY_ID: "key-user-ana/accessKey",
        AWS_SECRET_ACCESS_KEY: "key-user-ana/secretKey",
        AWS_ENDPOINT_URL: "http://s3.example:9000",
        MILLRACE_HOME: "s3://home-ana/",
        MILLRACE_SPARK_TOKEN: "spark-connect/token",
        JUPYTERHUB_API_TOKEN: "jupyterhub-server-ana/token",
        JUPYTERHUB_USER: "ana",
        MEM_LIMIT: String(1536 * 2 ** 20),
        IDLE_MINUTES: "20",
        JUPYTERHUB_ACTIVITY_INTERVAL: "60",
      });
      expect(env(await userPod("proof"))).to.include({ AWS_ACCESS_KEY_ID: "key-user-proof/accessKey" });
    });

    it("keeps the names by which KubeSpawner finds its container and port", async () => {
      make();
      const [container] = (await userPod("ana")).containers ?? [];
      expect(container).to.deep.include({
        name: "notebook",
        ports: [{ name: "notebook-port", containerPort: 8888 }],
      });
    });

    it("fails rather than runs without its settings", async () => {
      make();
      expect(env(await userPod("ana"))).to.include({
        JUPYTER_CONFIG_PATH: "/opt/millrace/server",
        TRAITLETS_APPLICATION_RAISE_CONFIG_FILE_ERROR: "1",
      });
      const { inputs } = await mocked.get(CONFIG_MAP, "jupyterhub-server");
      expect(inputs.data).to.include.keys(
        "jupyter_server_config.py",
        "busy.py",
        "s3_contents.py",
        "s3_files.py",
        "kernels.py",
      );
    });

    it("has a home below the user's prefix where all share a bucket", async () => {
      const shared = (user: string) => ({ objectStore: s3("users"), bucket: "homes", prefix: `${user}/` });
      make({ users: ["ana"], admins: [], homes: { ana: shared("ana"), proof: shared("proof") } });
      expect(env(await userPod("ana"))).to.include({ MILLRACE_HOME: "s3://homes/ana/" });
    });
  });

  it("makes hardened pods, and ConfigMaps without a secret", async () => {
    make();
    for (const { inputs } of await mocked.ofType(DEPLOYMENT)) {
      expect(podProblems(inputs.spec.template.spec, true)).to.deep.equal([]);
    }
    for (const { inputs } of await mocked.ofType(CONFIG_MAP)) {
      expect(configMapProblems(inputs.data)).to.deep.equal([]);
    }
  });

  it("refuses users that are none, twice there or the robot, admins that are no users, and a missing home", () => {
    const good = { users: ["ana"], homes: { ana: {}, proof: {} }, idleMinutes: 30 };
    expect(jupyterhubProblems(good)).to.deep.equal([]);
    expect(jupyterhubProblems({ ...good, users: [] })).to.deep.equal([
      "jupyterhub: users is empty, so nobody could log in; name at least one",
    ]);
    expect(jupyterhubProblems({ ...good, users: ["ana", "ana"] })).to.deep.equal([
      'jupyterhub: user "ana" is listed twice; list each user once',
    ]);
    expect(jupyterhubProblems({ ...good, users: ["proof"] })).to.deep.equal([
      'jupyterhub: user "proof" is the proof\'s own account; give another name',
    ]);
    expect(jupyterhubProblems({ ...good, users: ["ana", "Ben"], admins: ["eva"] })).to.deep.equal([
      'jupyterhub: "Ben" is not a user name; use 2 to 50 small letters, digits and . _ + @ - (which count three), with a letter or digit at both ends',
      'jupyterhub: user "Ben" has no home; add it to homes',
      'jupyterhub: admin "eva" is not one of the users (ana, Ben); add it to users',
    ]);
    expect(jupyterhubProblems({ ...good, homes: { ana: {} } })).to.deep.equal([
      'jupyterhub: user "proof" has no home; add it to homes',
    ]);
  });

  it("takes people as they are called, and keeps their things apart by names that Kubernetes takes", async () => {
    const users = ["ana.b", "ana-b", "ana@example.com"];
    const homes = Object.fromEntries(
      [...users, "proof"].map((user) => [user, { objectStore: s3("users"), bucket: "homes", prefix: `${user}/` }]),
    );
    make({ users, admins: [], homes });
    const passwords = await mocked.get(SECRET, "jupyterhub-users");
    expect(Object.keys(passwords.inputs.stringData)).to.have.members([
      "ana-2eb",
      "ana-2db",
      "ana-40example-2ecom",
      "proof",
    ]);
    const { inputs } = await mocked.get("kubernetes:core/v1:ConfigMap", "jupyterhub-hub");
    const people = JSON.parse(inputs.data["people.json"] ?? "") as Record<string, { tokenSecretName: string }>;
    expect(people["ana@example.com"]?.tokenSecretName).to.equal("jupyterhub-server-ana-40example-2ecom");
    expect((JSON.parse(inputs.data["settings.json"] ?? "") as { users: string[] }).users).to.deep.equal(users);
  });

  it("refuses no idle time and a provider that is no address", () => {
    const good = { users: ["ana"], homes: { ana: {}, proof: {} }, idleMinutes: 30 };
    expect(jupyterhubProblems({ ...good, idleMinutes: 0.5, oidc: { issuer: "login" } })).to.deep.equal([
      "jupyterhub: idleMinutes is 0.5; give a whole number from 1",
      'jupyterhub: oidc.issuer is "login"; give an address such as https://login.example.com/realms/data',
    ]);
  });
});
