/** What the stack's Ingresses need of its cluster: their class, and who makes their certificates. */
import { type ClusterClass, defaultClass } from "../clusters/classes.ts";
import { remedies } from "../clusters/targets.ts";
import { type Finding, ok } from "./finding.ts";
import { exists, type Kube } from "./kube.ts";
import type { Stack } from "./stack.ts";

/** A class or an issuer that is not there: nothing would lead to the pages, or they would have no certificate. */
export async function ingressFindings(kube: Kube, stack: Pick<Stack, "name" | "profile">): Promise<Finding[]> {
  const { exposure } = stack.profile;
  if (exposure.kind !== "ingress") return [];
  const { className, tls } = exposure;
  const issuer = tls !== undefined && "issuer" in tls ? tls.issuer : undefined;
  return [
    await classFinding(kube, stack, className),
    ...(issuer === undefined ? [] : [await issuerFinding(kube, stack, issuer)]),
  ];
}

/** Some controllers take an Ingress without a class also where none is the default, so that one may be missing. */
async function classFinding(
  kube: Kube,
  { name, profile }: Pick<Stack, "name" | "profile">,
  wanted: string | undefined,
): Promise<Finding> {
  const path = "/apis/networking.k8s.io/v1/ingressclasses";
  const { items } = await kube.get<{ readonly items: readonly ClusterClass[] }>(path);
  const names = items.map(({ metadata }) => metadata.name);
  const found = wanted === undefined ? defaultClass("ingress", items) : names.find((one) => one === wanted);
  if (found !== undefined) return ok("ingress", `IngressClass ${found}`);
  const other = `name one that exists in cluster.ingress.className of Pulumi.${name}.yaml, or install an ingress controller`;
  const { ingress: command } = remedies(profile);
  return {
    subject: "ingress",
    level: wanted === undefined ? "warning" : "problem",
    detail: `no ${wanted === undefined ? "default IngressClass" : `IngressClass "${wanted}"`}; the cluster has ${names.join(", ") || "none"}`,
    next: command === undefined ? other : `${command}, or ${other}`,
  };
}

async function issuerFinding(
  kube: Kube,
  { name, profile }: Pick<Stack, "name" | "profile">,
  issuer: string,
): Promise<Finding> {
  if (await exists(kube, `/apis/cert-manager.io/v1/clusterissuers/${issuer}`)) {
    return ok("certificates", `ClusterIssuer ${issuer}`);
  }
  return {
    subject: "certificates",
    level: "problem",
    detail: `no ClusterIssuer "${issuer}" of cert-manager`,
    next:
      `kubectl --context ${profile.context} get clusterissuers lists those that there are, and fails without cert-manager: ` +
      `install it, make the issuer, or correct cluster.ingress.tls.issuer of Pulumi.${name}.yaml`,
  };
}
