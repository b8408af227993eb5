/** Whether the object store answers, and how quickly: its server tells figures by StatsD alone, and nobody takes them here. Of a service
 * with a certificate: until when that holds. */
import * as z from "zod";
import { certificateWatch } from "../../platform/certificate-watch.ts";
import { describeError } from "../../platform/describe-error.ts";
import { defineWatch } from "../../platform/watching.ts";

export const objectStoreWatch = defineWatch({
  room: "objectStore",
  settings: z.strictObject({ url: z.url() }),
  make({ url }) {
    if (url.startsWith("https:")) return certificateWatch([new URL(url).host]);
    return async (signal) => {
      const answer = await fetch(url, { method: "HEAD", signal }).catch((error: unknown) => {
        throw new Error(`${url} can't be reached: ${describeError(error)}`, { cause: error });
      });
      // Without a key it refuses, which is an answer.
      if (answer.status >= 500) throw new Error(`${url} answers ${answer.status}`);
      return [];
    };
  },
});
