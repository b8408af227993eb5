/** `npm run images`: where the platform's images are, and `--push`: a registry that has them all, for others to copy from. */
import { existsSync } from "node:fs";
import { ensureDocker } from "../clusters/docker-engine.ts";
import { ensureNodeImage, nodeImageName } from "../clusters/embedded/node-image.ts";
import { nodeImageBelow, pushNodeImage } from "../clusters/embedded/node-image-cache.ts";
import { cachesOf, wantedImages } from "../config/images.ts";
import { publishImage } from "../engine/providers/docker.ts";
import { type CachedImage, checkPush, findImages, type FoundImages, nameBelow, ownPrefix } from "../images/find.ts";
import { buildSettings, contextDir, officialImages, prepareContexts } from "../images/index.ts";
import { upstreamProblems } from "../images/upstream.ts";
import { lockUpstream, type LookedUp, UPSTREAM_LOCK } from "../images/upstream-lock.ts";
import { imagesToBuild } from "../images/wanted.ts";
import { type ImageName, imageNameText } from "../platform/registry/image-name.ts";
import { Registry, type RegistryOptions } from "../platform/registry/registry.ts";
import { registryPrefix } from "../platform/settings.ts";
import { registryFolder } from "./cluster.ts";
import { chooseEngine } from "./choose-engine.ts";
import type { Command } from "./command.ts";
import { causesOf, reportErrors, UserError } from "./errors.ts";
import { isStopped, onInterrupt } from "./interrupt.ts";
import { stackArgs, stackOptions, text } from "./options.ts";
import { createProgress, duringEach, type Progress } from "./progress.ts";
import { copyFromCache } from "./ready-images.ts";
import { readStackAsBefore, type Stack } from "./stack.ts";
import { duration, table } from "./table.ts";
import { asThePlatform } from "./transitions.ts";

export type Place = "there" | "cache" | "nowhere" | "copied" | "built" | "failed";

export interface ImageReport {
  readonly name: string;
  /** Its whole name: in the registry that was pushed to, else in the stack's. */
  readonly reference: string;
  /** `there`, `copied`, `built` or `failed` after a push; else `there`, `cache` or `nowhere`. */
  readonly state: Place;
  /** Where it was copied from, or could be. */
  readonly from: string | null;
  readonly error: string | null;
}

/** What `images --json` prints. */
export interface ImagesReport {
  readonly ok: boolean;
  readonly stack: string;
  /** The registry with its repository that the images are named in. */
  readonly registry: string;
  readonly images: readonly ImageReport[];
  /** One line for each registry that could not be asked. */
  readonly warnings: readonly string[];
  readonly durationMs: number;
  readonly errors: readonly string[];
}

export const images: Command = {
  summary: "lists the platform's images and where they are; with --push makes a registry have them all",
  options: {
    ...stackOptions,
    push: {
      type: "string",
      value: "registry",
      help: "copy or build what this registry lacks, for example registry.example.com/acme/millrace; others name it in images.caches",
    },
    "lock-upstream": {
      type: "boolean",
      help: `look up what the tags of the official images name now, and write the digests to ${UPSTREAM_LOCK}`,
    },
  },
  async run(values) {
    const started = Date.now();
    const args = stackArgs(values);
    const push = text(values, "push");
    const problem = push === undefined ? undefined : pushProblem(push);
    if (problem !== undefined) throw new UserError(problem);
    if (push !== undefined && values["lock-upstream"] === true) {
      throw new UserError("--push and --lock-upstream are two commands: lock first, then push");
    }
    const engine = await chooseEngine(args.engine);
    const { stack: read, note } = await readStackAsBefore(args, engine);
    const stack = await asThePlatform(read, engine);
    const progress = createProgress({ sink: process.stderr });
    if (note !== undefined) progress.log(note);
    const interrupt = onInterrupt(() => {
      progress.log("stopping after the current image; press Ctrl-C again to stop at once");
    });
    try {
      const asked = { stack, progress, signal: interrupt.signal };
      if (values["lock-upstream"] === true) return await lockImages(asked, args.json);
      const outcome = push === undefined ? await listImages(asked) : await pushImages({ ...asked, push });
      progress.stop();
      const report: ImagesReport = { stack: stack.name, ...outcome, durationMs: Date.now() - started };
      process.stdout.write(`${args.json ? JSON.stringify(report, null, 2) : renderImages(report)}\n`);
      if (interrupt.signal.aborted) return 130;
      reportErrors(report.errors);
      return report.ok ? 0 : 1;
    } finally {
      interrupt.release();
      progress.stop();
    }
  },
};

/** What is wrong with the registry that `--push` names. */
export function pushProblem(push: string): string | undefined {
  const schema = registryPrefix();
  return schema.safeParse(push).success ? undefined : `--push "${push}": give ${String(schema.meta()?.["x-range"])}`;
}

