/** DAG files that Airflow could not read, asked from its own REST API through the API server. */
import { field } from "../../platform/describe-error.ts";
import { ROBOT } from "../../platform/names.ts";
import type { Running, StatusAnswer } from "../../platform/operating.ts";

/** A DAG file that is not used, and why. */
export interface DagError {
  /** Path of the file in its bundle. */
  readonly file: string;
  /** First line of what Python said, with the file's line where it is known. */
  readonly message: string;
}

interface ImportErrors {
  readonly import_errors: readonly { readonly filename: string; readonly stack_trace: string }[];
}

const USERS_SECRET = "airflow-users";
/** A page of Airflow takes milliseconds; a status that waits longer helps nobody. */
const LIMIT_MS = 8000;

/**
 * DAG files that Airflow can't read, which its other DAGs do not mind; `undefined` when there is no Airflow.
 * @throws Error when Airflow does not answer in time or refuses.
 */
export async function dagErrorStatus(running: Running): Promise<StatusAnswer | undefined> {
  const errors = await dagErrors(running);
  return errors && dagErrorAnswer(errors);
}

export function dagErrorAnswer(errors: readonly DagError[]): StatusAnswer {
  return { json: errors, faults: errors.map(({ file, message }) => `DAG file ${file} can't be read: ${message}`) };
}

/** DAG files with errors, sorted by file. */
export async function dagErrors(running: Running, timeoutMs = LIMIT_MS): Promise<DagError[] | undefined> {
  const users = await running.secret(USERS_SECRET);
  if (users === undefined) return undefined;
  const ask = async <T>(method: "GET" | "POST", path: string, body?: unknown, cookie?: string): Promise<T> => {
    const headers = cookie === undefined ? {} : { cookie };
    return await running.ask<T>(method, "airflow:8080", path, { body, headers, timeoutMs });
  };
  try {
    const login = { username: ROBOT, password: users[ROBOT] ?? "" };
    const { access_token: token } = await ask<{ access_token: string }>("POST", "/auth/token", login);
    // The API server keeps an Authorization header to itself; Airflow takes the token as its own pages send it too.
    const page = await ask<ImportErrors>("GET", "/api/v2/importErrors?limit=100", undefined, `_token=${token}`);
    return page.import_errors
      .map(({ filename, stack_trace: trace }) => ({ file: filename, message: causeIn(trace) }))
      .sort((a, b) => a.file.localeCompare(b.file));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const silent = /no answer within [\d.]+ s/.exec(message)?.[0];
    const status = Number(field(error, "status") ?? 0);
    const why = silent ?? `${status > 0 ? `HTTP ${status}, ` : ""}${message}`;
    throw new Error(`Airflow does not answer (${why}), so nothing is known of its DAGs`, { cause: error });
  }
}

/** The exception of a Python traceback in one line: `SyntaxError: '(' was never closed (line 3)`. */
export function causeIn(trace: string): string {
  const lines = trace.split("\n").filter((line) => line.trim() !== "");
  const last = lines.findLastIndex((line) => line.startsWith("Traceback (most recent call last):"));
  const cause = lines.slice(last + 1).find((line) => !/^\s/.test(line)) ?? lines.at(-1)?.trim() ?? "no message";
  const line = lines.map((text) => /^ +File ".*", line (\d+)/.exec(text)?.[1]).findLast((found) => found !== undefined);
  return line === undefined || /line \d+\)?$/.test(cause) ? cause : `${cause} (line ${line})`;
}
