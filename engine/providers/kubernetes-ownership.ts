/** Whose an object is, and how its fields come to this stack's manager from those that wrote it before. */

import { KubeError } from "../../clusters/kubernetes-client.ts";
import { driftPaths, isObject, metadataOf, objectOf, type Props, textOf, unknown } from "../values.ts";
import type { KubernetesApi } from "./kubernetes-api.ts";
import { manages } from "./kubernetes-patch.ts";

type Api = Pick<KubernetesApi, "get" | "patch">;

/**
 * Managers by which the official provider creates objects, always by a plain write. It applies by another one, which has a
 * random ending and is known from the record only: what else bears such a name is another program's patch.
 */
const officialCreator = /^pulumi-(resource-)?kubernetes(\.exe)?$/;
const attempts = 5;

export function uidOf(object: Props): string | undefined {
  const uid = metadataOf(object)["uid"];
  return typeof uid === "string" && uid !== "" ? uid : undefined;
}

/** Whether the live object is the recorded one, or one that this stack applied. */
export function isOwn(live: Props, recorded: Props, manager: string): boolean {
  const uid = uidOf(recorded);
  return (uid !== undefined && uid === uidOf(live)) || manages(live, manager);
}

/**
 * Whether an interrupted create of this stack has made the live object: our manager has applied it, or the official engine,
 * which bears the same name in every stack, has created it exactly as it was to be.
 */
export function isMadeOf(live: Props, sent: Props, manager: string): boolean {
  const isCreated = fieldsOf(live).some(
    (entry) => entry["operation"] === "Update" && officialCreator.test(textOf(entry["manager"])),
  );
  return manages(live, manager) || (isCreated && driftPaths(sent, sent, live).length === 0);
}

/** Who has written the object, for people. */
export function writersOf(live: Props): string {
  const names = new Set(fieldsOf(live).map((entry) => textOf(entry["manager"], "somebody")));
  return [...names].join(", ");
}

/**
 * Hands the fields of earlier managers of this object over to `manager`, so that its next apply removes what it no longer
 * names: an object of an older Millrace or of the official engine kept such fields for ever.
 */
export async function takeOver(
  api: Api,
  path: string,
  live: Props,
  recordedManager: string | undefined,
  manager: string,
): Promise<void> {
  let seen: Props | undefined = live;
  for (let attempt = 1; seen !== undefined; attempt++) {
    const managedFields = handedOver(fieldsOf(seen), recordedManager, manager);
    if (managedFields === undefined) {
      return;
    }
    const { uid, resourceVersion } = metadataOf(seen);
    try {
      await api.patch(path, [
        { op: "test", path: "/metadata/uid", value: uid },
        { op: "test", path: "/metadata/resourceVersion", value: resourceVersion },
        { op: "replace", path: "/metadata/managedFields", value: managedFields },
      ]);
      return;
    } catch (error) {
      // Somebody wrote it in between: a failed test is 422, a lost race 409.
      if (!(error instanceof KubeError && (error.status === 409 || error.status === 422)) || attempt >= attempts) {
        throw error;
      }
      seen = await api.get(path);
    }
  }
}

/** The entries with those of earlier managers merged into the one of `manager`; `undefined` when there are none. */
export function handedOver(
  entries: readonly Props[],
  recordedManager: string | undefined,
  manager: string,
): Props[] | undefined {
  const isEarlier = (entry: Props) => isEarlierEntry(entry, recordedManager, manager);
  const earlier = entries.filter(isEarlier);
  if (earlier.length === 0) {
    return undefined;
  }
  const isMine = (entry: Props) => entry["manager"] === manager && entry["operation"] === "Apply";
  const all = [...entries.filter(isMine), ...earlier];
  const fieldsV1 = all.map((entry) => objectOf(entry["fieldsV1"])).reduce(union);
  const { apiVersion, fieldsType = "FieldsV1", time } = all[0] ?? {};
  const merged = { manager, operation: "Apply", apiVersion, time, fieldsType, fieldsV1 };
  return [merged, ...entries.filter((entry) => !isMine(entry) && !isEarlier(entry))];
}

function isEarlierEntry(entry: Props, recordedManager: string | undefined, manager: string): boolean {
  const name = textOf(entry["manager"]);
  return (
    textOf(entry["subresource"]) === "" &&
    (name !== manager || entry["operation"] !== "Apply") &&
    (name === recordedManager || name === manager || (entry["operation"] === "Update" && officialCreator.test(name)))
  );
}

/**
 * Whether an earlier manager has fields beside those of `manager`: each of the two has kept what the other one dropped, so
 * keys, variables and users that nobody sends any more are still there, though no input differs.
 */
export function isShared(live: Props, recordedManager: string | undefined, manager: string): boolean {
  return (
    manages(live, manager) &&
    fieldsOf(live).some((entry) => entry["manager"] !== manager && isEarlierEntry(entry, recordedManager, manager))
  );
}

function union(one: Props, other: Props): Props {
  const result: Props = { ...one };
  for (const [key, value] of Object.entries(other)) {
    result[key] = union(objectOf(result[key]), objectOf(value));
  }
  return result;
}

/** Keys of a Secret's data that nobody sends: text data that an earlier apply encoded and later ones forgot. */
export function leftoverKeys(live: Props, sent: Props): string[] {
  const entries = fieldsOf(live).filter((entry) => isObject(entry["fieldsV1"]));
  if (entries.length === 0) {
    return []; // who owns what is not known
  }
  const owned = new Set(
    entries
      .flatMap((entry) => Object.keys(objectOf(objectOf(entry["fieldsV1"])["f:data"])))
      .map((field) => field.slice(2)),
  );
  return Object.keys(objectOf(live["data"])).filter((key) => !owned.has(key) && !(key in objectOf(sent["data"])));
}

/** A Secret's text data as its encoded data: only those have an owner, so only those go when they are no longer sent. */
export function encoded(inputs: Props): Props {
  const texts = inputs["stringData"];
  if (inputs["kind"] !== "Secret" || !isObject(texts)) {
    return inputs;
  }
  const rest = Object.fromEntries(Object.entries(inputs).filter(([key]) => key !== "stringData"));
  const data = Object.entries(texts).map(([key, value]) => [key, base64(value)]);
  return { ...rest, data: { ...objectOf(inputs["data"]), ...(Object.fromEntries(data) as Props) } };
}

function base64(value: unknown): unknown {
  return typeof value === "string" && value !== unknown ? Buffer.from(value, "utf8").toString("base64") : value;
}

function fieldsOf(object: Props): Props[] {
  const fields = metadataOf(object)["managedFields"];
  return Array.isArray(fields) ? (fields as Props[]) : [];
}
