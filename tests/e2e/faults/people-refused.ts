/**
 * What people's programs must not do, tried by such programs: from a notebook, from tasks of a DAG of theirs, and with the rights
 * of each account that makes pods. Each is refused, and what they need works.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";

import { namespacesOf } from "../../../config/namespaces.ts";
import { makesPolicies } from "../../../config/network.ts";
import { KubeError } from "../../../clusters/kubernetes-client.ts";
import { containerSecurityContext, podSecurityContext } from "../../../platform/hardening.ts";
import { quarterNamespace, ROBOT } from "../../../platform/names.ts";
import { airflow, bucketOf, logIn, person } from "../clients.ts";
import { kube, namespace, pods, stack } from "../platform.ts";
import { must, type Runner, until } from "../runner.ts";
import { startServer, stopServer } from "./jupyterhub.ts";

const MINUTE = 60_000;
const KUBELET_PORT = 10250;
const program = readFileSync(new URL("../programs/tries.py", import.meta.url), "utf8");
const jobs = quarterNamespace(namespace, "jobs");
const users = quarterNamespace(namespace, "users");

/** A kind of `tries.py` with what it is given. */
type Try = readonly [kind: string, ...given: unknown[]];
interface Tries {
  readonly refused: Readonly<Record<string, Try>>;
  readonly done: Readonly<Record<string, Try>>;
}

export async function peopleRefused(runner: Runner): Promise<void> {
  if (stack.config.cluster.existingNamespace) {
    console.log("people-refused: not tried, because everything is in the one namespace that the stack was given");
    return;
  }
  await runner.step(
    "each pod of people's programs is in their namespaces, and none is in the platform's",
    MINUTE,
    whereTheyAre,
  );
  const other = await logIn(ROBOT);
  try {
    const serverUp = await runner.step("the server of another user runs", 5 * MINUTE, async () => {
      (await startServer(other)).close();
      return await addressOfServer(ROBOT);
    });
    if (serverUp) {
      await fromNotebook(runner);
      await fromDag(runner);
    }
  } finally {
    await stopServer(other).catch(() => undefined);
  }
  await byAccounts(runner);
}

async function whereTheyAre(): Promise<string> {
  const [platform = "", ...others] = namespacesOf(stack.config.cluster);
  const all = await pods();
  const kinds = ["airflow/task", "jupyterhub/notebook", "spark/executor"];
  const kindOf = ({
    "app.kubernetes.io/name": name = "",
    "app.kubernetes.io/component": component = "",
  }: Readonly<Record<string, string>>): string => `${name}/${component}`;
  const wrong = all.filter(
    ({ metadata }) => kinds.includes(kindOf(metadata.labels ?? {})) === (metadata.namespace === platform),
  );
  const batches = (pod: (typeof all)[number]): boolean =>
    kindOf(pod.metadata.labels ?? {}) === "spark-census-batch-driver/driver";
  const found = wrong.filter((pod) => !(batches(pod) && pod.metadata.namespace === jobs));
  must(
    found.length === 0,
    `in the wrong namespace: ${found.map(({ metadata }) => `${metadata.namespace ?? ""}/${metadata.name}`).join(", ")}`,
  );
  return `${all.length} pods in ${[platform, ...others].join(", ")}`;
}

interface Running {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly podIP?: string };
}

async function addressOfServer(user: string): Promise<string> {
  const { items } = await kube().get<{ items: readonly Running[] }>(`/api/v1/namespaces/${users}/pods`);
  const found = items.find(({ metadata }) => metadata.name === `jupyter-${user}`)?.status?.podIP;
  if (found === undefined) throw new Error(`no server of ${user} in namespace ${users}`);
  return found;
}

