/** How JupyterHub is built: a server for each user, with a bucket and a key of their own. */
import * as pulumi from "@pulumi/pulumi";
import { ROBOT } from "../../platform/names.ts";
import { defineRoom } from "../../platform/place.ts";
import type { SettingsOf } from "../../platform/service.ts";
import { watchable } from "../../platform/watchable.ts";
import type { jupyterhubWatch } from "./watch.ts";
import { proven } from "../../platform/proven.ts";
import type { ClientEndpoints } from "../notebooks/client-endpoints.ts";
import type { S3Source } from "../object-store/endpoint.ts";
import type { Postgres } from "../postgres/postgres.ts";
import type { Presto } from "../presto/presto.ts";
import type { SparkConnect } from "../spark-connect/spark-connect.ts";
import type { jupyterhubHops } from "./hops.ts";
import { JupyterHub } from "./jupyterhub.ts";
import { jupyterhub, jupyterhubResources } from "./service.ts";

interface Wires {
  store: S3Source<`user-${string}`>;
  databases: Postgres<string>;
  clients: { readonly endpoints: ClientEndpoints };
  presto: Presto | undefined;
  connect: SparkConnect | undefined;
}

export const jupyterhubRoom = defineRoom({
  service: jupyterhub,
  without: ["presto", "connect"],
  build({ own, namespace, quarters, image, exposure, homes, opts }, { store, databases, clients, connect }: Wires) {
    return new JupyterHub(
      "jupyterhub",
      {
        namespace,
        image: image("jupyter"),
        exposure,
        database: databases.database("jupyterhub"),
        users: own.users,
        admins: own.admins,
        homes: Object.fromEntries(
          Object.entries(homes).map(([user, { consumer, bucket, prefix }]) => [
            user,
            { objectStore: store.access(consumer), bucket, prefix },
          ]),
        ),
        clients: clients.endpoints,
        ...(connect?.endpoint.token && { sparkToken: connect.endpoint.token }),
        idleMinutes: own.idleMinutes,
        servers: quarters("users"),
        resources: jupyterhubResources(own),
        scheduling: own.scheduling,
        ...(own.oidc && { oidc: provider(own.oidc) }),
      },
      opts,
    );
  },
  offers({ address, endpoint }, { own, homes }, { presto, connect }) {
    const home = homes[ROBOT];
    const asks = [...(connect ? (["spark"] as const) : []), ...(presto ? (["presto"] as const) : [])];
    return {
      addresses: { jupyterhub: address },
      watches: [
        watchable<typeof jupyterhubWatch>("jupyterhub", {
          settings: { url: endpoint.hubUrl },
          secrets: { token: endpoint.figuresToken },
          reaches: [endpoint.hubAt],
        }),
      ],
      logins: own.oidc === undefined ? [{ title: "JupyterHub", service: "jupyterhub", users: own.users }] : [],
      proves:
        home === undefined
          ? []
          : [
              proven<typeof jupyterhubHops>("jupyterhub", {
                settings: {
                  url: endpoint.url,
                  user: endpoint.robot,
                  home: { bucket: home.bucket, prefix: home.prefix },
                  asks,
                },
                secrets: { password: endpoint.robotPassword },
                ready: endpoint.ready,
                reaches: [endpoint.at],
              }),
            ],
    };
  },
});

/** A provider of logins as the hub takes it: its secret stays in the Secret that the stack names. */
function provider({ clientSecretName, ...rest }: NonNullable<SettingsOf<typeof jupyterhub>["oidc"]>) {
  return { ...rest, clientSecret: { secretName: pulumi.output(clientSecretName), key: "clientSecret" } };
}
