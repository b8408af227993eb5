/** Orders for marked numbers, as they come in over HTTP. */

/** What is to be sent for somebody. */
export interface MarkedOrder {
  /** Id that marks the records. */
  readonly run: string;
  readonly metric: string;
  readonly values: readonly number[];
  /** Texts that are sent as they are, beside the records. */
  readonly poison: readonly string[];
}

export const mostValues = 10_000;
export const mostPoison = 100;
/** Most bytes of one poison text; the topic takes messages of 4 MiB. */
export const mostPoisonBytes = 3 * 2 ** 20;
const mostMetricCharacters = 200;
const defaultMetric = "uniform";
const fields = ["run", "values", "metric", "poison"];
/** Problems that are told one by one. */
const mostTold = 10;

/** An order that can't be carried out, with all that is wrong with it. */
export class OrderError extends Error {
  override readonly name = "OrderError";
}

/** @throws {OrderError} with all problems in one message */
export function parseOrder(text: string): MarkedOrder {
  const order = objectOf(text);
  const problems = [
    ...Object.keys(order)
      .filter((name) => !fields.includes(name))
      .map((name) => `"${shorten(name)}" is no field; there are ${fields.join(", ")}`),
    ...runProblems(order["run"]),
    ...metricProblems(order["metric"] ?? defaultMetric),
    ...valueProblems(order["values"]),
    ...poisonProblems(order["poison"] ?? []),
  ];
  if (problems.length > 0) {
    const rest = problems.length - mostTold;
    throw new OrderError([...problems.slice(0, mostTold), ...(rest > 0 ? [`and ${rest} more`] : [])].join("; "));
  }
  return {
    run: order["run"] as string,
    metric: (order["metric"] ?? defaultMetric) as string,
    values: order["values"] as number[],
    poison: (order["poison"] ?? []) as string[],
  };
}

function objectOf(text: string): Record<string, unknown> {
  const wanted = 'send an object like {"run": "test-1", "values": [1, 2.5]}';
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new OrderError(`the body is no JSON (${shorten((error as Error).message)}); ${wanted}`, { cause: error });
  }
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  throw new OrderError(`the body is ${shorten(text)}; ${wanted}`);
}

function runProblems(run: unknown): string[] {
  if (typeof run === "string" && /^[A-Za-z0-9._-]{1,128}$/.test(run)) return [];
  return [`run ${found(run)}; give 1 to 128 letters, digits, dots, dashes and underscores`];
}

function metricProblems(metric: unknown): string[] {
  const isName = typeof metric === "string" && /^[^\u0000-\u001f\u007f]+$/u.test(metric);
  if (isName && metric.length <= mostMetricCharacters) return [];
  return [`metric ${found(metric)}; give a name of 1 to ${mostMetricCharacters} characters`];
}

function valueProblems(values: unknown): string[] {
  if (!Array.isArray(values) || values.length < 1 || values.length > mostValues) {
    return [`values ${foundList(values)}; give a list of 1 to ${mostValues} finite numbers`];
  }
  return values.flatMap((value: unknown, index) =>
    typeof value === "number" && Number.isFinite(value)
      ? []
      : [`values[${index}] ${found(value)}; give a finite number`],
  );
}

function poisonProblems(poison: unknown): string[] {
  if (!Array.isArray(poison) || poison.length > mostPoison) {
    return [`poison ${foundList(poison)}; give a list of up to ${mostPoison} texts`];
  }
  return poison.flatMap((text: unknown, index) => {
    if (typeof text !== "string") return [`poison[${index}] ${found(text)}; give a text`];
    const bytes = Buffer.byteLength(text);
    return bytes <= mostPoisonBytes
      ? []
      : [`poison[${index}] has ${bytes} bytes; give a text of up to ${mostPoisonBytes}`];
  });
}

function foundList(value: unknown): string {
  return Array.isArray(value) ? `has ${value.length} items` : found(value);
}

function found(value: unknown): string {
  if (value === undefined) return "is missing";
  if (typeof value === "number") return `is ${value}`;
  return `is ${shorten(JSON.stringify(value))}`;
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
