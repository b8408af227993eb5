/** DAG files that Airflow could not read, asked from its own REST API through the API server. */
import { KubeError } from "../clusters/kubernetes-client.ts";
import { messageOf } from "./errors.ts";
import type { Kube } from "./kube.ts";
import { readSecret } from "./secrets.ts";

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
const ROBOT = "proof";
/** A page of Airflow takes milliseconds; a status that waits longer helps nobody. */
const LIMIT_MS = 8000;

/**
 * DAG files with errors; `undefined` when there is no Airflow.
 * @throws Error when Airflow does not answer in time or refuses.
 */
export async function dagErrors(
  kube: Pick<Kube, "get" | "ask">,
  namespace: string,
  timeoutMs = LIMIT_MS,
): Promise<DagError[] | undefined> {
  const users = await readSecret(kube, namespace, USERS_SECRET);
  if (users === undefined) return undefined;
  const airflow = `/api/v1/namespaces/${namespace}/services/airflow:8080/proxy`;
  const ask = async <T>(method: "GET" | "POST", path: string, body?: unknown, cookie?: string): Promise<T> => {
    const headers = cookie === undefined ? {} : { cookie };
    return await kube.ask<T>(method, `${airflow}${path}`, { body, headers, timeoutMs });
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
    const message = messageOf(error);
    const silent = /no answer within [\d.]+ s/.exec(message)?.[0];
    const status = error instanceof KubeError && error.status > 0 ? `HTTP ${error.status}, ` : "";
    const why = silent ?? `${status}${message}`;
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
