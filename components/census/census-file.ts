/** The census: a static file in S3, in parts, the same for the same seed and number of people. */
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { S3Endpoint } from "../object-store/endpoint.ts";
import { s3Env } from "../object-store/s3-settings.ts";
import { DATA_JOB_SECONDS, job, type Resources } from "../../platform/workload.ts";
import type { Ready } from "../../platform/endpoints.ts";

const ROLE = "part";
const PREFIX = "census/";
const MOST_ROWS = 10_000_000;
const HIGHEST_SEED = 2 ** 31 - 1;
const MOST_PARTS = 100;

export interface CensusFileArgs {
  readonly namespace: pulumi.Input<string>;
  /** The platform's tools image. */
  readonly toolsImage: pulumi.Input<string>;
  /** The store, with a key that reads and writes the bucket. */
  readonly objectStore: S3Endpoint;
  readonly bucket: string;
  /** Number of people, 1 to 10000000. */
  readonly rows: number;
  /** 0 to 2147483647; the same seed makes the same people. */
  readonly seed: number;
  /** Number of parts, 1 to 100; a pod each. @default 1 */
  readonly parts?: number;
  readonly resources: Resources;
}

/** What is wrong with the arguments; empty when nothing is. */
export function censusFileProblems(args: Pick<CensusFileArgs, "rows" | "seed" | "parts">): string[] {
  const { rows, seed, parts = 1 } = args;
  const limits = [
    ["rows", rows, 1, MOST_ROWS],
    ["seed", seed, 0, HIGHEST_SEED],
    ["parts", parts, 1, MOST_PARTS],
  ] as const;
  return limits
    .filter(([, value, least, most]) => !Number.isInteger(value) || value < least || value > most)
    .map(([name, value, least, most]) => `census: ${name} is ${value}; give a whole number from ${least} to ${most}`);
}

/** A Job with a pod for each part. Parts that are there with the same content are left alone, those of a larger set removed. */
export class CensusFile extends Component {
  /** Made when all parts are in the bucket. */
  readonly ready: Ready;
  /** Begin of the parts' keys in the bucket. */
  readonly prefix: string = PREFIX;

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: CensusFileArgs, opts?: ComponentOptions) {
    const { bucket, rows, seed, parts = 1, objectStore } = args;
    super("CensusFile", name, { bucket, rows, seed, parts }, opts);
    const problems = censusFileProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const file = job(
      {
        name,
        namespace: args.namespace,
        deadlineSeconds: DATA_JOB_SECONDS,
        retries: 3,
        parts,
        pod: {
          service: name,
          component: ROLE,
          reaches: [objectStore.at],
          image: args.toolsImage,
          command: ["node", "/opt/millrace/components/census/programs/census-file.ts"],
          env: [
            ...s3Env(objectStore),
            { name: "BUCKET", value: bucket },
            { name: "PREFIX", value: PREFIX },
            { name: "ROWS", value: String(rows) },
            { name: "SEED", value: String(seed) },
            { name: "PARTS", value: String(parts) },
          ],
          resources: args.resources,
          scratch: ["/tmp"],
        },
      },
      { parent: this, dependsOn: [...objectStore.ready] },
    );
    this.ready = [file];
    this.registerOutputs({ ready: file.id });
  }
}
