/** How Presto is built: a catalog for the lake, and one for Cassandra where there is one. */
import { watchable } from "../../platform/watchable.ts";
import type { prestoAudit } from "./audit.ts";
import type { prestoWatch } from "./watch.ts";
import { defineRoom } from "../../platform/place.ts";
import { auditLog } from "../audit-log/service.ts";
import type { CassandraSource } from "../cassandra/endpoint.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { S3Source } from "../object-store/endpoint.ts";
import { cassandraCatalog, icebergCatalog } from "./presto-catalogs.ts";
import { Presto, provenPresto } from "./presto.ts";
import { presto, prestoResources } from "./service.ts";

interface Wires {
  store: S3Source<"presto">;
  catalog: Catalog;
  cassandra: CassandraSource<"presto"> | undefined;
}

export const prestoRoom = defineRoom({
  service: presto,
  without: ["cassandra"],
  build({ own, of, namespace, image, exposure, opts }, { store, catalog, cassandra }: Wires) {
    return new Presto(
      "presto",
      {
        namespace,
        image: image("presto"),
        exposure,
        workers: own.workers,
        catalogs: {
          lake: icebergCatalog({ catalog: catalog.endpoint, objectStore: store.access("presto") }),
          ...(cassandra && { cassandra: cassandraCatalog({ cassandra: cassandra.access("presto") }) }),
        },
        resources: prestoResources(own),
        collector: own.collector,
        // It is asked every 15 seconds what people ran, by a program that may be on its way back.
        rememberSeconds: of(auditLog).enabled ? 120 : 30,
      },
      opts,
    );
  },
  offers: ({ endpoint, address }) => ({
    addresses: { presto: address },
    proves: [provenPresto(endpoint)],
    audits: [
      watchable<typeof prestoAudit>("presto", {
        settings: { url: endpoint.url },
        reaches: [endpoint.at],
      }),
    ],
    watches: [watchable<typeof prestoWatch>("presto", { settings: { url: endpoint.url }, reaches: [endpoint.at] })],
  }),
});
