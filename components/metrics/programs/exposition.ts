/** Figures as text in Prometheus' format. */
import type { Sample } from "../../../platform/watching.ts";

const escaped = (value: string): string =>
  value.replaceAll(/[\\"\n]/g, (sign) => (sign === "\n" ? String.raw`\n` : `\\${sign}`));

export function exposition(samples: readonly Sample[]): string {
  return samples
    .map(({ name, labels = {}, value }) => {
      const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
      return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}\n`;
    })
    .join("");
}
