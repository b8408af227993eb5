/** The platform's own notebooks in a bucket that people change too, and the steps from what is there to that. */
import { createHash } from "node:crypto";

/** A notebook in the bucket. */
export interface PresentNotebook {
  readonly content: Buffer;
  /** {@link fingerprint} of what the set-up put there last; `undefined` when it was put by others. */
  readonly putByUs: string | undefined;
}

/** The bucket, as far as the set-up uses it. */
export interface NotebookBucket {
  /** `undefined` when there is no such notebook. */
  get(name: string): Promise<PresentNotebook | undefined>;
  put(name: string, content: Buffer, putByUs: string): Promise<void>;
}

/** What is to be done with a notebook. */
export type Step = "create" | "replace" | "same" | "leave";

/** Hash of a notebook's bytes. */
export function fingerprint(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

/** A notebook is replaced only while it is still what the set-up put there: what a person saved is never overwritten. */
export function nextStep(present: PresentNotebook | undefined, wanted: Buffer): Step {
  if (present === undefined) return "create";
  if (present.content.equals(wanted)) return "same";
  return fingerprint(present.content) === present.putByUs ? "replace" : "leave";
}

/**
 * Puts the notebooks into the bucket. Nothing is ever removed, and running it again changes nothing.
 * @returns what was done, a line each
 */
export async function putNotebooks(
  bucket: NotebookBucket,
  notebooks: Readonly<Record<string, Buffer>>,
): Promise<string[]> {
  const lines: string[] = [];
  for (const [name, wanted] of Object.entries(notebooks)) {
    const step = nextStep(await bucket.get(name), wanted);
    if (step === "create" || step === "replace") await bucket.put(name, wanted, fingerprint(wanted));
    lines.push(`${name}: ${said[step]}`);
  }
  return lines;
}

const said: Readonly<Record<Step, string>> = {
  create: "put",
  replace: "replaced by its new version",
  same: "is there",
  leave: "left alone: a person has changed it; remove it, and the next set-up puts the platform's own again",
};
