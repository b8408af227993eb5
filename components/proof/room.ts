/** How the proof is built: it asks what the other rooms answer for. */
import * as pulumi from "@pulumi/pulumi";
import { defineRoom } from "../../platform/place.ts";
import type { Proven } from "../../platform/proven.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { TopicEndpoint } from "../kafka/endpoint.ts";
import type { S3Source } from "../object-store/endpoint.ts";
import { provenStore } from "../object-store/object-store.ts";
import type { PostgresEndpoint } from "../postgres/endpoint.ts";
import type { Presto } from "../presto/presto.ts";
import type { SparkApplication } from "../spark/spark-application.ts";
import { type Edge, edgesOf } from "../../platform/network.ts";
import { Proof, proofSpeaker } from "./proof.ts";
import { proof, proofResources } from "./service.ts";
import type { Ready } from "../../platform/endpoints.ts";

interface Wires {
  store: S3Source<"proof">;
  catalog: Catalog;
  presto: Presto;
  path: { readonly topic: TopicEndpoint | undefined; readonly stream: SparkApplication | undefined };
  /** What the rooms answer for, and what must be ready for it. */
  proves: readonly Proven[];
  waitFor: Ready;
  skipped: Readonly<Record<string, string>>;
  /** A server that the proof was not handed: with policies it tries that one, and it must not answer. */
  closed: Pick<PostgresEndpoint, "host" | "port"> | undefined;
  revision: pulumi.Output<string>;
}

const NAME = "proof";

/** Edges of the proof before it is built: it goes through the policies, so they are there first. */
export function proofEdges({ store, proves }: Pick<Wires, "store" | "proves">): Edge[] {
  const { at } = store.access("proof");
  return edgesOf(proofSpeaker(NAME, [{ reaches: [at], seesJobs: false }, ...proves]));
}

export const proofRoom = defineRoom({
  service: proof,
  without: ["closed"],
  build({ own, namespace, image, bucket, opts }, { store, path, proves, waitFor, skipped, closed, revision }: Wires) {
    if (path.topic === undefined || path.stream === undefined) return undefined;
    return new Proof(
      NAME,
      {
        namespace,
        image: image("tools"),
        proves: [provenStore(store.access("proof"), bucket("lake")), ...proves],
        skipped,
        ...(closed && { closed: pulumi.output({ host: closed.host, port: closed.port }) }),
        revision,
        waitFor,
        records: own.records,
        ...(own.timeoutSeconds !== undefined && { timeoutSeconds: own.timeoutSeconds }),
        resources: proofResources(own),
      },
      opts,
    );
  },
});
