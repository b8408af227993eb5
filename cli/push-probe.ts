/** Whether this machine may push to the stack's registry: a push is begun by its docker login, and given up. */
import { remedies } from "../clusters/targets.ts";
import { wantedImages } from "../config/images.ts";
import { imageReference } from "../images/index.ts";
import { upstreamProblems } from "../images/upstream.ts";
import { LOCK_COMMAND } from "../images/upstream-lock.ts";
import { imagesToBuild } from "../images/wanted.ts";
import { parseImageName } from "../platform/registry/image-name.ts";
import { Registry, type RegistryOptions } from "../platform/registry/registry.ts";
import { messageOf } from "./errors.ts";
import { type Finding, ok } from "./finding.ts";
import type { Stack } from "./stack.ts";

/** What the registry says; nothing where the stack builds nothing. */
export async function pushFindings(
  { config, profile }: Pick<Stack, "config" | "profile">,
  options: RegistryOptions = {},
): Promise<Finding[]> {
  const wanted = imagesToBuild(wantedImages(config));
  const [unknown] = upstreamProblems(wanted);
  if (unknown !== undefined) return [{ subject: "images", level: "problem", detail: unknown, next: LOCK_COMMAND }];
  const [image] = wanted;
  const place =
    image === undefined ? undefined : parseImageName(`${profile.registry?.push ?? ""}/${imageReference(image)}`);
  if (place === undefined) return [];
  const registry = new Registry(place.server, options);
  try {
    await registry.checkPush(place.repository);
    return [ok("registry", `this machine may push to ${profile.registry?.push ?? ""}`)];
  } catch (error) {
    const detail = `this machine can't push: ${messageOf(error)}`;
    const next = /login/.test(detail) ? `docker login ${place.server}` : remedies(profile).registry;
    return [{ subject: "registry", level: "problem", detail, next }];
  } finally {
    registry.close();
  }
}
