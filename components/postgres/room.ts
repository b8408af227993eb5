/** How PostgreSQL is built: a database for each service, saved to S3 every night. */
import { defineRoom } from "../../platform/place.ts";
import type { DatabaseUse } from "../../platform/service.ts";
import { proven } from "../../platform/proven.ts";
import { watchable } from "../../platform/watchable.ts";
import type { S3Source } from "../object-store/endpoint.ts";
import type { postgresHops } from "./hops.ts";
import { Postgres } from "./postgres.ts";
import type { postgresWatch } from "./watch.ts";
import { postgres, postgresBackupResources, postgresResources } from "./service.ts";

export const postgresRoom = defineRoom({
  service: postgres,
  without: ["store"],
  build(
    { own, namespace, image, storage, bucket, opts },
    { store, databases }: { store: S3Source<"postgres-backup"> | undefined; databases: readonly DatabaseUse[] },
  ) {
    return new Postgres(
      "postgres",
      {
        namespace,
        image: image("postgres"),
        storage,
        data: own.storage,
        resources: postgresResources(own),
        databases: databases.map(({ name }) => name),
        readers: Object.fromEntries(databases.map(({ name, readers = [] }) => [name, readers])),
        ...(store &&
          own.backup.enabled && {
            backup: {
              objectStore: store.access("postgres-backup"),
              bucket: bucket("backups"),
              toolsImage: image("tools"),
              schedule: own.backup.schedule,
              keep: own.backup.keep,
              restoreOnlyByName: databases.flatMap(({ name, restoredByName }) =>
                restoredByName === undefined ? [] : [name],
              ),
              resources: postgresBackupResources(own),
            },
          }),
      },
      opts,
    );
  },
  offers: ({ backups, monitor: { host, port, database, user, password, at } }) => ({
    watches: [
      watchable<typeof postgresWatch>("postgres", {
        settings: { host, port, database, user },
        secrets: { monitorPassword: password },
        reaches: [at],
      }),
    ],
    proves:
      backups === undefined ? [] : [proven<typeof postgresHops>("postgres", { settings: backups, seesJobs: true })],
  }),
});
