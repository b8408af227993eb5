/** Bad luck and bad input of JupyterHub and of notebook servers. */
import { randomUUID } from "node:crypto";

import { poll } from "../../../platform/hops/errors.ts";
import { HttpSession, wordsOfAnswer } from "../../../platform/hops/http-session.ts";
import type { JupyterHubClient } from "../../../components/jupyterhub/hops/jupyterhub-client.ts";
import type { Kernel } from "../../../components/jupyterhub/hops/kernel.ts";
import { messageOf } from "../../../cli/errors.ts";
import { ROBOT } from "../../../platform/names.ts";
import { bucketOf, jupyterhubUrl, logIn, person } from "../clients.ts";
import { fingerprints, killPod } from "../platform.ts";
import { timed } from "../proofs.ts";
import { must, type Runner, until } from "../runner.ts";

const MINUTE = 60_000;

/** Starts the account's server and waits until a kernel answers. */
export async function startServer(hub: JupyterHubClient): Promise<Kernel> {
  await until("no server", MINUTE, async () => {
    if ((await hub.server()) === undefined) return true;
    await hub.stopServer();
    return undefined;
  });
  await hub.startServer();
  const last = await hub.progress(() => undefined, AbortSignal.timeout(3 * MINUTE));
  must(last?.ready === true, `the server did not start: ${last?.message ?? "no event"}`);
  return await newKernel(hub);
}

async function newKernel(hub: JupyterHubClient): Promise<Kernel> {
  const signal = AbortSignal.timeout(MINUTE);
  const { kernel } = await poll(async () => ({ kernel: await hub.startKernel(signal) }), { signal });
  const printed = await kernel.execute("print(6 * 7)", signal);
  must(printed.trim() === "42", `the kernel answers ${printed}`);
  return kernel;
}

export async function stopServer(hub: JupyterHubClient): Promise<void> {
  await hub.stopServer();
  await until("the server's end", 2 * MINUTE, async () => ((await hub.server()) === undefined ? true : undefined));
  await hub.logOut();
}

const notebook = (text: string): object => ({
  nbformat: 4,
  nbformat_minor: 5,
  metadata: {},
  cells: [{ id: "e2e", cell_type: "markdown", metadata: {}, source: text }],
});

/** What a person waits for, what a killed server keeps, and what a greedy cell does. */
export async function servers(runner: Runner): Promise<void> {
  const user = person();
  const hub = await logIn(user);
  const name = `e2e-${randomUUID()}.ipynb`;
  const home = await bucketOf(`user-${user}`, `home-${user}`);
  let kernel: Kernel | undefined;
  try {
    const isUp = await runner.step("a notebook server is usable soon after the click", 5 * MINUTE, async () => {
      const clicked = Date.now();
      kernel = await startServer(hub);
      const took = Date.now() - clicked;
      return timed("a cell was executed after", took, MINUTE);
    });
    if (!isUp) return;
    if (kernel !== undefined) {
      await functionWithNumpy(runner, kernel);
      await sparkAndPresto(runner, kernel);
    }
    await overMemory(runner, hub);
    await runner.step(
      "a notebook saved before its server was killed is there in the next one",
      5 * MINUTE,
      async () => {
        await hub.saveNotebook(name, notebook("acknowledged"));
        await killPod(`jupyter-${user}`);
        await until("the hub to notice", 2 * MINUTE, async () =>
          (await hub.server()) === undefined ? true : undefined,
        );
        kernel?.close();
        kernel = await startServer(hub);
        const saved = await hub.readNotebook(name);
        must(saved.includes("acknowledged"), `the server gives back ${saved.slice(0, 200)}`);
        return `${home.where}/${name}`;
      },
    );
  } finally {
    kernel?.close();
    await home.remove(name).catch(() => undefined);
    await stopServer(hub).catch((error: unknown) => {
      console.log(`    the server of ${user} was not stopped: ${messageOf(error)}`);
    });
  }
}

/** Prints the sum of the hypotenuses of 3n and 4n, and what the executor has that the notebook has not. */
const functionOfNumpy = `
import numpy, socket, millrace
from pyspark.sql.functions import sum, udf
def hypotenuse(n):
    import numpy
    return float(numpy.linalg.norm(numpy.array([3.0 * n, 4.0 * n])))
def place(n):
    import numpy, socket
    return f"{socket.gethostname()} {numpy.__version__}"
numbers = millrace.spark().range(1, 101)
total = numbers.select(sum(udf(hypotenuse, "double")("id"))).first()[0]
host, version = numbers.limit(1).select(udf(place, "string")("id")).first()[0].split()
print(total, version == numpy.__version__, host != socket.gethostname())
`;

