/** The `*Patch` kinds: some fields of an object that somebody else makes and removes. */

import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { KubeError } from "../../clusters/kubernetes-client.ts";
import type { StepContext } from "../provider.ts";
import { metadataOf, type Props, textOf } from "../values.ts";
import type { KubernetesApi } from "./kubernetes-api.ts";

/** Time that whoever makes the object gets, in seconds. */
const objectTimeoutSeconds = 120;
const pauseMs = 500;

type Api = Pick<KubernetesApi, "get" | "apply">;

/** Whether the resource changes fields of an object instead of making one: its token says so, its inputs name the plain kind. */
export function isPatch(type: string): boolean {
  return /^kubernetes:.+Patch$/.test(type);
}

/** A manager of the patch's own, so that two patches of one object, and the object itself, keep their fields apart. */
export function patchManager(manager: string, urn: string): string {
  return `${manager}-${createHash("sha256").update(urn).digest("hex").slice(0, 8)}`;
}

/**
 * Applies the fields to the object, once it is there.
 * @param force Whether fields that others own are taken over.
 * @throws Error when nobody makes the object, or when the API server refuses the change.
 */
export async function applyPatch(
  api: Api,
  path: string,
  fields: Props,
  manager: string,
  force: boolean,
  context: Pick<StepContext, "progress" | "signal">,
): Promise<Props> {
  const end = Date.now() + objectTimeoutSeconds * 1000;
  for (;;) {
    const reason = (await api.get(path)) === undefined ? "waiting for the object, which something else makes" : "";
    if (reason === "") {
      try {
        return await api.apply(path, fields, manager, force);
      } catch (error) {
        // A claim's size can be changed from the moment at which it is bound.
        if (!(error instanceof KubeError && /for bound claims/.test(error.message)) || Date.now() > end) {
          throw refusal(error, fields);
        }
        context.progress("waiting until the claim is bound");
      }
    } else if (Date.now() > end) {
      throw new Error(
        `there is no ${nameOf(fields)} after ${objectTimeoutSeconds} s; it is only changed here, not made`,
      );
    } else {
      context.progress(reason);
    }
    await sleep(pauseMs, undefined, { signal: context.signal });
  }
}

/** Lets go of the fields: what nobody else owns is removed from the object, the object stays. */
export async function relinquish(api: Api, path: string, inputs: Props, manager: string): Promise<void> {
  const live = await api.get(path);
  if (live === undefined || !manages(live, manager)) return;
  const { name, namespace } = metadataOf(inputs);
  const bare = { name, ...(namespace === undefined ? {} : { namespace }) };
  await api.apply(path, { apiVersion: inputs["apiVersion"], kind: inputs["kind"], metadata: bare }, manager, false);
}

/** Whether the manager has applied fields of the object. */
export function manages(live: Props, manager: string): boolean {
  const fields = metadataOf(live)["managedFields"];
  return (
    Array.isArray(fields) &&
    (fields as Props[]).some((field) => field["manager"] === manager && field["operation"] === "Apply")
  );
}

function nameOf(object: Props): string {
  return `${textOf(object["kind"])} ${textOf(metadataOf(object)["name"])}`;
}

/** What the API server says of a claim's size, in words of the person who changed it. */
function refusal(error: unknown, fields: Props): unknown {
  if (!(error instanceof KubeError) || fields["kind"] !== "PersistentVolumeClaim") return error;
  if (/must support resize/.test(error.message)) {
    return new Error(
      `${nameOf(fields)} can't grow: its StorageClass does not allow it. Give the class allowVolumeExpansion: true where its ` +
        "provisioner can, or put the old size back",
    );
  }
  if (/can not be less than/.test(error.message)) {
    return new Error(`${nameOf(fields)} can't be made smaller; put the old size back`);
  }
  return error;
}
