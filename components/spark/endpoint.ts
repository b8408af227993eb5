/** What Spark offers to its applications. */
import type { Output } from "@pulumi/pulumi";
import type { CollectorChoice } from "../../platform/jvm.ts";
import type { Givable, Quarters } from "../../platform/quarters.ts";
import type { Resources } from "../../platform/resources.ts";
import type { CatalogEndpoint } from "../catalog/endpoint.ts";
import type { S3Endpoint } from "../object-store/endpoint.ts";

/** What all applications of Spark share: image, account, settings, and where they read and write. */
export interface SparkEndpoint extends Givable {
  readonly kind: "spark";
  /** Service that executors belong to. */
  readonly service: string;
  readonly namespace: Output<string>;
  readonly image: Output<string>;
  /** The store with Spark's own key. */
  readonly objectStore: S3Endpoint;
  readonly catalog: CatalogEndpoint;
  /** Name of the catalog in SQL. */
  readonly catalogName: string;
  /** Class of a catalog whose new columns of time are without zone. @default - the image has none */
  readonly lakeCatalog?: string;
  /** Garbage collector of drivers and executors. */
  readonly collector: CollectorChoice;
  /** Where executors are. A stack without executors has no such place: it is made for who asks. */
  readonly executors: () => Quarters;
  readonly executorResources: Resources;
  /** Account of the drivers in a namespace, which make and remove executor pods. */
  readonly accountIn: (place: Quarters) => Output<string>;
  /** ConfigMap with `spark-defaults.conf` and `executor-pod.yaml`; `give` makes it for drivers elsewhere. */
  readonly settingsName: Output<string>;
  /** The settings as text; drivers restart when it changes. */
  readonly settingsText: Output<string>;
}
