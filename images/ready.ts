/** Contexts and images where the official CLI runs the program: its docker provider reads them, in a preview too. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type Docker from "dockerode";
import { buildImage } from "../platform/docker-build.ts";
import { describeError } from "../platform/describe-error.ts";
import { repositoryDir } from "../platform/images/files.ts";
import { buildSettings, contextDir, imageNames, imageReference } from "./index.ts";
import { prepareContexts } from "./prepare.ts";
import { upstreamProblems } from "./upstream.ts";
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

/** What is going to be built, and by which names it is pushed. */
export interface Builds {
  readonly images: readonly string[];
  /** The registry as the machine that pushes names it. @default - none, so nothing is built */
  readonly registry: string | undefined;
  /** Platform of the nodes, for example `linux/amd64`. */
  readonly platform: string;
  /** Where official images come from. @default - where each is published */
  readonly mirror?: string | undefined;
}

/** What `readyBuilds` does by itself; specs do it otherwise. */
export interface ReadyWork {
  readonly run: ProgramRun;
  readonly prepare: typeof prepareContexts;
  readonly docker: () => Promise<Docker>;
}

/**
 * Prepares and builds what `pulumi up` is going to build, which can take half an hour on a new machine. The official docker
 * provider then finds each step in Docker's cache: a step that it runs itself leaves its container behind. A preview does
 * nothing.
 * @throws RunError with the cause when something can't be prepared; nothing is created then.
 */
export async function readyBuilds(builds: Builds, work: Partial<ReadyWork> = {}): Promise<void> {
  const problems = upstreamProblems(builds.images);
  if (problems.length > 0) throw new pulumi.RunError(problems.join("; "));
  const { run = programRun(), prepare = prepareContexts, docker = connect } = work;
  if (!run.isOfficial || run.isPreview) return;
  const missing = builds.images.filter((image) => !existsSync(contextDir(image)));
  if (missing.length > 0) {
    void pulumi.log.info(`preparing the images ${missing.join(", ")}, which takes a while the first time`);
    const tell = (step: string, detail: string): void => {
      report(`${step}: ${detail}`);
    };
    try {
      await prepare(missing, tell, undefined, { mirror: builds.mirror, platform: builds.platform });
    } catch (error) {
      throw new pulumi.RunError(
        `the images can't be prepared, and nothing was created: ${describeError(error)}. npm run doctor lists what this machine lacks`,
      );
    }
  }
  await buildMissing(builds, await docker());
}

async function buildMissing({ images, registry, platform }: Builds, docker: Docker): Promise<void> {
  if (registry === undefined) return;
  const { signal } = new AbortController();
  for (const image of imageNames.filter((name) => images.includes(name))) {
    const name = `${registry}/${imageReference(image)}`;
    const progress = (message: string): void => {
      report(`image ${image}: ${message}`);
    };
    try {
      if (!(await isBuiltHere(docker, name))) {
        await buildImage(docker, name, buildSettings(image, platform), repositoryDir, { progress, signal });
      }
    } catch (error) {
      // The provider tries itself, and says what is wrong.
      void pulumi.log.warn(`image ${image} is left to the docker provider: ${describeError(error)}`);
      return;
    }
  }
}

/** Whether the engine has the image with the steps that led to it; one that was pulled has none. */
async function isBuiltHere(docker: Docker, name: string): Promise<boolean> {
  try {
    return (await docker.getImage(name).inspect()).Parent !== "";
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return false;
    throw error;
  }
}

/** Loaded when it is needed: the local engine's program needs none. */
async function connect(): Promise<Docker> {
  const { default: Client } = await import("dockerode");
  return new Client();
}

function report(message: string): void {
  void pulumi.log.info(message, undefined, undefined, true);
}

/** The context that an image is built from; in a preview without a prepared one, the image's sources in its place. */
export function contextFor(image: string, { isOfficial, isPreview }: ProgramRun = programRun()): string {
  const context = contextDir(image);
  return isOfficial && isPreview && !existsSync(context) ? join(repositoryDir, imageFolder(image)) : context;
}
