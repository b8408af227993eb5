/**
 * Holds images to what their rooms need: `node tests/images/contracts/run.ts --registry localhost:15010 [image...]`.
 *
 * The registry, which must take pushes without a login, is filled with images like the official ones, made of ours
 * (`lookalikes/`). From there the platform's own code locks, copies and builds what runs in place of ours, and both are
 * held to the same list. With `--official` it is a mirror of Docker Hub, or Docker Hub itself (`docker.io`), and nothing is put into it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { publishImage } from "../../../engine/providers/docker.ts";
import { findImages, nameBelow, takeFromCache } from "../../../images/find.ts";
import { baseReference, imageReference, inPlaceOf, upstreamOf } from "../../../images/tags.ts";
import { buildSettings, prepareContexts } from "../../../images/index.ts";
import { lockUpstream, upstreamPlace } from "../../../images/upstream-lock.ts";
import { imageNameText } from "../../../platform/registry/image-name.ts";
import { run } from "../../../platform/images/run.ts";
import { brokenPromises } from "./containers.ts";
import { contracts } from "./contracts.ts";

const platform = "linux/amd64";
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    registry: { type: "string" },
    official: { type: "boolean", default: false },
    /** Registry that has our own images, by their content tags. */
    ours: { type: "string", default: "localhost:5000" },
  },
});
const { registry, official, ours } = values;
if (registry === undefined)
  throw new Error("--registry is missing; give one that takes pushes, for example localhost:15010");
const unknown = positionals.filter((name) => contracts[name] === undefined);
if (unknown.length > 0)
  throw new Error(`no contract of ${unknown.join(", ")}; there are ${Object.keys(contracts).join(", ")}`);

const folder = mkdtempSync(join(tmpdir(), "millrace-contracts-"));
process.env["MILLRACE_UPSTREAM_LOCK"] = join(folder, "upstream.lock");
const hub = `${registry}/hub`;
const mirror = official ? (registry === "docker.io" ? undefined : registry) : hub;
const own = `${registry}/millrace`;
const signal = new AbortController().signal;
const tell = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** Builds an image like the official one, and puts it where that is. */
async function putLookalike(name: string, image: string): Promise<void> {
  const at = imageNameText(upstreamPlace(image, mirror));
  const args = { OURS: `${ours}/${imageReference(name)}`, BASE: baseReference(name) };
  const given = Object.entries(args).flatMap(([key, value]) => ["--build-arg", `${key}=${value}`]);
  await run(
    "docker",
    ["build", "-q", "--network", "none", "-t", at, ...given, join(import.meta.dirname, "lookalikes", name)],
    {
      env: { DOCKER_BUILDKIT: "0" },
    },
  );
  await run("docker", ["push", "-q", at]);
}

/** What runs in place of one of ours, made as a deploy makes it. */
async function makeUpstream(name: string): Promise<string> {
  const options = { login: () => Promise.resolve(undefined) };
  const { there, cached } = await findImages([name], { own, caches: [], mirror, platform }, options);
  const reference = imageNameText(nameBelow(own, name));
  if (there.includes(name)) return reference;
  for (const one of cached) await takeFromCache(one, own, () => undefined, options);
  if (cached.length > 0) return reference;
  await prepareContexts([name], () => undefined, signal, { mirror, platform });
  await publishImage({ imageName: reference, build: buildSettings(name, platform) }, () => undefined, signal);
  return reference;
}

let failed = 0;
async function hold(reference: string, name: string): Promise<void> {
  const contract = contracts[name];
  if (contract === undefined) return;
  const broken = await brokenPromises(reference, contract);
  failed += broken.length;
  tell(broken.length === 0 ? `kept    ${reference} (${contract.runs.length} runs)` : `broken  ${reference}`);
  for (const one of broken) tell(`        ${one}`);
}

async function holdBoth(name: string): Promise<void> {
  const inPlace = inPlaceOf(name);
  const image = inPlace === undefined ? undefined : upstreamOf(inPlace);
  if (inPlace === undefined || image === undefined) throw new Error("it has no official image");
  const mine = `${ours}/${imageReference(name)}`;
  await run("docker", ["image", "inspect", mine]).catch(() => run("docker", ["pull", "-q", mine]));
  await hold(mine, name);
  if (!official) await putLookalike(name, image);
  const [found] = await lockUpstream({ images: [image], mirror, platform });
  if (found?.digest == null) throw new Error(`${image}: ${found?.error ?? "was not looked up"}`);
  await hold(await makeUpstream(inPlace), name);
}

try {
  for (const name of positionals.length > 0 ? positionals : Object.keys(contracts)) {
    await holdBoth(name).catch((error: unknown) => {
      failed += 1;
      tell(`failed  ${name}: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
} finally {
  rmSync(folder, { recursive: true });
}
process.exitCode = failed === 0 ? 0 : 1;
