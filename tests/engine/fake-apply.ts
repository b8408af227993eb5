/** What an API server makes of a write: server-side apply with owners of fields, JSON patches and merge patches. */

import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";

export type Json = Record<string, unknown>;

/** Whose fields an object has; a list is one field. */
interface Managed {
  readonly manager: string;
  readonly operation: string;
  readonly fieldsV1: Json;
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `{spec: {replicas: 1}}` as `{f:spec: {f:replicas: {}}}`. */
function fieldsOf(value: Json): Json {
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [`f:${key}`, isObject(item) ? fieldsOf(item) : {}]),
  );
}

function managedOf(object: Json | undefined): Managed[] {
  return ((object?.["metadata"] as Json | undefined)?.["managedFields"] ?? []) as Managed[];
}

/** Takes out of `value` what `fields` names and neither a new field nor another owner names. */
function prune(value: Json, fields: Json, kept: readonly Json[]): void {
  for (const [key, below] of Object.entries(fields)) {
    const name = key.slice(2);
    const others = kept.map((set) => set[key]).filter(isObject);
    const item = value[name];
    if (isObject(item) && Object.keys(below as Json).length > 0) {
      prune(item, below as Json, others);
      if (Object.keys(item).length === 0) {
        Reflect.deleteProperty(value, name);
      }
    } else if (others.length === 0) {
      Reflect.deleteProperty(value, name);
    }
  }
}

function mergeInto(target: Json, over: Json): void {
  for (const [key, value] of Object.entries(over)) {
    if (value === null) {
      Reflect.deleteProperty(target, key);
    } else if (isObject(value)) {
      const below = isObject(target[key]) ? target[key] : {};
      target[key] = below;
      mergeInto(below, value);
    } else {
      target[key] = value;
    }
  }
}

/** Text data become encoded data; as in Kubernetes nobody then owns the encoded keys. */
function encodeTexts(object: Json): void {
  if (object["kind"] === "Secret" && isObject(object["stringData"])) {
    const encoded = Object.entries(object["stringData"]).map(([key, text]) => [
      key,
      Buffer.from(String(text)).toString("base64"),
    ]);
    object["data"] = { ...(object["data"] as Json | undefined), ...(Object.fromEntries(encoded) as Json) };
    delete object["stringData"];
  }
}

function stamped(object: Json, live: Json | undefined, managedFields: readonly Managed[]): Json {
  const { uid, generation } = (live?.["metadata"] ?? {}) as { uid?: string; generation?: number };
  const metadata = object["metadata"] as Json;
  const changed = !isDeepStrictEqual(object["spec"], live?.["spec"]);
  object["metadata"] = {
    ...metadata,
    uid: uid ?? randomUUID(),
    generation: (generation ?? 0) + (changed ? 1 : 0),
    resourceVersion: randomUUID(),
    managedFields,
  };
  return object;
}

/** Server-side apply. */
export function applied(live: Json | undefined, body: Json, manager: string): Json {
  const wanted = structuredClone(body);
  for (const key of ["managedFields", "uid"]) {
    Reflect.deleteProperty(wanted["metadata"] as Json, key);
  }
  const result = structuredClone(live ?? {});
  const isMine = (entry: Managed) => entry.manager === manager && entry.operation === "Apply";
  const before = managedOf(live);
  const others = before.filter((entry) => !isMine(entry));
  const fieldsV1 = fieldsOf(wanted);
  for (const mine of before.filter(isMine)) {
    prune(result, mine.fieldsV1, [fieldsV1, ...others.map((entry) => entry.fieldsV1)]);
  }
  mergeInto(result, structuredClone(wanted));
  encodeTexts(result);
  return stamped(result, live, [...others, { manager, operation: "Apply", fieldsV1 }]);
}

/** A plain create, as of a client that knows no server-side apply. */
export function created(body: Json, manager: string): Json {
  const result = structuredClone(body);
  encodeTexts(result);
  return stamped(result, undefined, [{ manager, operation: "Update", fieldsV1: fieldsOf(body) }]);
}

/** A merge patch. */
export function merged(live: Json, body: Json): Json {
  const result = structuredClone(live);
  mergeInto(result, body);
  return stamped(result, live, managedOf(result));
}

/** A JSON patch of `replace` and `test` operations; `undefined` when a test fails. */
export function patched(live: Json, operations: readonly Json[]): Json | undefined {
  const result = structuredClone(live);
  for (const { op, path, value } of operations) {
    const steps = String(path)
      .split("/")
      .slice(1)
      .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
    const last = steps.pop() ?? "";
    let at: Json = result;
    for (const step of steps) {
      at = (at[step] ?? {}) as Json;
    }
    if (op === "test" && !isDeepStrictEqual(at[last], value)) {
      return undefined;
    }
    if (op === "remove") {
      Reflect.deleteProperty(at, last);
    } else if (op !== "test") {
      at[last] = value;
    }
  }
  return stamped(result, live, managedOf(result));
}
