/** Bad luck of the census batch: it may be killed in its midst and start again, and its figures are those of the file. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { sparkDriverName } from "../../../components/spark/names.ts";
import { type CensusAnswer, sinks } from "../../../display/protocol.ts";
import { askDisplay } from "../pipeline.ts";
import { endOfJob, killPod, kube, namespace, sql } from "../platform.ts";
import { must, type Runner, until } from "../runner.ts";

const MINUTE = 60_000;
const RUN = "static-file";
const batch = `/apis/batch/v1/namespaces/${namespace}/jobs`;

interface Job {
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: object;
    };
  };
}

export async function batchKilled(runner: Runner): Promise<void> {
  const title = "a census batch that is killed in its midst starts again and leaves the same figures";
  await runner.step(title, 12 * MINUTE, async () => {
    const before = await figures();
    const name = `census-e2e-${randomBytes(3).toString("hex")}`;
    await kube().post(batch, await copyOf(sparkDriverName("census"), name));
    try {
      await killPod(await startedPod(name));
      must(await endOfJob(name, 6 * MINUTE), "the batch has failed");
    } finally {
      await kube().delete(`${batch}/${name}`, { propagationPolicy: "Background" });
    }
    const after = await until("the new figures", MINUTE, async () => {
      const found = await figures();
      return found.madeAt > before.madeAt ? found : undefined;
    });
    must(after.people === before.people, `${after.people} people in the lake, ${before.people} before`);
    must(after.words === before.words, `it says ${after.words.slice(0, 300)}, before ${before.words.slice(0, 300)}`);
    return `${after.people} people, the same figures from both sinks`;
  });
}

/** A Job like another one, with pods of its own. */
async function copyOf(job: string, name: string): Promise<object> {
  const { template } = (await kube().get<Job>(`${batch}/${job}`)).spec;
  // Kubernetes adds labels by which a Job knows its pods.
  const labels = Object.fromEntries(
    Object.entries(template.metadata.labels).filter(
      ([key]) => !/^(batch\.kubernetes\.io\/|controller-uid|job-name)/.test(key),
    ),
  );
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, labels: { "app.kubernetes.io/part-of": "millrace" } },
    spec: { backoffLimit: 3, template: { metadata: { labels }, spec: template.spec } },
  };
}

interface PodList {
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
}

/** The Job's pod, a moment after it has begun its work. */
async function startedPod(job: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const selector = encodeURIComponent(`batch.kubernetes.io/job-name=${job}`);
  const name = await until("the begin of the batch", 4 * MINUTE, async () => {
    const [pod] = (await kube().get<PodList>(`${path}?labelSelector=${selector}`)).items;
    if (pod === undefined) return undefined;
    const text = await kube()
      .text(`${path}/${pod.metadata.name}/log`)
      .catch(() => "");
    return text.includes(`run ${RUN} begins`) ? pod.metadata.name : undefined;
  });
  await sleep(5000 * Math.random());
  return name;
}

interface Figures {
  readonly people: number;
  /** Of the older sink, ISO 8601. */
  readonly madeAt: string;
  /** All figures of both sinks, in one order. */
  readonly words: string;
}

async function figures(): Promise<Figures> {
  const answers = await Promise.all(
    sinks.map(async (sink) => {
      const answer = await askDisplay(`/api/spark/${sink}/census-data?run=${RUN}`);
      must(answer.ok, `the display answers ${answer.status} for ${sink}`);
      return (await answer.json()) as CensusAnswer;
    }),
  );
  const words = answers.map(({ sink, figures: rows }) =>
    rows
      .map(({ grouping, member, measure, count, mean, deviation, minimum, maximum }) =>
        [sink, grouping, member, measure, count, mean, deviation, minimum, maximum].join(" "),
      )
      .sort()
      .join("\n"),
  );
  must(
    words.every((one) => one !== ""),
    "a sink has no figures",
  );
  const [row] = await sql(`SELECT count(*) AS n FROM lake.census.people WHERE run = '${RUN}'`);
  const madeAt = answers.map((answer) => answer.madeAt ?? "").sort()[0] ?? "";
  return { people: Number(row?.["n"]), madeAt, words: words.join("\n") };
}
