/** How Cassandra is built: the tables that rooms declare, and a role for each who reads or writes them. */
import { defineRoom } from "../../platform/place.ts";
import { setupResources } from "../../platform/resources.ts";
import type { Keyspaces, TableRoles } from "../../platform/tables.ts";
import { proven } from "../../platform/proven.ts";
import { watchable } from "../../platform/watchable.ts";
import { Cassandra } from "./cassandra.ts";
import type { cassandraHops } from "./hops.ts";
import type { cassandraWatch } from "./watch.ts";
import { cassandra, cassandraResources } from "./service.ts";

/** What it is to hold, and who may do what with it. */
export interface TableContents<Role extends string> {
  readonly keyspaces: Keyspaces;
  readonly roles: TableRoles<Role>;
}

/** @param contents Tables and roles. */
export const cassandraRoom = <Role extends string>({ keyspaces, roles }: TableContents<Role | "proof">) =>
  defineRoom({
    service: cassandra,
    build({ own, namespace, image, storage, opts }): Cassandra<Role | "proof"> {
      return new Cassandra(
        "cassandra",
        {
          namespace,
          image: image("cassandra"),
          storage,
          data: own.storage,
          replicas: own.replicas,
          replicationFactor: own.replicationFactor,
          resources: cassandraResources(own),
          collector: own.collector,
          toolsImage: image("tools"),
          setupResources: setupResources(),
          keyspaces,
          roles,
        },
        opts,
      );
    },
    offers(rows) {
      const { contactPoints, port, datacenter, at, user, password, ready } = rows.access("proof");
      const { monitor } = rows;
      return {
        watches: [
          watchable<typeof cassandraWatch>("cassandra", {
            settings: {
              contactPoints: monitor.contactPoints,
              port: monitor.port,
              datacenter: monitor.datacenter,
              user: monitor.user,
            },
            secrets: { password: monitor.password },
            reaches: [monitor.at],
          }),
        ],
        proves: [
          proven<typeof cassandraHops>("cassandra", {
            settings: { contactPoints: contactPoints.apply((hosts) => hosts.split(",")), port, datacenter, user },
            secrets: { password },
            ready,
            reaches: [at],
          }),
        ],
      };
    },
  });
