/** Build contexts where the official CLI runs the program: its docker provider reads them, in a preview too. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { repositoryDir } from "../platform/images/files.ts";
import { contextDir } from "./index.ts";
import { prepareContexts } from "./prepare.ts";
import { upstreamProblems, type UpstreamPlaces } from "./upstream.ts";
import { imageFolder } from "./tags.ts";

/** How the program is run. */
export interface ProgramRun {
  /** Whether the official CLI runs it; the local engine reads a context only when it builds. */
  readonly isOfficial: boolean;
  readonly isPreview: boolean;
}

/** As the engine says; specs have none. */
export function programRun(): ProgramRun {
  const isOfficial = pulumi.runtime.getEngine() !== undefined && process.env["MILLRACE_ENGINE"] !== "local";
  return { isOfficial, isPreview: pulumi.runtime.isDryRun() };
}

/**
 * Prepares what `pulumi up` is going to build and nobody has prepared, which can take half an hour on a new machine.
 * A preview prepares nothing.
 * @throws RunError with the cause; nothing is created then.
 */
export async function readyContexts(
  images: readonly string[],
  upstream: UpstreamPlaces = {},
  { isOfficial, isPreview }: ProgramRun = programRun(),
  prepare: typeof prepareContexts = prepareContexts,
): Promise<void> {
  const problems = upstreamProblems(images);
  if (problems.length > 0) throw new pulumi.RunError(problems.join("; "));
  if (!isOfficial || isPreview) return;
  const missing = images.filter((image) => !existsSync(contextDir(image)));
  if (missing.length === 0) return;
  void pulumi.log.info(`preparing the images ${missing.join(", ")}, which takes a while the first time`);
  try {
    const tell = (step: string, detail: string): void => {
      void pulumi.log.info(`${step}: ${detail}`, undefined, undefined, true);
    };
    await prepare(missing, tell, undefined, upstream);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new pulumi.RunError(
      `the images can't be prepared, and nothing was created: ${cause}. npm run doctor lists what this machine lacks`,
    );
  }
}

/** The context that an image is built from; in a preview without a prepared one, the image's sources in its place. */
export function contextFor(image: string, { isOfficial, isPreview }: ProgramRun = programRun()): string {
  const context = contextDir(image);
  return isOfficial && isPreview && !existsSync(context) ? join(repositoryDir, imageFolder(image)) : context;
}
