/** How the pods of a program are wired: what each is told of others, held against the edges that it declares. */
import { COMPONENT_LABEL, NAME_LABEL } from "../../platform/names.ts";
import type { Edge, End } from "../../platform/network.ts";
import type { Mocked, Registered } from "./mocks.ts";

interface Volume {
  readonly configMap?: { readonly name: string };
  readonly projected?: { readonly sources: readonly { readonly configMap?: { readonly name: string } }[] };
}

interface Template {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly volumes?: readonly Volume[] };
}

/** A pod of the program: who it is, and every text that it is told. */
interface Told {
  readonly role: string;
  readonly text: string;
}

function templateOf({ type, inputs }: Registered): Template | undefined {
  const { template, jobTemplate } = inputs.spec as unknown as {
    template?: Template;
    jobTemplate?: { spec: { template: Template } };
  };
  return type.endsWith(":CronJob") ? jobTemplate?.spec.template : template;
}

const isTemplate = (text: string): boolean => /^\{[^]*"containers": ?\[/.test(text);

/** Every pod that the program makes or has others make. */
export async function pods(mocked: Mocked): Promise<Told[]> {
  const maps = new Map(
    (await mocked.ofType("kubernetes:core/v1:ConfigMap")).map(({ name, inputs }) => [name, inputs.data]),
  );
  const told = (template: Template): Told => {
    const { [NAME_LABEL]: service = "", [COMPONENT_LABEL]: component = "" } = template.metadata?.labels ?? {};
    const mounted = (template.spec.volumes ?? []).flatMap(({ configMap, projected }) => [
      configMap?.name ?? "",
      ...(projected?.sources.map((source) => source.configMap?.name ?? "") ?? []),
    ]);
    // What lies there for pods of others tells them.
    const texts = mounted.flatMap((name) => Object.values(maps.get(name) ?? {})).filter((text) => !isTemplate(text));
    return { role: `${service}/${component}`, text: [JSON.stringify(template), ...texts].join("\n") };
  };
  const kinds = /^kubernetes:.*:(StatefulSet|Deployment|Job|CronJob)$/;
  const workloads = (await mocked.resources()).filter(({ type }) => kinds.test(type));
  const written = [...maps.values()].flatMap((data) => Object.values(data)).filter(isTemplate);
  return [
    ...workloads.flatMap((workload) => templateOf(workload) ?? []),
    ...written.map((text) => JSON.parse(text) as Template),
  ].map(told);
}

const ADDRESS = /(?:[a-z0-9-]+\.)?([a-z0-9-]+)\.millrace\.svc(?::(\d+))?/g;

/** Services that a text names, by the role of their pods, with ports where it names them. */
export function addresses(
  text: string,
  services: ReadonlyMap<string, string>,
): { role: string; port: number | undefined }[] {
  return [...text.matchAll(ADDRESS)].flatMap(([, service = "", port]) => {
    const role = services.get(service);
    return role === undefined ? [] : [{ role, port: port === undefined ? undefined : Number(port) }];
  });
}

export async function serviceRoles(mocked: Mocked): Promise<Map<string, string>> {
  const services = await mocked.ofType("kubernetes:core/v1:Service");
  return new Map(
    services.map(({ name, inputs }) => {
      const selector = inputs.spec.selector as Readonly<Record<string, string>>;
      return [name, `${selector[NAME_LABEL] ?? ""}/${selector[COMPONENT_LABEL] ?? ""}`];
    }),
  );
}

export const roleOf = (end: End): string | undefined =>
  end.kind === "pods" ? `${end.service}/${end.component}` : undefined;

/** Every server whose address a pod is told without an edge to it, as `from → to:port`; none: all is declared. */
export async function undeclared(mocked: Mocked, edges: readonly Edge[]): Promise<string[]> {
  const services = await serviceRoles(mocked);
  const isOpen = (from: string, to: string, port: number | undefined): boolean =>
    edges.some(
      (edge) =>
        roleOf(edge.from) === from && roleOf(edge.to) === to && (port === undefined || edge.ports.includes(port)),
    );
  const missing = (await pods(mocked)).flatMap(({ role, text }) =>
    addresses(text, services)
      .filter(({ role: to, port }) => to !== role && !isOpen(role, to, port))
      .map(({ role: to, port }) => `${role} → ${to}:${port ?? ""}`),
  );
  return [...new Set(missing)];
}

/** The same for hosts outside the platform, as `from → host`. */
export async function undeclaredOutside(
  mocked: Mocked,
  edges: readonly Edge[],
  hosts: readonly string[],
): Promise<string[]> {
  const isOpen = (from: string, host: string): boolean =>
    edges.some(({ from: own, to }) => roleOf(own) === from && to.kind === "outside" && to.hosts.includes(host));
  const missing = (await pods(mocked)).flatMap(({ role, text }) =>
    hosts.filter((host) => text.includes(host) && !isOpen(role, host)).map((host) => `${role} → ${host}`),
  );
  return [...new Set(missing)];
}
