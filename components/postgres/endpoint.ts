/** What PostgreSQL offers: databases and their backups to others. */
import type { Output } from "@pulumi/pulumi";
import type { Ready, SecretKeyRef } from "../../platform/endpoints.ts";
import type { Destination } from "../../platform/network.ts";

/** One database of a PostgreSQL server, seen with the role of its owner, or of somebody who may read there. */
export interface PostgresEndpoint {
  readonly kind: "postgres";
  /** Where connections to it go. */
  readonly at: Destination;
  /** DNS name, reachable from pods. */
  readonly host: Output<string>;
  readonly port: Output<number>;
  readonly database: string;
  /** Role that the consumer logs in as. */
  readonly user: string;
  /** The role's password: letters and digits only, so it needs no escaping in a URL. */
  readonly password: SecretKeyRef;
  /** Made when the database exists and the role may use it. */
  readonly ready: Ready;
}

/** Where backups are, and what makes them when. */
export interface BackupPlace {
  readonly bucket: string;
  /** Begin of the keys of all backups, with its slash. */
  readonly prefix: string;
  readonly cronJob: string;
  readonly schedule: string;
}
