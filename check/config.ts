/**
 * Settings of the proof: one JSON object in `PROOF_CONFIG`, with what each room tells of itself; its secrets come in
 * variables of their own.
 */
import * as z from "zod";
import { roomHops } from "../components/hops.ts";
import { secretVariable } from "../platform/hops/define-hops.ts";

const schema = z.strictObject({
  /** Good records to send. */
  records: z.int().min(1).max(10_000).default(300),
  /** Records to send that the stream must refuse. */
  poison: z.int().min(0).max(100).default(5),
  /** Time that each hop may take at least without progress, in seconds. @default - each hop's own */
  timeoutSeconds: z.number().min(1).max(3600).optional(),
  /** Why a hop that can't be asked with these settings is not asked, by its name. */
  skipped: z.record(z.string(), z.string()).default({}),
  /** A server that the cluster's policies close to the proof. @default - there are none, and nothing is tried */
  closed: z.strictObject({ host: z.string().min(1), port: z.int().min(1).max(65_535) }).optional(),
  /** What each room tells, see its `hops.ts`; hops of those that are not here are left out. */
  rooms: z.record(z.string(), z.unknown()).default({}),
});

export interface ProofConfig extends Omit<z.infer<typeof schema>, "rooms"> {
  /** What each room has told, with its secrets. */
  readonly told: Readonly<Record<string, object>>;
}

/** @throws {Error} with all problems at once */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): ProofConfig {
  const problems: string[] = [];
  const { PROOF_CONFIG: text, PROOF_TIMEOUT_SECONDS: override } = environment;
  const given = parseJson(text, problems);
  const told = Object.fromEntries(
    Object.entries(roomsIn(given)).flatMap(([room, part]) => {
      const read = readPart(room, part, environment, problems);
      return read === undefined ? [] : [[room, read]];
    }),
  );
  const parsed = schema.safeParse(given);
  if (!parsed.success && text) problems.push(...parsed.error.issues.map((issue) => wordsOf(issue)));
  const limit = schema.shape.timeoutSeconds.safeParse(
    override === undefined ? parsed.data?.timeoutSeconds : Number(override),
  );
  if (!limit.success && override !== undefined) {
    problems.push(`PROOF_TIMEOUT_SECONDS is "${override}"; allowed are 1 to 3600`);
  }
  if (problems.length > 0 || !limit.success || !parsed.success) throw new Error(problems.join("\n"));
  const { records, poison, skipped, closed } = parsed.data;
  return { records, poison, skipped, closed, told, timeoutSeconds: limit.data };
}

/** Also when another setting is wrong: all problems are told at once. */
function roomsIn(given: unknown): Readonly<Record<string, unknown>> {
  const { rooms = {} } = (given ?? {}) as { readonly rooms?: unknown };
  return typeof rooms === "object" ? (rooms as Readonly<Record<string, unknown>>) : {};
}

/** What a room tells, with its secrets; `undefined`: it is wrong. */
function readPart(
  name: string,
  part: unknown,
  environment: Readonly<Record<string, string | undefined>>,
  problems: string[],
): object | undefined {
  const room = roomHops.find((one) => one.room === name);
  if (room?.settings === undefined) {
    const known = roomHops.filter(({ settings }) => settings !== undefined).map((one) => one.room);
    problems.push(`PROOF_CONFIG rooms.${name}: the proof asks nothing of it; it knows ${known.join(", ")}`);
    return undefined;
  }
  const parsed = room.settings.safeParse(part);
  const own = (parsed.success ? parsed.data : part) as object;
  const secrets = Object.entries(room.secrets ?? {}).map(([secret, words]): [string, string] => {
    const variable = secretVariable(name, secret);
    const value = environment[variable] ?? "";
    if (value === "") problems.push(`${variable} is not set: it holds ${words(own)}`);
    return [secret, value];
  });
  if (parsed.success) return { ...own, ...Object.fromEntries(secrets) };
  problems.push(...parsed.error.issues.map((issue) => wordsOf(issue, ["rooms", name])));
  return undefined;
}

function wordsOf({ path, message }: z.core.$ZodIssue, before: readonly string[] = []): string {
  return `PROOF_CONFIG ${[...before, ...path].join(".")}: ${message}`;
}

function parseJson(text: string | undefined, problems: string[]): unknown {
  if (!text) {
    problems.push("PROOF_CONFIG is not set: it holds the proof's settings as JSON");
    return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    problems.push("PROOF_CONFIG is not JSON");
    return undefined;
  }
}
