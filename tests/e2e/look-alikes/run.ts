/** `npm run e2e -- --target minikube-like`: an ordinary life of the platform on a cluster of another kind, by values alone. */
import { isStopped, onInterrupt } from "../../../cli/interrupt.ts";
import { must, type Runner } from "../runner.ts";
import { lookAlikes } from "./descriptions.ts";
import { nodePortsAreAs } from "./node-ports.ts";
import { refusals } from "./refusals.ts";
import { removeLeftovers, Stage } from "./stage.ts";

const MINUTE = 60_000;
/** What one look-alike takes, with warm caches. */
export const LOOK_ALIKE_MINUTES = 6;
const LIFE_LIMIT_MS = 40 * MINUTE;

/** Whose turn it is. */
export function lookAlikeOf(turn: number): string {
  const names = Object.keys(lookAlikes);
  return names[turn % names.length] ?? "";
}

let isLiving = false;

/** Whether a look-alike is there, which a signal removes before this program ends. */
export const endsByItself = (): boolean => isLiving;

/** Brings up the look-alike, lives on it, and removes it; Ctrl-C removes it too. */
export async function onLookAlike(runner: Runner, name: string): Promise<void> {
  const of = lookAlikes[name];
  if (of === undefined) {
    runner.fail(`--target ${name}`, `there is no such look-alike; there are ${Object.keys(lookAlikes).join(", ")}`);
    return;
  }
  const interrupt = onInterrupt(() => {
    console.log(`  removing ${name}; press Ctrl-C again to leave it to the next run`);
  });
  const { signal } = interrupt;
  isLiving = true;
  const made: { stage?: Stage } = {};
  try {
    await runner.step(`${name} starts`, 40 * MINUTE, async () => {
      const left = await removeLeftovers();
      must(left.length === 0, `of a killed run there is still ${left.join(", ")}`);
      made.stage = await Stage.raise(name, of, signal);
      return `context ${made.stage.pose.context}`;
    });
    const { stage } = made;
    if (stage !== undefined) {
      const words = stage.pose.hasNodePorts ? "lead in" : "lead nowhere";
      await runner.step(`node ports of ${name} ${words}`, MINUTE, () => nodePortsAreAs(stage));
      await clusterIsWell(runner, stage, name);
      await refusals(runner, stage, of, signal);
      if (!isStopped(signal)) await life(runner, stage, name);
    }
  } finally {
    await runner.step(`nothing is left of ${name}`, 3 * MINUTE, async () => {
      const left = await (made.stage === undefined ? removeLeftovers() : made.stage.remove());
      must(left.length === 0, left.join(", "));
      return undefined;
    });
    interrupt.release();
    isLiving = false;
  }
  if (!isStopped(signal)) return;
  runner.fail(name, "interrupted");
  process.exitCode = 130;
}

interface DoctorReport {
  readonly findings: readonly { readonly subject: string; readonly level: string; readonly detail: string }[];
}

/** What the doctor asks of a cluster, as against this machine and the platform. */
const SUBJECTS = ["version", "nodes", "resources", "storage", "DNS", "registry"];

async function clusterIsWell(runner: Runner, stage: Stage, name: string): Promise<void> {
  await runner.step(`doctor finds nothing wrong with ${name}`, 2 * MINUTE, async () => {
    const ran = await stage.millrace(["doctor", "--json"], MINUTE);
    const { findings } = JSON.parse(ran.stdout) as DoctorReport;
    const asked = [...SUBJECTS, "ingress", "host"];
    const wrong = findings.filter(({ subject, level }) => asked.includes(subject) && level !== "ok");
    must(wrong.length === 0, wrong.map(({ subject, detail }) => `${subject}: ${detail}`).join("; "));
    const missing = SUBJECTS.filter((subject) => findings.every((one) => one.subject !== subject));
    must(missing.length === 0, `it says nothing of ${missing.join(", ")}`);
    return undefined;
  });
}

/** The clone's own end-to-end test: its stack `dev` is on the look-alike. */
async function life(runner: Runner, stage: Stage, name: string): Promise<void> {
  const ran = await stage.endToEnd(["--profile", "core", "--no-faults"], LIFE_LIMIT_MS);
  const [, passed] = /^(\d+) passed, \d+ failed$/m.exec(ran.stdout) ?? [];
  const failures = [...new Set(ran.stdout.split("\n").filter((line) => line.startsWith("✗ ")))];
  runner.add(Number(passed ?? 0), failures);
  if (passed === undefined) runner.fail(`a life on ${name}`, `it ended with code ${ran.code} and without a result`);
}
