/** The files that are made from the schemas of the stack's file and of records: for editors, and for readers. */
import { format } from "prettier";
import { allowed, type Node, root } from "./json-schema.ts";
import { recordDocuments } from "./record-schemas.ts";

/** Every generated file, by its path in the project. */
export async function generated(): Promise<{ readonly file: string; readonly text: string }[]> {
  const json = await format(JSON.stringify(stackSchema()), { parser: "json", printWidth: 120 });
  return [
    { file: "config/pulumi-stack.schema.json", text: json },
    { file: "docs/configuration.md", text: configurationPage() },
    ...(await recordDocuments()),
  ];
}

/** JSON Schema of `Pulumi.<stack>.yaml`: our keys are strict, those of others are free. */
function stackSchema(): Record<string, unknown> {
  const sections = Object.entries(root.properties ?? {}).map(([name, node]) => [`millrace:${name}`, node]);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Pulumi.<stack>.yaml of Millrace",
    type: "object",
    properties: {
      config: {
        type: "object",
        properties: Object.fromEntries(sections) as Record<string, unknown>,
        patternProperties: { "^(?!millrace:)": {} },
        additionalProperties: false,
      },
    },
  };
}

/** Rows beyond which a section has a table for each of its parts. */
const LONG = 60;

function configurationPage(): string {
  const sections = Object.entries(root.properties ?? {}).map(([name, node]) => {
    const rows = node.properties === undefined ? [{ path: `millrace:${name}`, node }] : settings(node, []);
    const parts = rows.length > LONG ? Object.keys(node.properties ?? {}) : [];
    const tables = parts.map((part) => {
      const own = rows.filter(({ path }) => path.startsWith(`${part}.`));
      return `### \`${part}\`\n\n${table(own)}`;
    });
    const words = node.properties === undefined ? "" : `${node.description ?? ""}\n\n`;
    const entries = parts.map((part) => `  - [\`${part}\`](#${part.toLowerCase()})`);
    return {
      contents: [`- [\`millrace:${name}\`](#millrace${name.toLowerCase()})`, ...entries].join("\n"),
      text: `## \`millrace:${name}\`\n\n${words}${parts.length > 0 ? tables.join("\n") : table(rows)}`,
    };
  });
  return `<!-- prettier-ignore-start -->
<!-- Generated from config/schema.ts by \`node config/generate.ts\`. -->

# Configuration

Every setting of \`Pulumi.<stack>.yaml\`, below \`config:\`. All settings have a default: a stack that sets nothing is the development
platform on the embedded cluster. Amounts are written with \`Mi\` or \`Gi\`. Wrong settings are refused, all in one message,
before anything is created.

${sections.map(({ contents }) => contents).join("\n")}

${sections.map(({ text }) => text).join("\n")}
<!-- prettier-ignore-end -->
`;
}

function table(settings: readonly { readonly path: string; readonly node: Node }[]): string {
  const rows = settings.map(
    ({ path, node }) =>
      `| \`${path}\` | ${cell(allowed(node))} | ${cell(initial(node))} | ${cell(node.description ?? "")} |\n`,
  );
  return `| Setting | Allowed | Default | Meaning |\n| --- | --- | --- | --- |\n${rows.join("")}`;
}

/** The settings below a node that hold a value, with their paths from the section. */
function settings(node: Node, path: readonly string[]): { path: string; node: Node }[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, below]) => {
    const here = [...path, name];
    const shapes = (below.oneOf ?? []).flatMap((shape) => settings(withoutKind(shape), here));
    if (below.properties !== undefined && below["x-like"] === undefined) return settings(below, here);
    return [{ path: here.join("."), node: below }, ...shapes];
  });
}

function withoutKind(shape: Node): Node {
  const entries = Object.entries(shape.properties ?? {}).filter(([name]) => name !== "kind");
  return { ...shape, properties: Object.fromEntries(entries) };
}

function initial({ default: value }: Node): string {
  if (value === undefined) return "-";
  if (typeof value !== "object") return `\`${String(value)}\``;
  if (Array.isArray(value)) return `\`[${value.join(", ")}]\``;
  return `\`${Object.entries(value)
    .map(([key, part]) => `${key}: ${part}`)
    .join(", ")}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
