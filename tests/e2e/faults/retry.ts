/** A Job of the platform that failed: the next up runs it again by itself, and nothing else. */
import type { UpReport } from "../../../cli/up.ts";
import { execute, kube, namespace } from "../platform.ts";
import { document, millrace, must, type Runner, until } from "../runner.ts";

const MINUTE = 60_000;
const JOB = "proof";
const jobPath = `/apis/batch/v1/namespaces/${namespace}/jobs/${JOB}`;

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly ownerReferences?: readonly { readonly uid: string }[] };
    readonly status?: { readonly phase?: string };
  }[];
}

export async function retry(runner: Runner): Promise<void> {
  const isRed = await runner.step("up is red when the proof's Job fails, and says so", 8 * MINUTE, async () => {
    // Without it the next up makes it anew: nothing else of the platform changes.
    await kube().delete(jobPath, { propagationPolicy: "Foreground" });
    await until("the old proof is gone", MINUTE, () =>
      uid().then(
        () => undefined,
        () => true,
      ),
    );
    const running = millrace(["up", "--json"], 7 * MINUTE);
    await stopProof();
    const ran = await running;
    const report = document(ran) as UpReport;
    must(ran.code !== 0 && !report.ok, "up is green although its proof was stopped");
    must(
      report.errors.some((error) => error.includes(`"${JOB}"`) || error.includes("proof failed")),
      `up says ${report.errors.join("; ")}`,
    );
    return report.errors[0]?.split("\n")[0];
  });
  if (!isRed) return;
  await runner.step("the next up runs it again by itself and is green", 8 * MINUTE, async () => {
    const before = await uid();
    const ran = await millrace(["up", "--json"], 7 * MINUTE);
    const report = document(ran) as UpReport;
    must(ran.code === 0 && report.ok, report.errors.join("; "));
    must(report.proof?.ok === true, "there is no proof");
    must((await uid()) !== before, "the failed Job is still there");
    const { create, update, replace, delete: deleted } = report.changes ?? {};
    must(create === 0 && update === 0 && replace === 1 && deleted === 0, JSON.stringify(report.changes));
    return `${Math.round(ran.ms / 1000)} s`;
  });
}

async function uid(): Promise<string> {
  return (await kube().get<{ readonly metadata: { readonly uid: string } }>(jobPath)).metadata.uid;
}

/** Tells the new proof to stop as soon as it runs, as the end of its node would. */
async function stopProof(): Promise<void> {
  const pod = await until("the new proof's pod", 5 * MINUTE, async () => {
    const owner = await uid();
    const selector = encodeURIComponent(`app.kubernetes.io/name=${JOB}`);
    const { items } = await kube().get<PodList>(`/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`);
    return items.find(
      ({ metadata, status }) =>
        status?.phase === "Running" && metadata.ownerReferences?.some((reference) => reference.uid === owner) === true,
    )?.metadata.name;
  });
  // Its program, which is the first process, has to be up to be told.
  await new Promise((resolve) => setTimeout(resolve, 2000));
  await (
    await execute(pod, "check", ["node", "-e", "process.kill(1, 'SIGTERM')"])
  ).ended;
}
