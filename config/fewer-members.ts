/** Fewer brokers or nodes than hold data now: what they hold must be elsewhere first. */
import { serviceNames } from "../platform/names.ts";
import type { Transition } from "./transitions.ts";

/** What can't be taken away without losing data, with the way to do it; empty when nothing is. */
export function fewerMembers(transition: Transition): string[] {
  const { kafka, cassandra } = transition.config.services;
  return [
    ...(kafka.enabled && kafka.existing === undefined ? fewerBrokers(transition, kafka.replicas) : []),
    ...(cassandra.enabled ? fewerNodes(transition, cassandra.replicas) : []),
  ];
}

function fewerBrokers(transition: Transition, wanted: number): string[] {
  const there = members(transition, serviceNames.kafka);
  if (wanted >= there) return [];
  return [
    `millrace:services.kafka.replicas: received ${wanted}, but ${there} brokers have the cluster's records and vote on its ` +
      `topics: without ${there - wanted} of them copies go, and too few voters may be left for any change; put ${there} back; ` +
      `for fewer, bring the platform up as another stack with ${wanted}, copy the topics that you need, and take this one ` +
      'down (docs/kafka.md, "Fewer brokers")',
  ];
}

function fewerNodes(transition: Transition, wanted: number): string[] {
  const there = members(transition, serviceNames.cassandra);
  if (wanted >= there) return [];
  const { namespace } = transition.config.cluster;
  const last = `${serviceNames.cassandra}-${there - 1}`;
  const steps = [
    `kubectl -n ${namespace} exec ${last} -- nodetool decommission`,
    `kubectl -n ${namespace} scale statefulset ${serviceNames.cassandra} --replicas=${there - 1}`,
    `kubectl -n ${namespace} delete pvc data-${last}`,
  ];
  return [
    `millrace:services.cassandra.replicas: received ${wanted}, but ${there} nodes have the rows, and a node that is taken away ` +
      `takes its rows along; put ${there} back, with millrace:services.cassandra.replicationFactor ${Math.min(3, wanted)}, and npm ` +
      `run up; then have the last node hand its rows over: ${steps.join("; ")}` +
      `${there - wanted > 1 ? "; and so on for the one before it" : ""}; then give ${wanted} again ` +
      '(docs/cassandra.md, "Several nodes")',
  ];
}

/** Pods of the set, or those that left a claim behind, which they would come back with. */
function members({ live, config }: Transition, service: string): number {
  const { namespace } = config.cluster;
  const own = (found: { readonly namespace: string; readonly service: string }): boolean =>
    found.namespace === namespace && found.service === service;
  const counts = [
    ...live.sets.filter(own).map(({ replicas }) => replicas),
    ...live.claims.filter(own).map(({ ordinal }) => ordinal + 1),
  ];
  return Math.max(0, ...counts);
}
