/** Node ports that the stack wants and a Service of somebody else has: the API server would refuse them in the middle of a deploy. */
import { enabledRooms } from "../config/rooms.ts";
import type { Finding } from "./finding.ts";
import type { Kube } from "./kube.ts";
import type { Stack } from "./stack.ts";

interface PublishedService {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec?: { readonly ports?: readonly { readonly nodePort?: number }[] };
}

/** One finding for each port that is taken; none where the stack publishes no node ports. */
export async function nodePortFindings(
  kube: Kube,
  { name, config, profile }: Pick<Stack, "name" | "config" | "profile">,
): Promise<Finding[]> {
  const { exposure } = profile;
  if (exposure.kind !== "nodePort") return [];
  const { items } = await kube.get<{ readonly items: readonly PublishedService[] }>("/api/v1/services");
  // Those of the platform's own namespace are what an earlier `up` has made.
  const others = items.filter(({ metadata }) => metadata.namespace !== config.cluster.namespace);
  const wanted = enabledRooms(config).flatMap(({ room }) => Object.entries(room.published ?? {}));
  return wanted.flatMap(([key, { title }]): Finding[] => {
    const port = exposure.ports[key];
    const holder = others.find(({ spec }) => spec?.ports?.some(({ nodePort }) => nodePort === port));
    if (port === undefined || holder === undefined) return [];
    const { namespace, name: service } = holder.metadata;
    return [
      {
        subject: "node ports",
        level: "problem",
        detail: `node port ${port}, wanted for ${title}, is taken by Service ${namespace}/${service}`,
        next: `set cluster.nodePorts.${key} of Pulumi.${name}.yaml to a free one from 30000 to 32767, or take that Service away`,
      },
    ];
  });
}
