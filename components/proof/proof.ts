/** The proof: a Job that sends marked records down the data path and asks every hop for exactly them. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { API_SERVER_CA } from "../../platform/account.ts";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { Ready } from "../../platform/endpoints.ts";
import { secretVariable } from "../../platform/hops/define-hops.ts";
import { cleanupMs, podStartMs, proofCapMs } from "../../platform/hops/limits.ts";
import { labels } from "../../platform/names.ts";
import { apiServer, type Speaker } from "../../platform/network.ts";
import type { Proven } from "../../platform/proven.ts";
import { job, jobSpec, type PodArgs, type Resources, secretEnv } from "../../platform/workload.ts";

const CHECK = "check";
/** Time that the Job has at least, for its start, its hops and its clean-up, in seconds. */
const JOB_SECONDS = (podStartMs + proofCapMs + cleanupMs) / 1000;

/** Time in which a proof that is told to stop cleans up, in seconds. */
const STOP_SECONDS = cleanupMs / 1000 + 15;

export interface ProofArgs {
  readonly namespace: pulumi.Input<string>;
  /** The platform's tools image. */
  readonly image: pulumi.Input<string>;
  /**
   * What is asked: the parts of the services, each at most once. `provenTopic`, `provenStore`, `provenCatalog`,
   * `provenPresto` and `provenTelemetry` make those of the data path. Hops whose parts are not here are left out.
   */
  readonly proves: readonly Proven[];
  /** What else must be there first. @default - nothing */
  readonly waitFor?: Ready;
  /** Why hops that are left out are: what the report says of them, by their names. @default - that nothing was given */
  readonly skipped?: Readonly<Record<string, string>>;
  /** A server that the policies close to the proof, which tries whether they do. @default - there are no policies */
  readonly closed?: pulumi.Input<{ readonly host: string; readonly port: number }>;
  /** Text whose change makes the proof run again: what it stands on. @default - only a change of the proof itself */
  readonly revision?: pulumi.Input<string>;
  readonly resources: Resources;
  /** Good records to send. @default 300 */
  readonly records?: number;
  /** Time that each hop may take at least without progress, in seconds. @default - each hop's own, 90 or 240 */
  readonly timeoutSeconds?: number;
}

/** What is wrong with the arguments; empty when nothing is. */
export function proofProblems(args: Pick<ProofArgs, "proves" | "records" | "timeoutSeconds">): string[] {
  const { proves, records = 300, timeoutSeconds = 1 } = args;
  const rooms = proves.map(({ room }) => room);
  const problems = [...new Set(rooms.filter((room, index) => rooms.indexOf(room) !== index))].map(
    (room) => `proof: proves has ${room} more than once; give each service once`,
  );
  if (!Number.isInteger(records) || records < 1 || records > 10_000) {
    problems.push(`proof: records is ${records}; give a whole number from 1 to 10000`);
  }
  if (!(timeoutSeconds >= 1 && timeoutSeconds <= 3600)) {
    problems.push(`proof: timeoutSeconds is ${timeoutSeconds}; give a number from 1 to 3600`);
  }
  return problems;
}

/** The pod of the proof, as far as the network is concerned. */
export function proofSpeaker(name: string, proves: readonly Pick<Proven, "reaches" | "seesJobs">[]): Speaker {
  const reaches = proves.flatMap((proven) => proven.reaches);
  const asksApi = proves.some(({ seesJobs }) => seesJobs);
  return { service: name, component: CHECK, reaches: asksApi ? [...reaches, apiServer] : reaches };
}

