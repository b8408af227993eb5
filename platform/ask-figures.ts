/** Asks a service for its page of figures, in Prometheus' format, within the cluster: of those that want a login first. */
import { askText } from "./ask-text.ts";
import type { Sample } from "./watching.ts";

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?[ \t]+(\S+)/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const numbers: Readonly<Record<string, number>> = { "+Inf": Infinity, "-Inf": -Infinity, NaN: Number.NaN };

/** Figures of a page. Its comments and what is no figure are left out. */
export function figuresOf(page: string): Sample[] {
  return page.split("\n").flatMap((line): Sample[] => {
    const [, name, pairs = "", text = ""] = LINE.exec(line) ?? [];
    const value = numbers[text] ?? Number(text);
    if (name === undefined || (Number.isNaN(value) && text !== "NaN")) return [];
    const labels = Object.fromEntries([...pairs.matchAll(LABEL)].map(([, label = "", of = ""]) => [label, plain(of)]));
    return [{ name, value, ...(pairs !== "" && { labels }) }];
  });
}

function plain(escaped: string): string {
  return escaped.replaceAll(/\\(.)/g, (_, sign: string) => (sign === "n" ? "\n" : sign));
}

/** @throws Error when it does not answer with success */
export async function askFigures(
  url: string,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<Sample[]> {
  return figuresOf(await askText(url, signal, { headers }));
}