async function nodeAddress(): Promise<string> {
  interface Nodes {
    readonly items: readonly {
      readonly status: { readonly addresses: readonly { type: string; address: string }[] };
    }[];
  }
  const { items } = await kube().get<Nodes>("/api/v1/nodes");
  const found = items[0]?.status.addresses.find(({ type }) => type === "InternalIP")?.address;
  if (found === undefined) throw new Error("the node has no address");
  return found;
}

/** What both a notebook and a task must not do. */
async function forbidden(): Promise<Tries["refused"]> {
  const network: Tries["refused"] = makesPolicies(stack.config)
    ? {
        "the API server": ["connect", "kubernetes.default.svc", 443],
        "the node's kubelet": ["connect", await nodeAddress(), KUBELET_PORT],
        PostgreSQL: ["connect", `postgres.${namespace}.svc`, 5432],
        "the catalog": ["connect", `metastore.${namespace}.svc`, 9083],
        "the hub's proxy of routes": ["connect", `jupyterhub.${namespace}.svc`, 8001],
        "the server of another user": ["connect", await addressOfServer(ROBOT), 8888],
      }
    : {};
  return {
    ...network,
    "a token of Kubernetes": ["token"],
    "passwords of the platform": [
      "environment",
      [
        "DATABASE_PASSWORD",
        "PGPASSWORD",
        "AIRFLOW__CORE__FERNET_KEY",
        "CONFIGPROXY_AUTH_TOKEN",
        "JUPYTERHUB_CRYPT_KEY",
      ],
    ],
    "the home of another user": ["list", `home-${ROBOT}`],
    backups: ["list", "backups"],
    "the streams' checkpoints": ["list", "checkpoints"],
  };
}

/** @throws Error that names what has not come out as it must. */
function judge(answer: string, { refused, done }: Tries): string {
  const results = JSON.parse(answer) as Record<string, string>;
  const wrong = [
    ...Object.keys(refused).flatMap((title) => (results[title] === "done" ? [`${title}: is open`] : [])),
    ...Object.keys(done).flatMap((title) =>
      results[title] === "done" ? [] : [`${title}: ${results[title] ?? "no answer"}`],
    ),
  ];
  must(wrong.length === 0, wrong.join("; "));
  return `${Object.keys(refused).length} refused, ${Object.keys(done).length} done`;
}

/** The program with what it tries. */
const programOf = ({ refused, done }: Tries): string =>
  `${program}\nRESULT = try_all(json.loads(${JSON.stringify(JSON.stringify({ ...refused, ...done }))}))\n`;

async function fromNotebook(runner: Runner): Promise<void> {
  const user = person();
  const hub = await logIn(user);
  try {
    await runner.step("a notebook is refused what is not its user's, and has what it needs", 6 * MINUTE, async () => {
      const kernel = await startServer(hub);
      try {
        const tries: Tries = {
          refused: await forbidden(),
          done: {
            "one's own home": ["list", `home-${user}`],
            "published notebooks": ["list", "notebooks"],
            SQL: ["query"],
            "the hub's API": ["ask", `http://jupyterhub-hub.${namespace}.svc:8081/hub/api`],
          },
        };
        const printed = await kernel.execute(`${programOf(tries)}print(RESULT)`, AbortSignal.timeout(3 * MINUTE));
        return judge(printed.trim().split("\n").at(-1) ?? "", tries);
      } finally {
        kernel.close();
      }
    });
  } finally {
    await stopServer(hub).catch(() => undefined);
  }
}

/** Of this run alone: Airflow remembers a DAG whose file is gone. */
const DAG = `e2e_people_${Date.now()}`;
const STOLEN = "object-store-key-dag-census-batch";

