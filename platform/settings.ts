/** The kinds of settings that the schema is made of: amounts, names, ports, images, each with its range in words. */
import * as z from "zod";
import { cpuMillis, type Quantity, quantityOf } from "./quantity.ts";
import type { ServiceGroup } from "./service.ts";

/** Extra words of the schema's nodes: read by the messages and the docs, ignored by editors. */
export interface Hints {
  /** Range of a quantity in words. */
  readonly "x-range"?: string;
  /** Other words that people use for the setting. */
  readonly "x-also-called"?: readonly string[];
  /** Why a value that people try is not allowed, by the value. */
  readonly "x-refused"?: Readonly<Record<string, string>>;
  /** The section whose settings these are once more. */
  readonly "x-like"?: string;
}

const bytes = (quantity: string): number => quantityOf(quantity) ?? Number.NaN;

/** An amount between two others, both allowed. */
export function quantity(min: Quantity, max: Quantity) {
  return z
    .templateLiteral([z.int().min(0), z.enum(["Mi", "Gi"])])
    .refine((value) => bytes(value) >= bytes(min) && bytes(value) <= bytes(max), { params: { range: true } })
    .meta({ pattern: "^[1-9][0-9]*(Mi|Gi)$", "x-range": `an amount from ${min} to ${max}` });
}

/** An amount of CPU, in cores or in thousandths of one. */
export const cpuAmount = () =>
  z
    .union([z.string().regex(/^([0-9]+m|[0-9]+([.][0-9]{1,3})?)$/), z.number()])
    .refine((cpu) => cpuMillis(cpu) >= 1 && cpuMillis(cpu) <= 256_000)
    .meta({ "x-range": 'CPU in cores or in thousandths of one, from 1m to 256, for example "500m" or 2' });

export const image = () =>
  z
    .string()
    .regex(
      /^(?!.*:latest$)[a-z0-9][a-z0-9.-]*(:[0-9]{1,5}\/)?[a-z0-9._/-]*(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})$/,
    )
    .optional()
    .meta({
      "x-range":
        'an image with a tag other than latest or a digest, for example "registry.example.com/team/image:1.2.3"',
    });

export const dnsName = (what: string) =>
  z
    .string()
    .max(63)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
    .meta({ "x-range": `${what}: lower-case letters, digits and dashes, at most 63` });

export const host = () =>
  z
    .string()
    .regex(/^[A-Za-z0-9]([-.A-Za-z0-9]*[A-Za-z0-9])?$/)
    .meta({ "x-range": "a host name or an address, without protocol or port" });

/** Room below it for the longest name of a page. */
const DOMAIN_LENGTH = 220;

export const domain = () =>
  z
    .string()
    .max(DOMAIN_LENGTH)
    .regex(/^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)*[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/)
    .meta({
      "x-range": 'a domain in small letters, for example "data.example.com", without protocol, port or path',
    });

export const registryName = () =>
  z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?(\/[a-z0-9._-]+)*$/)
    .meta({ "x-range": 'a registry, for example "localhost:5000" or "registry.example.com/team"' });

/** A registry, by its full name, with the repository below which images are. */
export const registryPrefix = () =>
  z
    .string()
    .regex(
      /^(localhost|[a-z0-9-]+([.][a-z0-9-]+)+|[a-z0-9-]+(?=:))(:[0-9]{1,5})?(\/[a-z0-9]+(([.]|_{1,2}|-+)[a-z0-9]+)*)*$/,
    )
    .meta({
      "x-range":
        "a registry with its port and repository, in lower case, without protocol, tag or spaces, for example " +
        '"registry.example.com/acme/millrace"',
    });

export const port = (min: number) => z.int().min(min).max(65535);
export const nodePort = () => z.int().min(30000).max(32767);
export const text = () => z.string().min(1);
export const secret = () => dnsName("the name of a Secret");
/** Certificates of an authority of one's own; what is wrong with them `authorityProblems` says. */
export const authority = (signed: string) =>
  z.string().optional().describe(`Authority that has signed ${signed}, in PEM, if it is none of the public ones.`);
export const authoritySecret = (signed: string) =>
  secret()
    .optional()
    .describe(`Secret in the platform's namespace with the authority that has signed ${signed}, in key \`ca.crt\`.`);

export const storage = (size: Quantity) =>
  z
    .discriminatedUnion("kind", [
      z.strictObject({
        kind: z.literal("persistent").describe("Data is on a claim and outlives its pod."),
        size: quantity("100Mi", "65536Gi").default(size).describe("Size of each replica's claim."),
      }),
      z.strictObject({ kind: z.literal("ephemeral").describe("Data is in the pod and is lost with it.") }),
    ])
    .default({ kind: "persistent", size })
    .describe("Where the service keeps its data: `persistent` (with `size`) or `ephemeral`.");

export const enabled = (what: string) => z.boolean().default(true).describe(`Whether ${what}.`);
/** Profiles that bring a service, by the set that it is in. */
const profilesWith: Readonly<Record<ServiceGroup, readonly string[]>> = {
  studio: ["studio", "full"],
  pipeline: ["pipeline", "full"],
  streams: ["streams"],
};
/** A service that profiles bring; `group` is the set that it is in, or the sets. */
export const optional = (group: ServiceGroup | readonly ServiceGroup[], what: string) => {
  const profiles = new Set([group].flat().flatMap((one) => profilesWith[one]));
  const names = new Intl.ListFormat("en-GB").format([...profiles].map((name) => `\`${name}\``));
  const where = profiles.size === 1 ? `profile ${names}` : `profiles ${names}`;
  return z.boolean().optional().describe(`Whether ${what}. Default: \`true\` in ${where}, else \`false\`.`);
};
export const memory = (initial: Quantity, min: Quantity) =>
  quantity(min, "1024Gi").default(initial).describe("Memory limit of each container; a JVM's heap is a part of it.");
