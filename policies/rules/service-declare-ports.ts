import { at, kindOf, list, resourcePolicy } from "./pod-policy.ts";

export const declarePorts = resourcePolicy(
  {
    name: "kubernetes-service-declare-ports",
    description: "What is open on nodes is known: no node port by chance, and no address of others.",
    remediationSteps: "Give each port of a NodePort Service its nodePort, and remove externalIPs.",
  },
  (type, props) => {
    if (kindOf(type) !== "Service") return [];
    const ports = list(at(props, "spec", "ports")) as readonly { readonly port?: number; readonly nodePort?: number }[];
    const byChance =
      at(props, "spec", "type") === "NodePort" ? ports.filter(({ nodePort }) => nodePort === undefined) : [];
    const addresses = list(at(props, "spec", "externalIPs")) as readonly string[];
    return [
      ...byChance.map(({ port }) => `opens port ${String(port)} on a node port by chance; set nodePort`),
      ...(addresses.length === 0 ? [] : [`takes the addresses ${addresses.join(", ")}; remove externalIPs`]),
    ];
  },
);
