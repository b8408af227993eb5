/** A census file that is no longer the one whose figures Spark has written. */
import { bucketOf } from "../clients.ts";
import type { Fault } from "./put-back.ts";

const BUCKET = "inputs";
const PREFIX = "census/";
/** A column of the file; whole numbers. */
const COLUMN = "income";

/** One number of one person is changed, and put back at the end. */
export function censusFileChanged(): Fault {
  let original: { readonly key: string; readonly text: string } | undefined;
  return {
    what: `one ${COLUMN} changed in the census file`,
    begin: async () => {
      const store = await bucketOf("census-file", BUCKET);
      const [key] = (await store.list(PREFIX)).filter((one) => one.endsWith(".csv"));
      if (key === undefined) throw new Error(`there is no census file in ${store.where}/${PREFIX}`);
      const text = (await store.get(key)).toString("utf8");
      original = { key, text };
      await store.put(key, withOneChange(text));
    },
    end: async () => {
      if (original === undefined) return;
      await (await bucketOf("census-file", BUCKET)).put(original.key, original.text);
    },
  };
}

/**
 * Adds one to the first person's number.
 * @throws Error when the file has no such column, or nobody in it
 */
export function withOneChange(csv: string): string {
  const [header = "", first = "", ...rest] = csv.split("\n");
  const column = header.trim().split(",").indexOf(COLUMN);
  const fields = first.split(",");
  const value = Number(fields[column]);
  if (column < 0 || !Number.isInteger(value)) throw new Error(`no ${COLUMN} in "${header}" and "${first}"`);
  fields[column] = String(value + 1);
  return [header, fields.join(","), ...rest].join("\n");
}
