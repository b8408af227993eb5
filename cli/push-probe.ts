/** Whether this machine may push to the stack's registry: a push is begun by its docker login, and given up. */
import { remedies } from "../clusters/targets.ts";
import { wantedImages } from "../config/images.ts";
import { imageReference } from "../images/index.ts";
import { upstreamProblems } from "../images/upstream.ts";
import { LOCK_COMMAND } from "../images/upstream-lock.ts";
import { imagesToBuild } from "../images/wanted.ts";
import { type ImageName, parseImageName } from "../platform/registry/image-name.ts";
import { Registry, type RegistryOptions } from "../platform/registry/registry.ts";
import { messageOf } from "./errors.ts";
import { type Finding, ok } from "./finding.ts";
import type { Stack } from "./stack.ts";

type Asked = Pick<Stack, "config" | "profile">;

/** What the registry says; nothing where the stack builds nothing. */
export async function pushFindings(stack: Asked, options: RegistryOptions = {}): Promise<Finding[]> {
  const [unknown] = upstreamProblems(imagesToBuild(wantedImages(stack.config)));
  if (unknown !== undefined) return [{ subject: "images", level: "problem", detail: unknown, next: LOCK_COMMAND }];
  const miss = await missOf(stack, options, (registry, { repository }) => registry.checkPush(repository));
  if (miss === undefined) return [];
  if (miss.why === undefined) return [ok("registry", `this machine may push to ${stack.profile.registry?.push ?? ""}`)];
  return [{ subject: "registry", level: "problem", detail: `this machine can't push: ${miss.why}`, next: miss.next }];
}

/**
 * Before an `up`, one line when the registry isn't reached, or doesn't let this machine in: else everything would be built first. Whether it may
 * push is asked once there is something to push.
 */
export async function registryRefusals(stack: Asked, options: RegistryOptions = {}): Promise<string[]> {
  const miss = await missOf(stack, options, (registry, { repository, tag }) => registry.digestOf(repository, tag));
  if (miss?.why === undefined) return [];
  // A refused login says itself what to run.
  const next = /docker login/.test(miss.why) ? "" : `; ${miss.next}`;
  return [`registry ${stack.profile.registry?.push ?? ""} can't be used: ${miss.why}${next}`];
}

/** What the registry of the stack's first image says to a question; `undefined`: the stack builds nothing. */
async function missOf(
  { config, profile }: Asked,
  options: RegistryOptions,
  ask: (registry: Registry, image: ImageName) => Promise<unknown>,
): Promise<{ readonly why: string | undefined; readonly next: string } | undefined> {
  const [image] = imagesToBuild(wantedImages(config));
  const place =
    image === undefined ? undefined : parseImageName(`${profile.registry?.push ?? ""}/${imageReference(image)}`);
  if (place === undefined) return undefined;
  const registry = new Registry(place.server, options);
  try {
    await ask(registry, place);
    return { why: undefined, next: "" };
  } catch (error) {
    const why = messageOf(error);
    return { why, next: /login/.test(why) ? `docker login ${place.server}` : remedies(profile).registry };
  } finally {
    registry.close();
  }
}
