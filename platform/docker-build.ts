/** Builds by the Docker engine's own builder, from a prepared context and without network. */

import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type Docker from "dockerode";
import { packContext } from "./docker-context.ts";
import { followEngine } from "./docker-stream.ts";

/** As `docker.Image` takes it. */
export interface BuildSettings {
  /** @default "." */
  readonly context?: unknown;
  /** @default "Dockerfile" */
  readonly dockerfile?: unknown;
  readonly args?: unknown;
  readonly target?: unknown;
}

export interface BuildWork {
  /** Says what is being done. */
  readonly progress: (message: string) => void;
  /** Ends the build. */
  readonly signal: AbortSignal;
}

/**
 * Builds an image and leaves nothing beside it, also when it fails.
 * @param projectDir Folder that paths are relative to.
 * @throws Error with the last lines of the build.
 */
export async function buildImage(
  docker: Docker,
  name: string,
  settings: BuildSettings,
  projectDir: string,
  { progress, signal }: BuildWork,
): Promise<void> {
  const folder = resolve(projectDir, text(settings.context) ?? ".");
  const dockerfile = text(settings.dockerfile) ?? "Dockerfile";
  // A Dockerfile named with the context's own path is meant relative to it, as the official provider takes it.
  const inContext = resolve(projectDir, dockerfile).startsWith(`${folder}/`)
    ? resolve(projectDir, dockerfile).slice(folder.length + 1)
    : dockerfile;
  await readFile(join(folder, inContext)).catch((error: unknown) => {
    throw new Error(`the build of ${name} needs ${join(folder, inContext)}, which is not there`, { cause: error });
  });
  const options = {
    t: name,
    dockerfile: inContext,
    networkmode: "none",
    rm: true,
    forcerm: true,
    buildargs: (settings.args ?? {}) as Record<string, string>,
    ...(text(settings.target) === undefined ? {} : { target: text(settings.target) }),
    // The engine ends a build whose client goes, also while it receives the context.
    abortSignal: signal,
  };
  const last: string[] = [];
  const source = packContext(folder);
  await untilAborted("building", signal, async () =>
    followEngine(docker, await docker.buildImage(source, options), (event) => {
      const line = event.stream?.trim() ?? "";
      const step = /^Step (\d+)\/(\d+) : (.*)$/.exec(line);
      if (step !== null) {
        progress(`step ${step[1] ?? ""}/${step[2] ?? ""}: ${(step[3] ?? "").slice(0, 80)}`);
      } else if (line !== "") {
        last.push(line);
        last.splice(0, Math.max(0, last.length - 8));
      }
    }),
  )
    .catch((error: unknown) => {
      if (signal.aborted) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`the build of ${name} failed: ${why}${last.length === 0 ? "" : `\n${last.join("\n")}`}`, {
        cause: error,
      });
    })
    .finally(() => {
      source.destroy();
    });
}

/** What an aborted request throws is no cause: that it was interrupted is. */
export async function untilAborted(doing: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  if (signal.aborted) throw new Error(`interrupted while ${doing}`);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