/** A task that tries, and others whose pods ask for what is not theirs: they never start. */
function dagText(tries: Tries, result: string): string {
  const overrides = {
    other_secret: `k8s.V1PodSpec(containers=[k8s.V1Container(name="base", env=[k8s.V1EnvVar(name="STOLEN", value_from=k8s.V1EnvVarSource(secret_key_ref=k8s.V1SecretKeySelector(name="${STOLEN}", key="secretKey")))])])`,
    other_account: 'k8s.V1PodSpec(containers=[k8s.V1Container(name="base")], service_account_name="airflow-task")',
  };
  const thieves = Object.entries(overrides).map(
    ([task, spec]) => `
    @task(task_id="${task}", executor_config={"pod_override": k8s.V1Pod(spec=${spec})})
    def ${task}():
        pass

    ${task}()`,
  );
  return `from datetime import datetime, timezone

from airflow.sdk import dag, task
from kubernetes.client import models as k8s

PROGRAM = ${JSON.stringify(programOf(tries))}


@dag(dag_id="${DAG}", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), catchup=False)
def people():
    @task
    def tries():
        import millrace

        found = {}
        exec(PROGRAM, found)
        millrace.s3().put_object(Bucket="notebooks", Key="${result}", Body=found["RESULT"].encode())

    tries()
${thieves.join("\n")}


people()
`;
}

async function fromDag(runner: Runner): Promise<void> {
  const run = `e2e-${randomUUID()}`;
  const result = `runs/e2e/${run}.json`;
  const dags = await bucketOf(`user-${person()}`, "dags");
  const notebooks = await bucketOf("dag-bucket", "notebooks");
  const tries: Tries = {
    refused: { ...(await forbidden()), "the home of a person": ["list", `home-${person()}`] },
    done: { "published notebooks": ["list", "notebooks"], SQL: ["query"] },
  };
  const file = `${DAG}.py`;
  const client = await airflow();
  await dags.put(file, dagText(tries, result));
  try {
    await runner.step("a task of a DAG is refused what is not its own, and has what it needs", 8 * MINUTE, async () => {
      await until(`DAG ${DAG}`, 3 * MINUTE, async () => await client.dag(DAG));
      await client.trigger(DAG, run, {});
      const states = await until(`the ends of run ${run}`, 5 * MINUTE, async () => {
        const tasks = await client.tasks(DAG, run);
        const ended = tasks.every(({ state }) => state === "success" || state === "failed");
        return tasks.length === 3 && ended
          ? Object.fromEntries(tasks.map((task) => [task.task_id, task.state]))
          : undefined;
      });
      must(states["tries"] === "success", `the task that tries ended as ${states["tries"] ?? ""}`);
      for (const thief of ["other_secret", "other_account"]) {
        must(states[thief] === "failed", `a task that asks for ${thief} ended as ${states[thief] ?? ""}`);
      }
      const answer = (await notebooks.get(result)).toString();
      return `${judge(answer, tries)}; a pod with another's Secret and one with another account never started`;
    });
  } finally {
    await client.removeRun(DAG, run).catch(() => undefined);
    await dags.remove(file);
    await notebooks.remove(result).catch(() => undefined);
    const logs = await bucketOf("proof", "airflow");
    for (const key of await logs.list(`logs/dag_id=${DAG}/run_id=${run}/`)) await logs.remove(key);
  }
}

/** An account that makes pods: where it is, where it makes them, and what they may have. */
interface Maker {
  readonly account: string;
  readonly of: string;
  readonly own?: { readonly secret: string; readonly runAs?: string };
}

const makers: readonly Maker[] = [
  { account: "airflow-task", of: jobs, own: { secret: STOLEN, runAs: "spark" } },
  { account: "spark", of: jobs, own: { secret: STOLEN } },
  { account: "spark", of: namespace, own: { secret: "object-store-key-spark" } },
  { account: "airflow-scheduler", of: namespace },
  { account: "jupyterhub-hub", of: namespace },
];

const podsIn = (where: string): string => `/api/v1/namespaces/${where}/pods`;

