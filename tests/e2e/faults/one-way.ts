/** Faults of one of several ways that records take, while the others go on. */
import { SUPERUSER } from "../../../components/cassandra/cassandra-keyspaces.ts";
import { STREAMS_DRIVER, withCassandra } from "../pipeline.ts";
import { kube, namespace, pods, ready } from "../platform.ts";
import { until } from "../runner.ts";
import type { Fault } from "./put-back.ts";

const MINUTE = 60_000;

/** The display may no longer read Cassandra; its live stream and what it reads through Presto go on. */
export function rightRevoked(): Fault {
  const change = (statement: string) => (): Promise<void> =>
    withCassandra(async (client) => {
      await client.execute(statement, [], { prepare: false });
    }, SUPERUSER);
  return {
    what: "the display's right on Cassandra revoked",
    begin: change("REVOKE SELECT ON KEYSPACE streaming FROM display"),
    end: change("GRANT SELECT ON KEYSPACE streaming TO display"),
  };
}

interface Deployment {
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly Container[] } } };
}

interface Container {
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

/** The streams write to Cassandra as ever, and to the lake once when they start and then not for a day. */
export function lakeStandsStill(): Fault {
  return streamsWith("the streams' writing to the lake stopped", "LAKE_TRIGGER_SECONDS", "86400");
}

/** The streams write what they make of telemetry, and neither numbers nor windows. */
export function windowsLeftOut(): Fault {
  return streamsWith("the streams' windows left out", "SINKS", "telemetry_sinks");
}

/** Another value of a variable for the streams' driver. */
function streamsWith(what: string, name: string, value: string): Fault {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${STREAMS_DRIVER}`;
  let before: readonly Container[] | undefined;
  const replace = (containers: readonly Container[]): Promise<unknown> =>
    kube().patch(path, { spec: { template: { spec: { containers } } } });
  return {
    what,
    begin: async () => {
      const { containers } = (await kube().get<Deployment>(path)).spec.template.spec;
      before = containers;
      const old = (await pods(STREAMS_DRIVER)).map((pod) => pod.metadata.uid);
      const env = (one: Container): NonNullable<Container["env"]> => [
        ...(one.env ?? []).filter((known) => known.name !== name),
        { name, value },
      ];
      await replace(containers.map((one) => ({ ...one, env: env(one) })));
      await until("the driver with other settings", 2 * MINUTE, async () =>
        (await pods(STREAMS_DRIVER)).some((pod) => old.includes(pod.metadata.uid)) ? undefined : true,
      );
      await ready(STREAMS_DRIVER, 4 * MINUTE);
    },
    end: async () => {
      if (before !== undefined) await replace(before);
    },
  };
}
