/** Hop `metrics`: a figure that the proof has set at the exporter is read by the store and comes back by a query; every page of figures is read. */
import { z } from "zod";
import { poll } from "../../../platform/hops/errors.ts";
import type { Hop } from "../../../platform/hops/hop.ts";
import { HttpSession, mustSucceed } from "../../../platform/hops/http-session.ts";
import { standstillMs } from "../../../platform/hops/limits.ts";

export interface MetricsHopOptions {
  /** `http://host:port` of the store. */
  readonly store: string;
  /** The same of what asks the services. */
  readonly exporter: string;
  /** Whose pages of figures must be read; others may be of services that go with this deploy. */
  readonly pages: readonly string[];
  readonly run: string;
  /** Longest pause between two looks, in ms. @default - of `poll` */
  readonly pauseMs?: number;
}

const answerSchema = z.looseObject({
  data: z.looseObject({
    result: z.array(
      z.looseObject({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) }),
    ),
  }),
});

const slotSchema = z.looseObject({ slot: z.string() });

/** Rows that the store did not take because they were of new series and it had too many. */
const DROPPED =
  "sum(increase(vm_hourly_series_limit_rows_dropped_total[10m])) + sum(increase(vm_daily_series_limit_rows_dropped_total[10m]))";

const TOO_MANY =
  "the store of metrics drops new series: it has as many as it may have in an hour or a day; npm run status says of which alert";

const FULL = "the store of metrics takes nothing more: its disk is full; npm run status says what to do";

/** A number that only this run has. */
export function markOf(run: string): number {
  return Buffer.from(run).reduce((sum, byte) => (sum * 31 + byte) % 1_000_003, 7);
}

export function metricsHop({ store, exporter, pages, run, pauseMs }: MetricsHopOptions): Hop {
  const session = new HttpSession({ service: "the metrics' store", url: store });
  const asker = new HttpSession({ service: "the exporter of metrics", url: exporter });
  return {
    name: "metrics",
    timeoutMs: standstillMs,
    run: ({ signal, onProgress }) => {
      const mark = markOf(run);
      let slot: string | undefined;
      const query = async (text: string) => {
        const answer = await session.send("POST", "/api/v1/query", { form: { query: text }, signal });
        const { text: body } = mustSucceed(answer, `${session.where} does not answer a query`);
        return answerSchema.parse(JSON.parse(body)).data.result;
      };
      return poll(
        async () => {
          if (slot === undefined) {
            const answer = await asker.send("POST", "/marks", { json: { value: mark }, signal });
            const { text } = mustSucceed(answer, `${asker.where} takes no mark`);
            ({ slot } = slotSchema.parse(JSON.parse(text)));
          }
          const [row] = await query(`millrace_proof_mark{slot=${JSON.stringify(slot)}}`);
          if (Number(row?.value[1]) !== mark) {
            const [dropped] = await query(DROPPED);
            if (Number(dropped?.value[1] ?? 0) > 0) throw new Error(TOO_MANY);
            const page = await session.send("GET", "/metrics", { signal });
            if (/^vm_storage_is_read_only\b.* 1$/m.test(page.text)) throw new Error(FULL);
            throw new Error("the marked figure has not been read yet");
          }
          const read = await query("up");
          const wanted = read.filter(({ metric }) => pages.includes(metric["job"] ?? ""));
          const silent = wanted.filter(({ value: [, isUp] }) => Number(isUp) === 0);
          if (silent.length > 0) {
            const names = silent.map(({ metric }) => `${metric["job"] ?? "?"} at ${metric["instance"] ?? "?"}`).sort();
            throw new Error(`figures can't be read of ${names.join(", ")}`);
          }
          return {
            count: 1,
            distinct: 1,
            checksum: String(mark),
            message: `a figure came back as it was set; ${wanted.length} pages of figures are read`,
          };
        },
        { signal, onProgress, pauseMs },
      );
    },
  };
}
