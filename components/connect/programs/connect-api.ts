/** The part of Connect's REST API that the platform's programs use. */
import { z } from "zod";
import { ApiRefusal } from "../../../platform/api-refusal.ts";

const answerMs = 90_000;

const stateSchema = z.object({ state: z.string(), worker_id: z.string().default(""), trace: z.string().optional() });
const listSchema = z.record(
  z.string(),
  z.object({
    info: z.object({ config: z.record(z.string(), z.string()) }),
    status: z.object({
      connector: stateSchema,
      tasks: z.array(stateSchema.extend({ id: z.int() })),
      type: z.string().default("unknown"),
    }),
  }),
);
const offsetsSchema = z.object({
  offsets: z.array(z.object({ offset: z.record(z.string(), z.unknown()).nullable() })),
});

/** State of a connector or of a task, by Connect's own words, and of a failed one what it died of. */
export type State = z.output<typeof stateSchema>;
/** Connectors with their settings and states, by name. */
export type ConnectorList = z.output<typeof listSchema>;

export interface ConnectApi {
  list(): Promise<ConnectorList>;
  /** Makes or changes a connector. @throws {ApiRefusal} with Connect's words */
  put(name: string, config: Readonly<Record<string, string>>): Promise<void>;
  remove(name: string): Promise<void>;
  /** Starts what has failed of a connector anew. */
  restart(name: string): Promise<void>;
  stop(name: string): Promise<void>;
  /** Forgets how far a stopped connector is. */
  forget(name: string): Promise<void>;
  /** Places that a source has kept. */
  offsets(name: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

/** @param url `http://host:port` */
export function connectApi(url: string, signal?: AbortSignal): ConnectApi {
  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const limit = AbortSignal.timeout(answerMs);
    const response = await fetch(new URL(path, url), {
      method,
      signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
      ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const text = await response.text();
    if (!response.ok) throw new ApiRefusal(response.status, wordsOf(text) ?? `HTTP ${response.status}`);
    return text === "" ? undefined : JSON.parse(text);
  };
  const at = (name: string, rest = ""): string => `/connectors/${encodeURIComponent(name)}${rest}`;
  return {
    list: async () => listSchema.parse(await ask("GET", "/connectors?expand=info&expand=status")),
    put: async (name, config) => {
      await ask("PUT", at(name, "/config"), config);
    },
    remove: async (name) => {
      await ask("DELETE", at(name));
    },
    restart: async (name) => {
      await ask("POST", at(name, "/restart?includeTasks=true&onlyFailed=true"));
    },
    stop: async (name) => {
      await ask("PUT", at(name, "/stop"));
    },
    forget: async (name) => {
      await ask("DELETE", at(name, "/offsets"));
    },
    offsets: async (name) => {
      const { offsets } = offsetsSchema.parse(await ask("GET", at(name, "/offsets")));
      return offsets.map(({ offset }) => offset).filter((offset) => offset !== null);
    },
  };
}

/** What Connect says is wrong, in one line, without its advice to ask elsewhere. */
function wordsOf(text: string): string | undefined {
  try {
    const { message } = z.object({ message: z.string() }).parse(JSON.parse(text));
    const lines = message.split("\n").map((line) => line.trim());
    const told = lines.filter((line) => line !== "" && !line.startsWith("You can also find the above list"));
    return told.join(" ");
  } catch {
    return undefined;
  }
}

/** Classes whose messages are sentences of their own. */
const PLAIN = /^(org\.apache\.kafka\.connect\.errors\.\w+|millrace\.connect\.\w+): /;

/** The cause of a failure: the last exception that a trace names. */
export function causeIn(trace: string | undefined): string {
  const lines = (trace ?? "").split("\n");
  const causes = lines.filter((line) => /^(Caused by: )?([\w$]+\.)+[\w$]*(Exception|Error|Record)\b/.test(line));
  const last = (causes.at(-1) ?? lines[0] ?? "").replace(/^Caused by: /, "");
  const words = last.replace(PLAIN, "").replace(/^([a-z]\w*\.)+(?=[A-Z])/, "");
  return words.trim() || "no reason is known";
}

/** What a connector or its first failed task died of; `undefined`: nothing has failed. */
export function failureIn(found: ConnectorList[string] | undefined): string | undefined {
  const all = found === undefined ? [] : [found.status.connector, ...found.status.tasks];
  const failed = all.find(({ state }) => state === "FAILED");
  return failed && causeIn(failed.trace);
}
