/**
 * Who did what on the platform: services and logs are asked for it again and again, and it is said once, here in the log and in table
 * `audit.events` of the lake. `GET /metrics` in Prometheus' format; `POST /write` asks and writes at once.
 *
 * Environment: `AUDIT_CONFIG` (a JSON object: what each room has told), its rooms' secrets, `LOGS_URL`, `PRESTO_URL` (without it nothing is
 * written, and begins with what is done after the start), `CATALOG` (lake), `PRESTO_USER`, `KEEP_DAYS`, `LOOK_SECONDS` (15), `WRITE_SECONDS` (600), `PORT`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { littleServer } from "../../../platform/little-server.ts";
import { asksOf, toldSchema } from "../../../platform/room-ask.ts";
import { Masking } from "../../../platform/masking.ts";
import { auditedLines, roomAudits } from "../../audits.ts";
import { exposition } from "../../metrics/programs/exposition.ts";
import { OWN_TAG } from "../../presto/audit.ts";
import { PrestoClient } from "../../presto/programs/presto-client.ts";
import { Book } from "./book.ts";
import { Clerk, type Source } from "./clerk.ts";
import { deedsInLogs } from "./log-lines.ts";
import { AuditTable } from "./table.ts";

const environment = z.looseObject({
  AUDIT_CONFIG: toldSchema,
  LOGS_URL: z.url(),
  PRESTO_URL: z.url().optional(),
  PRESTO_USER: z.string().min(1),
  CATALOG: z.string().min(1).default("lake"),
  KEEP_DAYS: z.coerce.number().int().positive(),
  LOOK_SECONDS: z.coerce.number().positive().default(15),
  WRITE_SECONDS: z.coerce.number().positive().default(600),
  PORT: z.coerce.number().int().positive(),
});
const settings = environment.parse(process.env);
/** What was done before the first start, as far as services remember it. */
const FIRST_MS = 24 * 3_600_000;
const STATEMENT_MS = 60_000;
/** Time that services have before a write that somebody waits for. */
const LOOK_MS = 5000;
/** Time of the last write. */
const LAST_MS = 20_000;

const ended = new AbortController();
process.on("SIGTERM", () => {
  ended.abort();
});

const asked = asksOf(roomAudits, settings.AUDIT_CONFIG);
const inLogs = [...Map.groupBy(auditedLines, ({ room }) => room)].map(([service, lines]): Source => ({
  service,
  ask: async (after, signal) =>
    (await Promise.all(lines.map((one) => deedsInLogs(settings.LOGS_URL, one, after, signal)))).flat(),
}));
const masking = new Masking([]);
const everyMs = settings.WRITE_SECONDS * 1000;
const { PRESTO_URL: prestoUrl } = settings;
// Without a table nobody knows what was said before the start.
const begin = new Date(Date.now() - (prestoUrl === undefined ? 0 : FIRST_MS));
const clerk = new Clerk({
  sources: [...asked, ...inLogs],
  book: new Book(begin, prestoUrl !== undefined),
  table:
    prestoUrl === undefined
      ? undefined
      : new AuditTable(
          new PrestoClient({
            url: prestoUrl,
            catalog: settings.CATALOG,
            schema: "audit",
            user: settings.PRESTO_USER,
            clientTag: OWN_TAG,
            statementTimeoutMs: STATEMENT_MS,
          }),
          settings.CATALOG,
        ),
  begin,
  keepDays: settings.KEEP_DAYS,
  masked: (text) => masking.mask(text),
  log: (line) => void process.stdout.write(`${line}\n`),
});

littleServer(settings.PORT, {
  "GET /metrics": () => exposition(clerk.samples(everyMs)),
  "POST /write": async () => {
    // One that hangs holds up no other, and not the table.
    await Promise.race([clerk.look(ended.signal), sleep(LOOK_MS)]);
    return { rows: await clerk.write(ended.signal) };
  },
});

/** Again and again, until the program is stopped: some services remember for minutes only what they are asked for here. */
async function every(ms: number, work: () => Promise<void>): Promise<void> {
  while (!ended.signal.aborted) {
    await work();
    await sleep(ms, undefined, { signal: ended.signal }).catch(() => undefined);
  }
}
await Promise.all([
  every(settings.LOOK_SECONDS * 1000, () => clerk.look(ended.signal)),
  every(everyMs, () => clerk.tryToWrite(ended.signal)),
]);
// What is known by now shall not wait for the next start.
await clerk.tryToWrite(AbortSignal.timeout(LAST_MS));
process.exit(0);
