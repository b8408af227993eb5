import { at, kindOf, list, resourcePolicy } from "./pod-policy.ts";

const DIRECTIONS = [
  { direction: "ingress", peers: "from" },
  { direction: "egress", peers: "to" },
] as const;

export const namePeers = resourcePolicy(
  {
    name: "kubernetes-network-policy-name-peers",
    description: "A NetworkPolicy says who may connect: a rule without peers opens the pods to all.",
    remediationSteps: "Name the pods, namespaces or networks in from and to.",
  },
  (type, props) => {
    if (kindOf(type) !== "NetworkPolicy") return [];
    return DIRECTIONS.flatMap(({ direction, peers }) =>
      list(at(props, "spec", direction)).flatMap((rule, index) =>
        list(at(rule, peers)).length > 0
          ? []
          : [`${direction} rule ${index + 1} names nobody in ${peers}, which means everybody; name who is meant`],
      ),
    );
  },
);
