/**
 * Who may connect to whom: every pair of an identity and a port of another, from the edges of the running platform. What
 * is no edge is to be refused. Pure values, so that a spec holds them.
 */
import { labels } from "../../../platform/names.ts";
import { type Edge, type End, endName, reachOf, type Role } from "../../../platform/network.ts";
import { rolePods } from "../../../platform/network-policies.ts";

/** A kind of pod, as policies see it. */
export interface Identity {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Ports at which somebody is let in. */
  readonly ports: readonly number[];
  /** Whether pods of it connect to each other. */
  readonly meetsItself: boolean;
  /** What follows the platform's in the name of its namespace. @default - it is in the platform's own */
  readonly in?: string;
}

/** Pods of a namespace that no policy is for. */
const ELSEWHERE = "edges-probe";

/** What an edge can't tell of the cluster. */
export interface Facts {
  readonly edges: readonly Edge[];
  /** Empty: not known, so that published ports are open to all pods. */
  readonly podNetworks: readonly string[];
  readonly hasIngress: boolean;
}

/** Port of a pod that policies let everybody into and out of. */
export const OPEN_PORT = 8080;
/** Pods that are no end of an edge. */
export const nobody: Identity = {
  name: "a pod without a role",
  labels: labels("edges", "nobody"),
  ports: [OPEN_PORT],
  meetsItself: false,
};
/** The other side of a policy that is tried alone; one of the test's own opens it. */
export const anybody: Identity = { ...nobody, name: "a pod that is open", labels: labels("edges", "anybody") };

/** Everyone who is an end of an edge, sorted by name. */
export function identitiesOf(edges: readonly Edge[]): Identity[] {
  const ends = new Map(edges.flatMap(({ from, to }) => [from, to]).map((end) => [endName(end), end]));
  return [...ends]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([name, end]) => {
      if (end.kind !== "pods") return [];
      const place = placeOf(end);
      const own = { ...labels(end.service, end.component), ...rolePods(end) };
      const identity = { name, labels: own, ...(place !== undefined && { in: place }) };
      const entering = edges.filter(({ to }) => isOf(identity, to));
      return [
        {
          ...identity,
          ports: [...new Set(entering.flatMap(({ ports }) => ports))].sort((one, other) => one - other),
          meetsItself: entering.some(({ from }) => isOf(identity, from)),
        },
      ];
    });
}

/** A pod of the platform in another namespace: no edge is its own, whatever it is called. */
export function elsewhere(edges: readonly Edge[]): Identity {
  const count = ({ name }: Identity): number => edges.filter(({ from }) => endName(from) === name).length;
  const [most = nobody] = identitiesOf(edges).sort((one, other) => count(other) - count(one));
  return { ...most, name: `${most.name} of another namespace`, ports: [], meetsItself: false, in: ELSEWHERE };
}

export const isElsewhere = (identity: Identity): boolean => identity.in === ELSEWHERE;

/** The end of a role's namespace, where it has another than the platform's. */
function placeOf(role: Role & { readonly in?: string }): string | undefined {
  return role.in;
}

function isOf({ labels: own, in: place }: Pick<Identity, "labels" | "in">, end: End): boolean {
  if (end.kind !== "pods" || place !== placeOf(end)) return false;
  return Object.entries(rolePods(end)).every(([label, value]) => own[label] === value);
}

/** Whether policies let it in at a port. */
export function mayEnter(from: Identity, to: Identity, port: number, facts: Facts): boolean {
  return facts.edges.some((edge) => {
    if (!isOf(to, edge.to) || !edge.ports.includes(port)) return false;
    if (edge.from.kind !== "published") return isOf(from, edge.from);
    return facts.podNetworks.length === 0 || (facts.hasIngress && isElsewhere(from));
  });
}

/** Whether policies let it out to a port of another; `undefined`: it may go to any address there, and networks differ on pods'. */
export function mayLeave(from: Identity, to: Identity, port: number, { edges }: Facts): boolean | undefined {
  if (isElsewhere(from)) return true;
  const own = edges.filter((edge) => isOf(from, edge.from) && edge.ports.includes(port));
  if (own.some((edge) => isOf(to, edge.to))) return true;
  return own.some((edge) => goesAnywhere(edge.to)) ? undefined : false;
}

/** Whether it may ask the API server; `undefined`: as `mayLeave`. */
export function mayAskApi(from: Identity, port: number, { edges }: Facts): boolean | undefined {
  if (isElsewhere(from)) return true;
  const own = edges.filter((edge) => isOf(from, edge.from));
  if (own.some((edge) => edge.to.kind === "apiServer")) return true;
  return own.some((edge) => goesAnywhere(edge.to) && edge.ports.includes(port)) ? undefined : false;
}

const goesAnywhere = (end: End): boolean =>
  end.kind === "outside" && end.hosts.some((host) => reachOf(host).kind === "anywhere");

/** Which policies hold: all, or those at one end only, for the test has opened the other. */
export type Sides = "both" | "entries" | "exits";

/** Whether a connection is to be answered; `undefined`: nobody can say. */
export function isOpen(from: Identity, to: Identity, port: number, sides: Sides, facts: Facts): boolean | undefined {
  const enters = sides === "exits" || to === anybody || mayEnter(from, to, port, facts);
  if (!enters) return false;
  return sides === "entries" || from === anybody ? true : mayLeave(from, to, port, facts);
}

/** A connection that is tried. */
export interface Attempt {
  readonly from: string;
  /** Who is there, with the port. */
  readonly to: string;
  readonly host: string;
  readonly port: number;
  readonly isOpen: boolean;
}

/** What has not come out as it must, by name: first what answers and is no edge. */
export function differences(attempts: readonly Attempt[], answers: readonly boolean[]): string[] {
  const wrong = attempts.filter((attempt, index) => attempt.isOpen !== answers[index]);
  const words = ({ from, to, isOpen: open }: Attempt): string =>
    `${from} → ${to} ${open ? "is refused, and is an edge" : "answers, and is no edge"}`;
  return [...wrong.filter((one) => !one.isOpen), ...wrong.filter((one) => one.isOpen)].map(words);
}
