/** What is chosen on a page lives in its address, so that it can be sent to somebody, and so that "back" works. */
import { defaultMinutes, type Sink, type Stream } from "../../../protocol.ts";

/** Entries of the select of minutes; the server takes any from 1 to 360. */
export const minutesChoices = ["5", "15", "60", "180", "360"] as const;

/** Parameters of a page's address; `null`: not given. */
export type Parameters<Name extends string> = Readonly<Record<Name, string | null>>;

/** Reads the parameters that a page knows. Values go on as they are: the server says what is wrong with them. */
export function parametersOf<Name extends string>(
  names: readonly Name[],
  get: (name: string) => string | null,
): Parameters<Name> {
  return Object.fromEntries(names.map((name) => [name, get(name)])) as Parameters<Name>;
}

/** Path of the server's figures of windows. */
export function windowsUrl(
  sink: Sink,
  stream: Stream,
  { series, metric, minutes }: Parameters<"series" | "metric" | "minutes">,
): string {
  return `/api/spark-streaming/${sink}/${stream}${query({ series, metric, minutes: minutes ?? String(defaultMinutes) })}`;
}

/** Path of the server's figures of the census. */
export function censusUrl(sink: Sink, { run }: Parameters<"run">): string {
  return `/api/spark/${sink}/census-data${query({ run })}`;
}

function query(parameters: Readonly<Record<string, string | null>>): string {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== null);
  return given.length === 0 ? "" : `?${new URLSearchParams(given).toString()}`;
}

/** Choices of a select, with the one in the address among them even when nothing else offers it. */
export function withChosen(choices: readonly string[], chosen: string | null): readonly string[] {
  return chosen === null || choices.includes(chosen) ? choices : [chosen, ...choices];
}
