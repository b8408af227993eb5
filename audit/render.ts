/**
 * A stack as Kubernetes objects, without a cluster, a state or a Docker engine: the program itself runs, and what it asks of
 * the engine is written down. Secrets are masked.
 */
import * as pulumi from "@pulumi/pulumi";
import { podTemplateIn } from "../platform/pod-spec.ts";
import type { AuditedStack } from "./stacks.ts";

/** A Kubernetes object as it would be sent. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

const SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d";
const MASKED = "[secret]";

let runs = 0;

/**
 * Runs the program for a stack. One at a time: Pulumi has one engine in a process.
 * @returns every Kubernetes object, and every pod that another program makes from a text in a ConfigMap
 * @throws RunError when the program refuses the stack.
 */
export async function renderStack({ config }: AuditedStack): Promise<Manifest[]> {
  const found: Manifest[] = [];
  const failed: unknown[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        const object = manifestOf(type, name, masked(inputs) as Readonly<Record<string, unknown>>);
        if (object !== undefined) found.push(object);
        return { id: `${name}-id`, state: { ...(inputs as object), ...generated(type) } };
      },
      call: () => ({}),
    },
    "millrace",
    "audit",
  );
  const values = Object.entries(config).map(([key, value]): [string, string] => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  pulumi.runtime.setAllConfig(Object.fromEntries(values));
  const watch = (error: unknown): void => {
    failed.push(error);
  };
  process.on("unhandledRejection", watch);
  try {
    runs += 1;
    // Another query has Node evaluate the program anew; its path is no import of this file's, which would close a circle.
    await import(new URL(`../index.ts?audit=${runs}`, import.meta.url).href);
    // The SDK's typings leave this function out, and there is no other way to know that nothing is under way.
    await (pulumi.runtime as unknown as { waitForRPCs(): Promise<void> }).waitForRPCs();
  } finally {
    process.off("unhandledRejection", watch);
  }
  if (failed.length > 0) throw failed[0];
  return [...found, ...found.flatMap(podsWithin)];
}

/** A Kubernetes object; `undefined` for components, other providers' resources, and patches of what the cluster makes. */
function manifestOf(type: string, name: string, inputs: Readonly<Record<string, unknown>>): Manifest | undefined {
  const [, group = "", kind = ""] = /^kubernetes:([^:]+):([^:]+)$/.exec(type) ?? [];
  if (kind === "" || kind.endsWith("Patch")) return undefined;
  const metadata = (inputs["metadata"] ?? {}) as { readonly name?: string };
  return {
    ...inputs,
    apiVersion: group.replace(/^core\//, ""),
    kind,
    metadata: { ...metadata, name: metadata.name ?? name },
  };
}

/** Pods that Spark, Airflow and JupyterHub make: their templates are texts in ConfigMaps. */
function podsWithin({ kind, metadata, ["data"]: data }: Manifest): Manifest[] {
  if (kind !== "ConfigMap") return [];
  return Object.entries((data ?? {}) as Readonly<Record<string, string>>).flatMap(([key, text]): Manifest[] => {
    const template = podTemplateIn(text);
    if (template === undefined) return [];
    const name = `${metadata.name}.${key.replace(/\.\w+$/, "")}`;
    return [{ apiVersion: "v1", kind: "Pod", metadata: { ...metadata, name }, spec: template.spec }];
  });
}

/** The value with each text of a secret masked; its keys stay, since the checkers know a Secret by them. */
function masked(value: unknown, isSecret = false): unknown {
  if (Array.isArray(value)) return value.map((item) => masked(item, isSecret));
  if (typeof value !== "object" || value === null) return isSecret && typeof value === "string" ? MASKED : value;
  if (SECRET_SIGNATURE in value && "value" in value) return masked(value.value, true);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, masked(item, isSecret)]));
}

/** What a provider adds to a resource's inputs. */
function generated(type: string): Record<string, string> {
  switch (type) {
    case "random:index/randomBytes:RandomBytes":
      return { hex: "0".repeat(64) };
    case "random:index/randomPassword:RandomPassword":
      return { result: "0".repeat(32) };
    case "random:index/randomId:RandomId":
      return { b64Url: "-AAAAAAAAAAAAAAAAAAAAA" };
    default:
      return {};
  }
}
