/** Hop `object-store`: the S3 server keeps what it is given. */
import { z } from "zod";
import { poll } from "../errors.ts";
import { difference, figuresOf, HopFailure } from "../hop.ts";
import type { Hop } from "../hop.ts";
import { isLeftover } from "../marked-records.ts";
import type { MarkedRun } from "../marked-records.ts";
import type { ObjectStore } from "../object-store.ts";

const folder = "proof/";
const line = z.looseObject({ id: z.string(), value: z.number() });

/** Writes the records as one object, reads them back, and removes the object at the end. */
export function objectStoreHop(store: ObjectStore, marked: MarkedRun): Hop {
  const key = `${folder}${marked.run}.jsonl`;
  const content = marked.records.map((record) => JSON.stringify(record)).join("\n");
  return {
    name: "object-store",
    timeoutMs: 30_000,
    run: (context) => {
      let isWritten = false;
      return poll(
        async () => {
          await store.put(key, content);
          if (!isWritten) context.onCleanup({ what: `object ${key}`, run: () => removeObjects(store, marked) });
          isWritten = true;
          const lines = (await store.get(key)).toString("utf8").split("\n");
          const figures = figuresOf(lines.map((text) => line.parse(JSON.parse(text))));
          const problem = difference(figures, marked.expected);
          if (problem !== undefined) throw new HopFailure(`${store.where}/${key} gave back other content: ${problem}`);
          return { ...figures, message: `written to ${store.where}/${key} and read back` };
        },
        { signal: context.signal },
      );
    },
  };
}

/** The run's own object, and what proofs have left that were killed. */
async function removeObjects(store: ObjectStore, marked: MarkedRun): Promise<void> {
  for (const key of await store.list(folder)) {
    const run = key.slice(folder.length).replace(/\.jsonl$/, "");
    if (run === marked.run || isLeftover(run, marked.startedAt)) await store.remove(key);
  }
}
