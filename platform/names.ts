/**
 * Every name that several rooms derive, as pure functions; those of one are its own. Object names are part of the platform's contract: people type
 * them into `kubectl`, and a change of one replaces the object.
 */

/** Name of the account that the proof logs in with, wherever people log in. */
export const ROBOT = "proof";

/** Label that tells the Service a pod belongs to. */
export const NAME_LABEL = "app.kubernetes.io/name";
/** Label that tells a pod's role within its service. */
export const COMPONENT_LABEL = "app.kubernetes.io/component";
/** Label shared by everything of the platform. */
export const PART_OF_LABEL = "app.kubernetes.io/part-of";

/** Label of a namespace, a StatefulSet or a claim that tells whose it is: the id of the stack that made it. */
export const STACK_ID_LABEL = "millrace/stack-id";

/** Namespaces of people's programs, by what follows the platform's name in theirs. */
export const quarterNames = ["jobs", "users"] as const;
export type QuarterName = (typeof quarterNames)[number];

export function quarterNamespace(namespace: string, quarter: QuarterName): string {
  return `${namespace}-${quarter}`;
}

/** Annotation of a load balancer's Service that says who asks for a login before what it leads to. */
export const LOGIN_ANNOTATION = "millrace/login";
/** The proxy, the page itself, or nobody, because the stack says so. */
export const logins = ["proxy", "page", "nobody"] as const;

/** Annotation of a claim that says which program's data it has, where a setting chooses between several. */
export const DATA_OF_ANNOTATION = "millrace/data-of";

/** Annotations of a pod that say where it has its figures. */
export const METRICS_PORT_ANNOTATION = "millrace/metrics-port";
export const METRICS_PATH_ANNOTATION = "millrace/metrics-path";

/** Components in the labels of Secrets with a credential that is made for one consumer: a key of the store, a database's role. */
export const CREDENTIAL = { key: "key", role: "role" } as const;

/** Types of a component: the one that it has, and the one that states from before the project's name have recorded. */
export function componentTypes(component: string): [type: string, former: string] {
  return [`millrace:index:${component}`, `analytics:index:${component}`];
}

/** Labels of an object: which service it belongs to and its role there. */
export function labels(service: string, component: string): Record<string, string> {
  return { ...selector(service, component), [PART_OF_LABEL]: "millrace" };
}

/** The labels that select pods of one role; they can never change on a live workload. */
export function selector(service: string, component: string): Record<string, string> {
  return { [NAME_LABEL]: service, [COMPONENT_LABEL]: component };
}

/** A service's name as names of objects begin with it: `object-store` for `objectStore`. */
export function objectName(service: string): string {
  return service.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** DNS name of a Service, reachable from any namespace. */
export function serviceHost(service: string, namespace: string): string {
  return `${service}.${namespace}.svc`;
}

/** DNS name of one pod of a StatefulSet behind its headless Service. */
export function podHost(workload: string, ordinal: number, headlessService: string, namespace: string): string {
  return `${workload}-${ordinal}.${serviceHost(headlessService, namespace)}`;
}

/** Name of the claim that a StatefulSet's controller makes for a volume of one of its pods. */
export function claimName(volume: string, set: string, ordinal: number): string {
  return `${volume}-${set}-${ordinal}`;
}

/** Name of the Service that publishes another one outside the cluster. */
export function publishedServiceName(service: string): string {
  return `${service}-published`;
}

/** Name of the Secret with a consumer's S3 key pair. */
export function s3KeySecretName(consumer: string, store: string): string {
  return `${store}-key-${consumer}`;
}

/** Name of the Secret with the password of a database server's role. */
export function roleSecretName(server: string, role: string): string {
  return `${server}-role-${role.replaceAll("_", "-")}`;
}

/** What a user may be called: letters of either case, which mean the same, digits, and `. _ + @ -` between them. */
export const USER_NAME = /^[A-Za-z0-9][A-Za-z0-9._+@-]*[A-Za-z0-9]$/;
/** Most letters of a user's name in names of objects: a bucket and a volume of Kubernetes have 63 with what is before it. */
const MOST_OF_USER = 50;

/** Whether somebody may be called so. */
export function isUserName(user: string): boolean {
  return USER_NAME.test(user) && escapedUser(user).length <= MOST_OF_USER;
}

/**
 * A user's name in names of buckets, Secrets and volumes: small letters and digits as they are, all else as `-` and its code
 * in hexadecimal digits, so that no two users share one.
 */
export function escapedUser(user: string): string {
  return user
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, (letter) => `-${letter.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** The user that `escapedUser` has made a name of. */
export function unescapedUser(name: string): string {
  return name.replaceAll(/-([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
}
