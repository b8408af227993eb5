/** How the catalog of tables is built. */
import { defineRoom } from "../../platform/place.ts";
import type { S3Source } from "../object-store/endpoint.ts";
import type { Postgres } from "../postgres/postgres.ts";
import { Catalog, provenCatalog } from "./catalog.ts";
import { catalog, catalogResources } from "./service.ts";

export const catalogRoom = defineRoom({
  service: catalog,
  build(
    { own, namespace, image, storage, bucket, opts },
    { store, databases }: { store: S3Source<"metastore">; databases: Postgres<string> },
  ) {
    return new Catalog(
      "catalog",
      {
        namespace,
        objectName: "metastore",
        image: image("metastore"),
        database: databases.database("metastore"),
        objectStore: store.access("metastore"),
        warehouse: `s3a://${bucket("lake")}/warehouse`,
        storage,
        data: own.storage,
        resources: catalogResources(own),
        collector: own.collector,
      },
      opts,
    );
  },
  offers: ({ endpoint }) => ({ proves: [provenCatalog(endpoint)] }),
});