interface ImagesArgs {
  readonly stack: Pick<Stack, "config" | "profile">;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

type Outcome = Omit<ImagesReport, "stack" | "durationMs">;

/** Where the images are; asks only. */
export async function listImages({ stack, signal }: ImagesArgs): Promise<Outcome> {
  const { registry, target, platform } = stack.profile;
  const names = namesOf(stack);
  const { mirror } = stack.config.images;
  if (registry === undefined) {
    const errors = names.length === 0 ? [] : ["the stack has no registry; set millrace:cluster.registry"];
    return { ok: errors.length === 0, registry: "", images: [], warnings: [], errors };
  }
  const own = ownPrefix(registry.push);
  const kept = registryFolder(stack.profile);
  const found = await findImages(names, { own, kept, caches: cachesOf(stack.config), mirror, platform }, { signal });
  const problem =
    found.problem === undefined || target === "embedded" ? [] : [`registry ${registry.push}: ${found.problem}`];
  const listed = names.map((name): ImageReport => {
    const cached = found.cached.find((one) => one.name === name);
    const state = found.there.includes(name) ? "there" : cached === undefined ? "nowhere" : "cache";
    return reportOf(own, name, state, { from: cached?.cache });
  });
  return { ok: true, registry: own, images: listed, warnings: [...problem, ...found.warnings], errors: [] };
}

/** Names of the images that are made for a stack. @throws UserError when an official one is wanted and its digest is not known */
function namesOf({ config }: Pick<Stack, "config">): string[] {
  const names = imagesToBuild(wantedImages(config));
  const problems = upstreamProblems(names);
  if (problems.length > 0) throw new UserError(problems.join("\n"));
  return names;
}

interface PushArgs extends ImagesArgs {
  /** A registry with the repository below. */
  readonly push: string;
  /** How the registries are asked. @default - with the logins of this machine */
  readonly options?: RegistryOptions;
  /** Prepares the build contexts of images. @default - downloads and compiles what they need */
  readonly prepare?: typeof prepareContexts;
  /** Builds and pushes one image. @default - by the Docker engine */
  readonly publish?: typeof publishImage;
  /** Puts the node image of the embedded cluster where it is to be, made first if need be. @default - by the Docker engine */
  readonly publishNode?: typeof publishNodeImage;
}

/** Makes a registry have all images of a stack's profile; one that fails stops no other. */
export async function pushImages(args: PushArgs): Promise<Outcome> {
  const { stack, push, progress, signal } = args;
  const { registry, platform } = stack.profile;
  const options = { ...args.options, signal };
  const names = namesOf(stack);
  const { mirror } = stack.config.images;
  const own = registry === undefined ? [] : [ownPrefix(registry.push)];
  const caches = [...own, ...cachesOf(stack.config)].filter((cache) => cache !== push);
  const step = progress.step(`asking ${push}`);
  const found = await findImages(names, { own: push, caches, mirror, platform }, options);
  if (found.problem !== undefined) {
    step.failed();
    throw new UserError(`--push ${push}: ${found.problem}`);
  }
  step.done(`${found.there.length} of ${names.length} are there`);
  const lacking = names.find((name) => !found.there.includes(name));
  if (lacking !== undefined) {
    await checkPush(push, lacking, options).catch((error: unknown) => {
      throw new UserError(`--push ${push}: ${causesOf(error)}`);
    });
  }
  const done = new Map(found.there.map((name) => [name, reportOf(push, name, "there")]));
  for (const one of found.cached) {
    if (isStopped(signal)) break;
    done.set(one.name, await copied(one, args, options));
  }
  for (const [name, report] of await built(found.missing, args, options)) done.set(name, report);
  const listed = names.map((name) => done.get(name) ?? reportOf(push, name, "failed", { error: "interrupted" }));
  if (stack.profile.target === "embedded" && !isStopped(signal)) listed.push(await nodeReport(args, caches, options));
  const errors = listed.flatMap(({ reference, error }) => (error === null ? [] : [`${reference}: ${error}`]));
  return { ok: errors.length === 0, registry: push, images: listed, warnings: warningsOf(found), errors };
}

/** The embedded cluster's node is an image too, which takes longer to build than all others. */
async function nodeReport(args: PushArgs, caches: readonly string[], options: RegistryOptions): Promise<ImageReport> {
  const { publishNode = publishNodeImage } = args;
  const at = nodeImageBelow(args.push, nodeImageName());
  const registry = new Registry(at.server, options);
  const step = args.progress.step("image node");
  const report = { name: "node", reference: imageNameText(at), from: null, error: null };
  try {
    if ((await registry.digestOf(at.repository, at.tag)) !== undefined) {
      step.done("is there");
      return { ...report, state: "there" };
    }
    await publishNode(at, caches, step.detail, args.signal);
    step.done("pushed");
    return { ...report, state: "built" };
  } catch (error) {
    step.failed();
    return { ...report, state: "failed", error: causesOf(error) };
  }
}

async function publishNodeImage(
  at: ImageName,
  caches: readonly string[],
  detail: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const docker = await ensureDocker(detail);
  const image = await ensureNodeImage(
    docker,
    (_part, text) => {
      detail(text);
    },
    caches,
    signal,
  );
  await pushNodeImage(docker, image, at);
}

/** The stack's own registry need not run: what it has can be built. */
function warningsOf({ warnings }: FoundImages): string[] {
  return warnings.map((warning) => warning.replace(/^cache /, ""));
}

async function copied(one: CachedImage, args: PushArgs, options: RegistryOptions): Promise<ImageReport> {
  try {
    await copyFromCache(one, args.push, args.progress, options);
    return reportOf(args.push, one.name, "copied", { from: one.cache });
  } catch (error) {
    return reportOf(args.push, one.name, "failed", { error: causesOf(error) });
  }
}

/** Prepares what is to be built, then builds and pushes one after the other: images that share layers find them in Docker's cache. */
async function built(
  names: readonly string[],
  args: PushArgs,
  options: RegistryOptions,
): Promise<Map<string, ImageReport>> {
  const { push, stack, progress, signal, prepare = prepareContexts, publish = publishImage } = args;
  const done = new Map<string, ImageReport>();
  if (names.length === 0 || isStopped(signal)) return done;
  let problem: string | undefined;
  try {
    if (args.publish === undefined)
      await ensureDocker((detail) => {
        progress.log(detail);
      });
    const upstream = { mirror: stack.config.images.mirror, platform: stack.profile.platform };
    await duringEach(progress, (report) => prepare(names, report, signal, upstream));
  } catch (error) {
    problem = causesOf(error);
  }
  const registry = new Registry(push.replace(/\/.*/, ""), options);
  for (const name of names) {
    if (isStopped(signal)) break;
    const at = nameBelow(push, name);
    const step = progress.step(`image ${name}`);
    try {
      if (problem !== undefined && !existsSync(contextDir(name))) throw new UserError(`was not prepared: ${problem}`);
      const build = buildSettings(name, stack.profile.platform);
      await publish({ imageName: imageNameText(at), build }, step.detail, signal);
      if ((await registry.digestOf(at.repository, at.tag)) === undefined) {
        throw new UserError(`${push} does not have it after the push`);
      }
      step.done("built and pushed");
      done.set(name, reportOf(push, name, "built"));
    } catch (error) {
      step.failed();
      done.set(name, reportOf(push, name, "failed", { error: causesOf(error) }));
    }
  }
  return done;
}

function reportOf(
  prefix: string,
  name: string,
  state: Place,
  { from, error }: { readonly from?: string | undefined; readonly error?: string } = {},
): ImageReport {
  const reference = imageNameText(nameBelow(prefix, name));
  return { name, reference, state, from: from ?? null, error: error ?? null };
}

const words: Readonly<Record<Place, string>> = {
  there: "is there",
  cache: "can be copied from",
  nowhere: "is to be built",
  copied: "copied from",
  built: "built and pushed",
  failed: "failed",
};

export function renderImages(report: ImagesReport): string {
  const rows = report.images.map(({ name, state, from, reference }) => [
    name,
    from === null ? words[state] : `${words[state]} ${from}`,
    reference,
  ]);
  return [
    table(["image", "state", "name"], rows),
    ...report.warnings,
    `${report.images.length} images, in ${duration(report.durationMs)}`,
  ].join("\n");
}

/** What `images --lock-upstream --json` prints. */
export interface LockReport {
  readonly ok: boolean;
  /** File that has the digests, relative to the project. */
  readonly file: string;
  readonly images: readonly LookedUp[];
  readonly errors: readonly string[];
}

/** Looks up the digests of all official images, whether the stack runs them or not: the file is one for all stacks. */
async function lockImages({ stack, progress, signal }: ImagesArgs, json: boolean): Promise<number> {
  const { mirror } = stack.config.images;
  const step = progress.step("looking up official images");
  const images = await lockUpstream({
    images: officialImages,
    mirror,
    platform: stack.profile.platform,
    options: { signal },
  });
  const errors = images.flatMap(({ image, error }) => (error === null ? [] : [`${image}: ${error}`]));
  if (errors.length === 0) step.done(`${images.length} digests`);
  else step.failed();
  progress.stop();
  const report: LockReport = { ok: errors.length === 0, file: UPSTREAM_LOCK, images, errors };
  process.stdout.write(`${json ? JSON.stringify(report, null, 2) : renderLock(report)}\n`);
  reportErrors(report.errors);
  return report.ok ? 0 : 1;
}

export function renderLock({ file, images }: LockReport): string {
  const rows = images.map(({ image, digest, before }) => {
    const state =
      digest === null ? "not looked up" : before === null ? "new" : before === digest ? "as before" : "changed";
    return [image, state, digest ?? before ?? ""];
  });
  const isNew = images.some(({ digest, before }) => digest !== null && digest !== before);
  const words = isNew ? `written to ${file}; commit it` : `${file} is as it was`;
  return [table(["image", "state", "digest"], rows), words].join("\n");
}
