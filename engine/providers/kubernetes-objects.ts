/** Objects as the provider reads them: names, annotations, what keeps them, and how they differ from what was recorded. */

import type { Recorded } from "../provider.ts";
import { driftPaths, metadataOf, objectOf, type Props, stepTo, textOf } from "../values.ts";
import { encoded, isShared, leftoverKeys, uidOf } from "./kubernetes-ownership.ts";
import { isPatch } from "./kubernetes-patch.ts";

export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Whether somebody has deleted it already, and it only remains until all that it owns is gone. */
export function isGoing(live: Props): boolean {
  return metadataOf(live)["deletionTimestamp"] !== undefined;
}

/** The id of an object: `namespace/name`. */
export function identity(object: Props): string {
  const metadata = metadataOf(object);
  const namespace = text(metadata["namespace"]);
  return `${namespace === undefined ? "" : `${namespace}/`}${text(metadata["name"]) ?? ""}`;
}

export function annotation(object: Props, key: string): string | undefined {
  const value = objectOf(metadataOf(object)["annotations"])[key];
  return value === undefined ? undefined : textOf(value);
}

/** What keeps an object that is being deleted: its finalizers, or, for a namespace, what the API server says remains. */
export function holders(live: Props): string {
  const metadata = metadataOf(live);
  const finalizers = Array.isArray(metadata["finalizers"]) ? (metadata["finalizers"] as string[]) : [];
  const status = objectOf(live["status"]);
  const remaining = (Array.isArray(status["conditions"]) ? (status["conditions"] as Props[]) : [])
    .filter((condition) => condition["status"] === "True" && /Remaining|Failure/.test(String(condition["type"])))
    .map((condition) => String(condition["message"]));
  const held = finalizers.filter((name) => name !== "foregroundDeletion");
  return [...(held.length === 0 ? [] : [`held by the finalizer ${held.join(", ")}`]), ...remaining].join("; ");
}

/** Paths of the inputs that the live object has not, and what it has that it should not; `manager` is who applies now. */
export function driftOf({ type, inputs, outputs }: Recorded, live: Props, manager: string): string[] {
  const paths = driftPaths(surveyed(inputs), outputs, live);
  if (isPatch(type)) {
    return paths;
  }
  const uid = uidOf(outputs);
  const leftovers = inputs["kind"] === "Secret" ? leftoverKeys(live, encoded(inputs)) : [];
  return [
    ...(uid === undefined || uid === uidOf(live) ? [] : ["metadata.uid"]),
    ...paths,
    ...leftovers.map((key) => stepTo("data", key)),
    ...(isShared(live, text(outputs["__fieldManager"]), manager) ? ["metadata.managedFields"] : []),
  ];
}

/** The inputs as a list of live objects shows them: without kind and version, and with text data encoded. */
function surveyed(inputs: Props): Props {
  const unlisted = ["apiVersion", "kind", "status"];
  return Object.fromEntries(Object.entries(encoded(inputs)).filter(([key]) => !unlisted.includes(key)));
}

/** The live object as outputs: without managed fields, with what the server never gives back. */
export function toOutputs(live: Props, inputs: Props): Props {
  const metadata = { ...metadataOf(live) };
  delete metadata["managedFields"];
  const kept = inputs["stringData"] === undefined ? {} : { stringData: inputs["stringData"] };
  return { ...live, metadata, ...kept, __initialApiVersion: live["apiVersion"], __inputs: inputs };
}
