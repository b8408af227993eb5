/** The current files of an Iceberg table, read as an engine reads them: metastore, metadata, manifests. */
import { z } from "zod";
import { describeError } from "../../../platform/hops/errors.ts";
import { readAvro } from "./formats/avro.ts";
import { call } from "./formats/thrift.ts";
import { HopFailure } from "../../../platform/hops/hop.ts";
import { answerMs } from "../../../platform/hops/limits.ts";
import type { ObjectStore } from "../../object-store/hops/store-client.ts";

const metadataShape = z.looseObject({
  "current-snapshot-id": z.number().nullish(),
  snapshots: z.array(z.looseObject({ "snapshot-id": z.number(), "manifest-list": z.string() })).default([]),
});
const manifestListShape = z.array(
  z.looseObject({
    manifest_path: z.string(),
    content: z.number().default(0),
    sequence_number: z.coerce.number().default(0),
  }),
);
const deleted = 2;
const manifestShape = z.array(
  z.looseObject({ status: z.number(), data_file: z.looseObject({ file_path: z.string() }) }),
);

/** @returns why the metastore, with the database behind it, does not list its databases; `undefined`: it does */
export async function metastoreTrouble(uri: string, signal: AbortSignal): Promise<string | undefined> {
  const { hostname, port } = new URL(uri);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
  try {
    await call({ host: hostname, port: Number(port) }, "get_all_databases", [], limit);
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}

/** Where the metastore says that the table's metadata is now, as `s3a://bucket/key`. */
export async function metadataLocation(
  uri: string,
  namespace: string,
  table: string,
  signal: AbortSignal,
): Promise<string> {
  const { hostname, port } = new URL(uri);
  const found = await call({ host: hostname, port: Number(port) }, "get_table", [namespace, table], signal);
  // Field 9 of the metastore's Table is its parameters.
  const parameters = found instanceof Map ? (found as ReadonlyMap<unknown, unknown>).get(9) : undefined;
  const location =
    parameters instanceof Map ? (parameters as ReadonlyMap<unknown, unknown>).get("metadata_location") : undefined;
  if (typeof location !== "string") {
    throw new HopFailure(`${uri} knows ${namespace}.${table}, but not as an Iceberg table (no metadata_location)`);
  }
  return location;
}

/** Follows metadata to manifests to data files; manifests never change, so each is read once. */
export class IcebergFiles {
  readonly #store: ObjectStore;
  readonly #manifests = new Map<string, readonly string[]>();

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** Those of the keys that are data files of the current snapshot. */
  async listed(location: string, keys: readonly string[]): Promise<string[]> {
    const metadata = metadataShape.parse(JSON.parse((await this.#store.get(rawKey(location))).toString("utf8")));
    // Ids have 63 bits and lose their last digits as JSON numbers, alike on both sides.
    const snapshot = metadata.snapshots.find((one) => one["snapshot-id"] === metadata["current-snapshot-id"]);
    if (snapshot === undefined) return [];
    const list = manifestListShape.parse(readAvro(await this.#store.get(rawKey(snapshot["manifest-list"]))));
    // What was written last is in the newest manifests: the others are read only for what those do not list.
    const manifests = list
      .filter(({ content }) => content === 0)
      .toSorted((left, right) => right.sequence_number - left.sequence_number);
    const missing = new Set(keys);
    for (const { manifest_path: path } of manifests) {
      if (missing.size === 0) break;
      for (const file of await this.#filesOf(path)) missing.delete(file);
    }
    return keys.filter((key) => !missing.has(key));
  }

  async #filesOf(path: string): Promise<readonly string[]> {
    const known = this.#manifests.get(path);
    if (known !== undefined) return known;
    const entries = manifestShape.parse(readAvro(await this.#store.get(rawKey(path))));
    const files = entries.filter(({ status }) => status !== deleted).map((entry) => rawKey(entry.data_file.file_path));
    this.#manifests.set(path, files);
    return files;
  }
}

/** Iceberg's locations are not URL-encoded: the key is what follows the bucket, as it stands. */
function rawKey(location: string): string {
  return location.replace(/^[a-z0-9]+:\/\/[^/]+\//, "");
}
