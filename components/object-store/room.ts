/** How the object store is built: a server of the platform's own, or the service that is there. */
import * as pulumi from "@pulumi/pulumi";
import { CA_KEY } from "../../platform/authority.ts";
import type { PublishedAddress } from "../../platform/endpoints.ts";
import { GivenSecret } from "../../platform/given-secret.ts";
import { type Destination, outsideAt } from "../../platform/network.ts";
import { defineRoom } from "../../platform/place.ts";
import { setupResources } from "../../platform/resources.ts";
import type { Rights } from "../../platform/service.ts";
import { watchable } from "../../platform/watchable.ts";
import type { objectStoreWatch } from "./watch.ts";
import type { S3Source } from "./endpoint.ts";
import { existingObjectStore, ObjectStore } from "./object-store.ts";
import { objectStore, objectStoreResources, serverOf } from "./service.ts";

/** What it is to hold, and who may do what with it. */
export interface StoreContents<Consumer extends string> {
  readonly used: readonly string[];
  readonly keys: Readonly<Record<Consumer, Rights>>;
  readonly secretNames: Readonly<Record<Consumer, string>>;
}

/** The store with the addresses of a server of the platform's own. */
export interface PlacedStore<Consumer extends string> extends S3Source<Consumer> {
  readonly address?: PublishedAddress | undefined;
  readonly consoleAddress?: PublishedAddress | undefined;
  /** `http://host:port` or with https, and what leads there. */
  readonly server: { readonly url: pulumi.Input<string>; readonly at: Destination };
}

/** @param contents Buckets and keys. */
export const objectStoreRoom = <Consumer extends string>(contents: StoreContents<Consumer>) =>
  defineRoom({
    service: objectStore,
    build({ own, namespace, image, storage, exposure, opts }): PlacedStore<Consumer> {
      if (own.existing !== undefined) {
        const { ca: pem, caSecretName, ...existing } = own.existing;
        const given =
          pem === undefined ? undefined : new GivenSecret("s3-client", { namespace, texts: { [CA_KEY]: pem } }, opts);
        const ca =
          caSecretName === undefined ? given?.ref(CA_KEY) : { secretName: pulumi.output(caSecretName), key: CA_KEY };
        const { protocol, host, port } = existing;
        return {
          ...existingObjectStore({ ...existing, secretNames: contents.secretNames, ...(ca && { ca }) }),
          server: { url: `${protocol}://${host}:${port}`, at: outsideAt([host], [port], "S3") },
        };
      }
      const kind = serverOf(own);
      if (kind === undefined) throw new Error("an existing S3 service without its address");
      const images = { garage: () => image("garage"), versity: () => image("versitygw"), minio: () => own.image ?? "" };
      return new ObjectStore(
        "object-store",
        {
          namespace,
          server: { kind, image: images[kind]() },
          toolsImage: image("tools"),
          buckets: contents.used,
          keys: contents.keys,
          storage,
          exposure,
          data: own.storage,
          resources: objectStoreResources(own),
          setupResources: setupResources(),
        },
        opts,
      );
    },
    offers: (store) => ({
      addresses: { objectStore: store.address, objectStoreConsole: store.consoleAddress },
      watches: [
        watchable<typeof objectStoreWatch>("objectStore", {
          settings: { url: store.server.url },
          reaches: [store.server.at],
        }),
      ],
    }),
  });