async function functionWithNumpy(runner: Runner, kernel: Kernel): Promise<void> {
  const title = "a function of a notebook runs on an executor with the notebook's numpy";
  await runner.step(title, 4 * MINUTE, async () => {
    const printed = await kernel.execute(functionOfNumpy, AbortSignal.timeout(4 * MINUTE));
    must(printed.trim() === "25250.0 True True", `the cell printed ${printed}`);
    return printed.trim();
  });
}

const TABLE = "telemetry.e2e_hours";
const VIEW = "telemetry.e2e_view";

/** Prints a time that Spark wrote as Presto reads it. */
const timeOfFunction = `
import millrace
from millrace._maintenance import _found
session = millrace.spark()
try:
    time = "date_trunc('HOUR', timestamp_seconds(1774750000))"
    session.sql(f"CREATE OR REPLACE TABLE lake.${TABLE} AS SELECT {time} AS h")
    try:
        session.sql("CREATE OR REPLACE VIEW lake.${VIEW} AS SELECT * FROM lake.${TABLE}")
    except Exception as error:
        print("CREATE TEMPORARY VIEW" in str(error))
    print(millrace.sql("SELECT h FROM ${TABLE}").iloc[0]["h"])
    names = set(millrace.sql("SELECT table_name FROM lake.information_schema.tables WHERE table_schema = 'telemetry'")["table_name"])
    columns = millrace.sql("SELECT table_schema, table_name, column_name FROM lake.information_schema.columns")
    print(names >= {"samples", "e2e_hours"}, ["telemetry", "e2e_hours", "h"] in columns.values.tolist())
    kept = [name for _, name in _found(session)]
    print("e2e_hours" in kept, "e2e_view" in kept)
    try:
        session.sql("ALTER TABLE lake.${TABLE} SET TBLPROPERTIES ('format-version'='3')")
    except Exception as error:
        print("Presto reads tables of 1 and 2" in str(error))
finally:
    session.sql("DROP VIEW IF EXISTS lake.${VIEW}")
    session.sql("DROP TABLE IF EXISTS lake.${TABLE} PURGE")
`;

async function sparkAndPresto(runner: Runner, kernel: Kernel): Promise<void> {
  const title =
    "SQL reads a time that Spark's functions gave, and a view of Spark's is refused, which would end every list of columns";
  await runner.step(title, 4 * MINUTE, async () => {
    const printed = (await kernel.execute(timeOfFunction, AbortSignal.timeout(4 * MINUTE))).trim();
    must(printed === "True\n2026-03-29 02:00:00\nTrue True\nTrue False\nTrue", `the cell printed ${printed}`);
    return printed.replaceAll("\n", ", ");
  });
}

async function overMemory(runner: Runner, hub: JupyterHubClient): Promise<void> {
  const title = "a cell over the memory limit loses its kernel with a word, not its server, nor the hub";
  await runner.step(title, 4 * MINUTE, async () => {
    const before = await fingerprints("jupyterhub");
    const kernel = await newKernel(hub);
    const eat = "eaten = []\nwhile True:\n    eaten.append(b'x' * 50_000_000)";
    const words = await kernel.execute(eat, AbortSignal.timeout(2 * MINUTE)).then(
      () => "nothing",
      (error: unknown) => messageOf(error),
    );
    kernel.close();
    must(words.includes("the kernel died"), `it said: ${words}`);
    (await newKernel(hub)).close();
    const after = await fingerprints("jupyterhub");
    must(after.join() === before.join(), `pods differ: ${after.filter((pod) => !before.includes(pod)).join()}`);
    return words;
  });
}

/** Wrong passwords are refused, and after some of them the account is locked for a while. */
export async function wrongPassword(runner: Runner): Promise<void> {
  await runner.step("the hub refuses a wrong password, and then locks that account for a while", MINUTE, async () => {
    const answers: string[] = [];
    for (let attempt = 0; attempt < 7; attempt++) {
      const http = new HttpSession({ service: "JupyterHub", url: jupyterhubUrl() });
      await http.send("GET", "/hub/login");
      const form = {
        username: person(),
        password: `wrong-${attempt}`,
        _xsrf: http.cookie("_xsrf", "/hub/login") ?? "",
      };
      const answer = await http.send("POST", "/hub/login", { form });
      answers.push(wordsOfAnswer(answer));
      const seen = await http.send("GET", "/hub/api/user");
      must(seen.status === 403, `a wrong password opened the hub: ${wordsOfAnswer(seen)}`);
    }
    must(answers[0]?.startsWith("status 403") === true, `the first was answered with ${answers[0] ?? ""}`);
    must(answers.at(-1)?.startsWith("status 429") === true, `the last was answered with ${answers.at(-1) ?? ""}`);
    await (await logIn(ROBOT)).logOut();
    return `${answers.map((words) => words.slice(7, 10)).join(", ")}; ${ROBOT} still logs in`;
  });
}
