/** Hop `object-store`: the S3 server keeps what it is given. */
import { poll } from "../../../platform/hops/errors.ts";
import { figuresOf, HopFailure } from "../../../platform/hops/hop.ts";
import { standstillMs } from "../../../platform/hops/limits.ts";
import type { Hop } from "../../../platform/hops/hop.ts";
import { isLeftover } from "../../../platform/hops/run.ts";
import type { MarkedRun } from "../../telemetry/hops/marked-records.ts";
import type { ObjectStore } from "./store-client.ts";

const folder = "proof/";

/** Writes the records as one object, reads them back, and removes the object at the end. */
export function objectStoreHop(store: ObjectStore, marked: MarkedRun): Hop {
  const key = `${folder}${marked.run}.jsonl`;
  const content = marked.records.map((record) => JSON.stringify(record)).join("\n");
  return {
    name: "object-store",
    timeoutMs: standstillMs,
    run: (context) => {
      let isWritten = false;
      return poll(
        async () => {
          await store.put(key, content);
          if (!isWritten) context.onCleanup({ what: `object ${key}`, run: () => removeObjects(store, marked) });
          isWritten = true;
          const found = (await store.get(key)).toString("utf8");
          if (found !== content) {
            throw new HopFailure(`${store.where}/${key} gave back other content: ${contentDifference(found, content)}`);
          }
          return { ...figuresOf(marked.records), message: `written to ${store.where}/${key} and read back` };
        },
        { signal: context.signal },
      );
    },
  };
}

function contentDifference(found: string, written: string): string {
  const [lines, wanted] = [found.split("\n"), written.split("\n")];
  const first = wanted.findIndex((line, index) => line !== lines[index]);
  if (first < 0) return `${lines.length} lines where ${wanted.length} were written`;
  return `line ${first + 1} of ${wanted.length} is ${String(lines[first]).slice(0, 120)}`;
}

/** The run's own object, and what proofs have left that were killed. */
async function removeObjects(store: ObjectStore, marked: MarkedRun): Promise<void> {
  for (const key of await store.list(folder)) {
    const run = key.slice(folder.length).replace(/\.jsonl$/, "");
    if (run === marked.run || isLeftover(run, marked.startedAt)) await store.remove(key);
  }
}
