/** Settings of where the platform runs. */
import * as z from "zod";
import { targets } from "../clusters/profile.ts";
import { loginPlaces } from "./logins.ts";
import { openPages, rooms } from "./rooms.ts";
import {
  authority,
  dnsName,
  domain,
  host,
  nodePort,
  port,
  quantity,
  registryName,
  secret,
  text,
} from "../platform/settings.ts";
import { sizeRows } from "../platform/resources.ts";

/** A node port for everything that the rooms publish. */
const nodePorts = Object.fromEntries(
  rooms.flatMap(({ published = {} }) =>
    Object.entries(published).map(([key, of]) => [key, nodePort().default(of.nodePort).describe(`${of.meaning}.`)]),
  ),
);

/** Name of an object of the whole cluster. */
const objectNameOf = (what: string) =>
  z
    .string()
    .max(253)
    .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)
    .meta({ "x-range": `the name of ${what}` });

/** Pages that ask nobody for a login by themselves. */
const withoutLogin = Object.keys(openPages(rooms));
/** What can be kept inside: the rest is an address that others are told by the service itself. */
const canStayInside = rooms.flatMap(({ published = {} }) =>
  Object.entries(published).flatMap(([key, { asksForLogin, greeting }]) =>
    asksForLogin || greeting === undefined ? [key] : [],
  ),
);

/** What pages are called, within a sentence. */
function inWords(pages: Readonly<Record<string, { readonly title: string }>>): string {
  return new Intl.ListFormat("en-GB").format(Object.values(pages).map(({ title }) => title));
}

/** @param whose Pods that are meant, in words. */
const quota = (whose: string) =>
  z
    .strictObject({
      pods: z.int().min(1).max(10_000).optional().describe("Number of pods. Default: what the services need, twice."),
      memory: quantity("1Gi", "65536Gi")
        .optional()
        .describe("Sum of the pods' memory limits. Default: what the services need, twice."),
    })
    .optional()
    .describe(`Quota of ${whose}.`);

export const cluster = z
  .strictObject({
    target: z.enum(targets).default("embedded").describe("Kind of cluster that the platform runs on."),
    context: text()
      .optional()
      .describe(
        "Context in the kubeconfig. Default: `minikube` or `microk8s` on these targets; required on `cloud`; " +
          "not for `embedded`, which creates its own.",
      ),
    kubeconfig: text()
      .optional()
      .describe("Path of the kubeconfig. Default: `$KUBECONFIG`, else `~/.kube/config`; not for `embedded`."),
    namespace: dnsName("a Kubernetes namespace").default("millrace").describe("Namespace of everything."),
    existingNamespace: z
      .boolean()
      .default(false)
      .describe(
        "Whether the namespace exists already and stays when the platform is removed. It is used as it is. Not for `embedded`.",
      ),
    quotas: z
      .strictObject({ jobs: quota("executors and tasks"), users: quota("users' servers") })
      .optional()
      .describe(
        "Most that the pods in the namespaces `<namespace>-jobs` and `<namespace>-users` have together: docs/people.md. Not with `existingNamespace`.",
      ),
    storageClass: z
      .string()
      .max(253)
      .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)
      .meta({ "x-range": 'the name of a StorageClass, "default" or "none"' })
      .optional()
      .describe(
        'StorageClass of all claims; "default": the cluster\'s own; "none": data lies in the pods. Default: `standard` ' +
          "on minikube, `microk8s-hostpath` on microk8s, else the cluster's own.",
      ),
    sizes: z
      .enum(sizeRows)
      .optional()
      .describe(
        "CPU and memory of services that set no `resources`: `small` for one machine that runs the whole platform, " +
          "`large` for production. Default: `large` on cloud, else `small`.",
      ),
    registry: z
      .strictObject({
        push: registryName().describe("Name under which the machine that builds the images reaches it."),
        pull: registryName().optional().describe("Name under which the nodes reach it. Default: the same as `push`."),
      })
      .transform(({ push, pull }) => ({ push, pull: pull ?? push }))
      .optional()
      .describe(
        "Registry for the platform's images. Default: `localhost:<embedded.registryPort>` on embedded, " +
          "`localhost:5000` on minikube, `localhost:32000` on microk8s; none on cloud.",
      ),
    exposure: z
      .enum(["nodePort", "loadBalancer", "ingress", "none"])
      .optional()
      .describe(
        "How users reach the services: docs/targets.md. Default: `nodePort`; on cloud `none`, where `nodePort` is not offered.",
      ),
    ingress: z
      .strictObject({
        host: domain().describe(
          "Domain that leads to the ingress controller: each page is at `<page>.<host>`, for example at `<page>.data.example.com`.",
        ),
        className: objectNameOf("an IngressClass")
          .optional()
          .describe("IngressClass of the controller. Default: the cluster's own."),
        tls: z
          .strictObject({
            secretName: secret()
              .optional()
              .describe("Secret in the namespace, of type `kubernetes.io/tls`, with a certificate for `*.<host>`."),
            issuer: objectNameOf("a ClusterIssuer of cert-manager")
              .optional()
              .describe("ClusterIssuer of cert-manager that makes a certificate for each page."),
            ca: authority("the pages' certificates").describe(
              "Authority that has signed the pages' certificates, in PEM, if it is none of the public ones: `up` and `check` trust it when they open the pages.",
            ),
          })
          .optional()
          .describe("Where certificates come from. Default: pages are not encrypted."),
        annotations: z
          .record(
            z.string().min(1),
            z.string().meta({ "x-range": 'a text, in quotes where it could be something else: "true"' }),
          )
          .optional()
          .meta({ "x-range": 'texts by their names, for example { "example.com/name": "value" }' })
          .describe("Annotations of every Ingress, for the controller."),
      })
      .optional()
      .describe("With exposure `ingress`: where the pages are."),
    askForLogin: z
      .enum(loginPlaces)
      .default("beyondLoopback")
      .describe(
        `Where ${inWords(openPages(rooms))} ask for user and password, which they don't do by themselves: wherever others than this machine ` +
          "can reach them (`beyondLoopback`), or on 127.0.0.1 of target embedded too (`always`): docs/logins.md.",
      ),
    publishWithoutLogin: z
      .array(z.enum(withoutLogin))
      .optional()
      .meta({ "x-range": `a list out of ${withoutLogin.join(", ")}` })
      .describe(
        "Those of them that are open all the same, without a login, to everybody who can reach their addresses. Default: none.",
      ),
    keepInside: z
      .array(z.enum(canStayInside))
      .optional()
      .meta({ "x-range": `a list out of ${canStayInside.join(", ")}` })
      .describe("Pages and services that are not published at all. Default: none."),
    host: host()
      .optional()
      .describe(
        "Host under which node ports are reached. Default: `127.0.0.1`; on minikube `192.168.49.2` " +
          "(`minikube ip` prints yours).",
      ),
    nodePorts: z
      .strictObject(nodePorts)
      .prefault({})
      .describe("Node ports of published services, with exposure `nodePort`."),
    embedded: z
      .strictObject({
        name: dnsName("the name of a container")
          .default("millrace")
          .describe(
            "Name of its container and of its context; each cluster on a machine has its own name and ports. " +
              "`--name` of `npm run up` sets it for this clone and chooses free ports.",
          ),
        apiPort: port(1024).default(16443).describe("Port of the API server on 127.0.0.1."),
        registryPort: port(1024).default(5000).describe("Port of the registry on 127.0.0.1."),
      })
      .prefault({})
      .describe("The embedded cluster's own settings; other targets ignore them."),
  })
  .prefault({})
  .describe("Where the platform runs.");
