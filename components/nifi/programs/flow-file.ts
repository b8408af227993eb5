/** A flow as a file: NiFi's own flow definition, as "Download flow definition" of its canvas writes it. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { descriptionOf } from "./marks.ts";

/** Name of the parameter context with what the platform knows: `#{kafka.bootstrap}`. */
export const CONTEXT = "millrace";

const bundleSchema = z.object({ group: z.string(), artifact: z.string(), version: z.string() });
/** A processor or a controller service. */
const extensionSchema = z.looseObject({
  identifier: z.string(),
  name: z.string(),
  type: z.string(),
  bundle: bundleSchema,
  properties: z.record(z.string(), z.string().nullable()).default({}),
  propertyDescriptors: z
    .record(
      z.string(),
      z.looseObject({ sensitive: z.boolean().default(false), identifiesControllerService: z.boolean().default(false) }),
    )
    .default({}),
});
const groupSchema = z.looseObject({
  identifier: z.string(),
  name: z.string(),
  comments: z.string().nullish(),
  processors: z.array(extensionSchema).default([]),
  controllerServices: z.array(extensionSchema).default([]),
  get processGroups() {
    return z.array(groupSchema).default([]);
  },
});
const contextSchema = z.looseObject({
  parameters: z
    .array(z.looseObject({ name: z.string(), sensitive: z.boolean().default(false), value: z.string().nullish() }))
    .default([]),
});
export const definitionSchema = z.looseObject({
  flowContents: groupSchema,
  parameterContexts: z.record(z.string(), contextSchema).default({}),
});

export type Group = z.output<typeof groupSchema>;
export type Extension = z.output<typeof extensionSchema>;
export type Definition = z.output<typeof definitionSchema>;

/** Names whose values are secrets, wherever they are. */
const SECRET = /passw|passphrase|secret|token|authorization|api.?key|private.?key|credential/i;
/** An address with a password in it. */
const WITH_PASSWORD = /:\/\/[^:/\s]*:[^@/\s#$]+@/;
/** A value that stands for another: a parameter, or an attribute. */
const REFERENCE = /^\s*(?:#\{[^}]+\}|\$\{[\w. -]+\})\s*$/;

/** All groups, the one that is given first. */
export function groupsIn(group: Group): Group[] {
  return [group, ...group.processGroups.flatMap(groupsIn)];
}

export function extensionsIn(group: Group): Extension[] {
  return groupsIn(group).flatMap((one) => [...one.processors, ...one.controllerServices]);
}

/** What a file holds, or what is wrong with it, a sentence each. */
export function readFlow(file: string, text: string): { readonly flow?: Definition; readonly problems: string[] } {
  const ways = 'give what "Download flow definition" of a group on the canvas writes';
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { problems: [`flow ${file} is no JSON: ${(error as Error).message}; ${ways}`] };
  }
  const read = definitionSchema.safeParse(json);
  if (!read.success) {
    const [issue] = read.error.issues;
    const where = issue?.path.join(".") || "the whole";
    return { problems: [`flow ${file} is no flow definition: ${where}: ${issue?.message}; ${ways}`] };
  }
  return { flow: read.data, problems: secretsIn(file, read.data) };
}

function secretsIn(file: string, { flowContents, parameterContexts }: Definition): string[] {
  const way = `give a parameter: #{name}, whose value is not in the file`;
  const properties = extensionsIn(flowContents).flatMap(({ name, properties, propertyDescriptors }) =>
    Object.entries(properties)
      .filter(([property, value]) => {
        const { sensitive = false, identifiesControllerService = false } = propertyDescriptors[property] ?? {};
        if (value === null || value === "" || identifiesControllerService || REFERENCE.test(value)) return false;
        return sensitive || SECRET.test(property) || WITH_PASSWORD.test(value);
      })
      .map(([property]) => `flow ${file} has a secret in clear: property "${property}" of "${name}"; ${way}`),
  );
  const parameters = Object.entries(parameterContexts).flatMap(([context, { parameters: all }]) =>
    all
      .filter(({ name, sensitive, value }) => (sensitive || SECRET.test(name)) && value != null && value !== "")
      .map(
        ({ name }) =>
          `flow ${file} has a secret in clear: parameter "${name}" of context "${context}"; leave its value out, and set it on the canvas`,
      ),
  );
  return [...properties, ...parameters];
}

/** Ids of one NiFi's own. */
const INSTANCE = ["instanceIdentifier", "instanceGroupId"];

/**
 * The text of a file for a flow as a NiFi gives it: without what is that NiFi's own, and without the parameters that the platform sets.
 * It does the same.
 */
export function fileText({ parameterContexts, ...definition }: Definition): string {
  const { [CONTEXT]: _, ...others } = parameterContexts;
  const flowContents = { ...definition.flowContents, comments: descriptionOf(definition.flowContents.comments) };
  const kept = { ...definition, flowContents, parameterContexts: others };
  return `${JSON.stringify(kept, (key, value: unknown) => (INSTANCE.includes(key) ? undefined : value), 2)}\n`;
}

/** Where things are on the canvas, and what differs from one NiFi to the next. */
const LEFT_OUT = new Set([...INSTANCE, "position", "bends", "labelIndex", "zIndex", "propertyDescriptors", "style"]);

/**
 * What a flow does, the same text for two that do the same: without the places on the canvas. Comments of the outermost group are the
 * platform's own.
 */
export function fingerprint({ flowContents }: Definition): string {
  const { comments: _, ...group } = flowContents;
  return hash(JSON.stringify(canonical(group)));
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) {
    const all = value.map(canonical);
    const keyed = all.every((one) => typeof one === "object" && one !== null && "identifier" in one);
    return keyed ? all.sort((a, b) => idOf(a).localeCompare(idOf(b))) : all;
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, one]) => !LEFT_OUT.has(key) && one !== null && one !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      // Names of properties are people's own.
      .map(([key, one]) => [key, key === "properties" ? sorted(one) : canonical(one)]),
  );
}

function sorted(properties: unknown): unknown {
  return Object.entries(properties as Readonly<Record<string, unknown>>)
    .filter(([, value]) => value !== null)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function idOf(value: unknown): string {
  return String((value as { identifier: unknown }).identifier);
}

export function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