/** Runs the proof once with every change of the platform, and keeps a suspended CronJob to run it on demand. */
export class Proof extends Component {
  /** Name of the Job; settles when the proof has passed. */
  readonly jobName: pulumi.Output<string>;
  /** Name of the suspended CronJob whose template a run on demand uses. */
  readonly onDemandName: pulumi.Output<string>;

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: ProofArgs, opts?: ComponentOptions) {
    const { proves, records = 300, timeoutSeconds } = args;
    super("Proof", name, { records, timeoutSeconds }, opts);
    const problems = proofProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const deadlineSeconds = Math.max(JOB_SECONDS, 2 * Math.ceil(timeoutSeconds ?? 0));
    const limits = { deadlineSeconds, retries: 0 };
    const account = proves.some(({ seesJobs }) => seesJobs)
      ? createAccount(name, args.namespace, { parent: this })
      : undefined;
    const onDemandName = `${name}-on-demand`;
    const pod = proofPod();

    const onDemand = new k8s.batch.v1.CronJob(
      onDemandName,
      {
        metadata: { name: onDemandName, namespace: args.namespace, labels: labels(name, "check") },
        spec: {
          suspend: true,
          // Never due: the CronJob only holds the template of a run on demand.
          schedule: "0 0 1 1 *",
          jobTemplate: { spec: jobSpec({ ...limits, pod: { ...pod, restartPolicy: "Never" } }) },
        },
      },
      { parent: this },
    );
    const run = job(
      {
        name,
        namespace: args.namespace,
        ...limits,
        pod: { ...pod, ...(args.revision !== undefined && { config: args.revision }) },
      },
      {
        parent: this,
        dependsOn: [...proves.flatMap(({ ready }) => ready), ...(args.waitFor ?? [])],
        // It ends by its own limits, and says why.
        customTimeouts: { create: `${deadlineSeconds + STOP_SECONDS}s`, update: `${deadlineSeconds + STOP_SECONDS}s` },
      },
    );
    this.jobName = run.metadata.name;
    this.onDemandName = onDemand.metadata.name;
    this.registerOutputs({ jobName: this.jobName, onDemandName: this.onDemandName });

    function proofPod(): PodArgs {
      return {
        service: name,
        component: CHECK,
        reaches: proves.flatMap(({ reaches }) => reaches),
        image: args.image,
        command: ["node", "/opt/millrace/check/main.ts"],
        env: [
          { name: "PROOF_CONFIG", value: proofConfig() },
          ...proves.flatMap(({ room, secrets }) =>
            Object.entries(secrets).map(([secret, { secretName, key }]) =>
              secretEnv(secretVariable(room, secret), secretName, key),
            ),
          ),
          ...proves.flatMap(({ env }) => env),
          // The cluster's API is asked of the Jobs.
          ...(account ? [API_SERVER_CA] : []),
        ],
        resources: args.resources,
        ...(account && { serviceAccountName: account }),
        scratch: ["/tmp"],
        terminationGracePeriodSeconds: STOP_SECONDS,
      };
    }

    /** All settings that are not secret, as `check/config.ts` reads them. */
    function proofConfig(): pulumi.Output<string> {
      const rooms = Object.fromEntries(proves.map(({ room, settings }) => [room, settings]));
      const all = { records, timeoutSeconds, skipped: args.skipped, closed: args.closed, rooms };
      return pulumi.output(all).apply((known) => JSON.stringify(known));
    }
  }
}

/** An account that sees which Jobs failed, and nothing else. Its name settles when it has its right. */
function createAccount(
  name: string,
  namespace: pulumi.Input<string>,
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const metadata = { name, namespace, labels: labels(name, "check") };
  const made = new k8s.core.v1.ServiceAccount(name, { metadata, automountServiceAccountToken: false }, opts);
  const role = new k8s.rbac.v1.Role(
    name,
    { metadata, rules: [{ apiGroups: ["batch"], resources: ["jobs"], verbs: ["list"] }] },
    opts,
  );
  const binding = new k8s.rbac.v1.RoleBinding(
    name,
    {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name },
      subjects: [{ kind: "ServiceAccount", name: made.metadata.name, namespace }],
    },
    opts,
  );
  return binding.subjects.apply((subjects) => subjects[0]?.name ?? name);
}