/** A pod that the namespace takes. */
function podWith(parts: { readonly secret?: string; readonly runAs?: string; readonly mounted?: string }): object {
  const { secret, runAs, mounted } = parts;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "people-refused" },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...(runAs !== undefined && { serviceAccountName: runAs }),
      securityContext: podSecurityContext(),
      containers: [
        {
          name: "base",
          image: "registry.example/none:1",
          resources: { requests: { cpu: "1m", memory: "8Mi" }, limits: { cpu: "10m", memory: "16Mi" } },
          securityContext: containerSecurityContext(),
          ...(secret !== undefined && {
            env: [{ name: "KEY", valueFrom: { secretKeyRef: { name: secret, key: "secretKey" } } }],
          }),
        },
      ],
      ...(mounted !== undefined && { volumes: [{ name: "stolen", secret: { secretName: mounted } }] }),
    },
  };
}

/** Asks the API server in the name of an account; answers with the status of a refusal. Nothing is made. */
async function asked({ account, of }: Maker, method: string, path: string, body?: object): Promise<number> {
  const headers = { "Impersonate-User": `system:serviceaccount:${of}:${account}` };
  try {
    await kube().ask(method, path, { headers, ...(body && { body }) });
    return 200;
  } catch (error) {
    if (error instanceof KubeError) return error.status;
    throw error;
  }
}

const make = (maker: Maker, where: string, parts: Parameters<typeof podWith>[0]): Promise<number> =>
  asked(maker, "POST", `${podsIn(where)}?dryRun=All`, podWith(parts));

async function byAccounts(runner: Runner): Promise<void> {
  const title =
    "an account that makes pods reads no Secret, makes none beside the servers, and gives them only its own";
  await runner.step(title, 2 * MINUTE, async () => {
    const wrong: string[] = [];
    const is = async (what: string, expected: readonly number[], answer: Promise<number>): Promise<void> => {
      const status = await answer;
      if (!expected.includes(status)) wrong.push(`${what}: answered with ${status}`);
    };
    let count = 0;
    for (const maker of makers) {
      const name = `${maker.of}/${maker.account}`;
      const own = maker.account === "jupyterhub-hub" ? users : jobs;
      const refusals: [string, Promise<number>][] = [
        ["makes a pod beside the servers", make(maker, namespace, {})],
        ["makes a pod among the others'", make(maker, own === users ? jobs : users, {})],
        ["lists pods of the platform", asked(maker, "GET", podsIn(namespace))],
        ["lists pods everywhere", asked(maker, "GET", "/api/v1/pods")],
        ...namespacesOf(stack.config.cluster).map((where): [string, Promise<number>] => [
          `reads Secrets of ${where}`,
          asked(maker, "GET", `/api/v1/namespaces/${where}/secrets`),
        ]),
        [
          "changes settings of tasks",
          asked(maker, "PATCH", `/api/v1/namespaces/${own}/configmaps/client-endpoints`, {}),
        ],
        ["enters pods", asked(maker, "POST", `${podsIn(own)}/any/exec?command=id`)],
        ["makes a token", asked(maker, "POST", `/api/v1/namespaces/${jobs}/serviceaccounts/spark/token`, {})],
        ...(maker.own === undefined
          ? []
          : ([
              ["gives a pod another's key", make(maker, own, { secret: "object-store-key-dag-bucket" })],
              ["mounts the token of sessions", make(maker, own, { mounted: "spark-connect" })],
              [
                "runs a pod as another",
                make(maker, own, { runAs: maker.own.runAs === undefined ? "spark" : "airflow-task" }),
              ],
            ] as [string, Promise<number>][])),
      ];
      for (const [what, answer] of refusals) await is(`${name} ${what}`, [403, 422], answer);
      count += refusals.length;
      await is(`${name} makes a pod of its own`, [200], make(maker, own, maker.own ?? {}));
      await is(`${name} lists its pods`, [200], asked(maker, "GET", podsIn(own)));
    }
    must(wrong.length === 0, wrong.join("; "));
    return `${makers.length} accounts, ${count} refused`;
  });
}
