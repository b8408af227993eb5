/** What a room tells those who operate the platform. The command line loops over the rooms and names none. */

import type { Exposure } from "./exposure.ts";

/** Accounts whose generated passwords `npm run password` prints. */
export type Accounts =
  /** Passwords by account in one Secret. */
  | {
      readonly kind: "passwords";
      readonly secret: string;
      /** Secrets of others, whose people log in here with the passwords that they have there. @default - none */
      readonly others?: readonly string[];
      /** Why there may be none while the platform is up. @default - the service is not part of it */
      readonly none?: string;
    }
  /** Key pairs of S3, each in a Secret of its own. */
  | {
      readonly kind: "keyPairs";
      /** Name of the store, which its Secrets begin with. */
      readonly store: string;
      /** Why there may be none while the platform is up: "its S3 service is an existing one". */
      readonly none: string;
    };

/** Room on the disk of the machine that builds the images, beyond what the data path takes. In GiB. */
export interface DiskUse {
  /** Rooms that say the same share it: it counts once. */
  readonly shared: string;
  /** With the downloads to come. */
  readonly coldGi: number;
  /** With the caches filled. */
  readonly warmGi: number;
}

/** How a service that speaks no HTTP is asked whether it serves. Bytes are in hexadecimal digits. */
export interface Greeting {
  /** What is sent. */
  readonly ask: string;
  /** What its answer has, from that byte on. */
  readonly answer: string;
  readonly from: number;
  /** Who answers so: "Kafka broker". */
  readonly by: string;
}

/** What there is outside the cluster for a room to speak of. */
export interface OutsideNames {
  /** Published address as this machine reaches it, by the key of the port. */
  readonly address: (port: string) => string | undefined;
  /** Name of a bucket by what it is for. @throws Error when no room has such a bucket */
  readonly bucket: (use: string) => string;
}

/** An entry of `endpoints.json`, which programs outside the cluster read. */
export interface OutsideEndpoint<Own> {
  /** Its key in the file. */
  readonly key: string;
  /** What is reached there, in the user's words. @default - nothing: it only names something */
  readonly title?: string;
  /** @returns `undefined` where this machine does not reach it */
  of(own: Own, names: OutsideNames): object | string | undefined;
}

/** Web pages of a service, whose types and templates `npm test` checks. */
export interface WebPages {
  /** Their `tsconfig.json`, relative to the repository. */
  readonly project: string;
  /** Links their packages. @returns path of the compiler */
  compiler(work: { readonly report: (detail: string) => void; readonly signal: AbortSignal }): Promise<string>;
}

/** The Jobs that save the databases of all rooms and bring them back. */
export interface Backups {
  /** What it is called: "PostgreSQL". */
  readonly title: string;
  /** Name of its StatefulSet. */
  readonly set: string;
  /** CronJobs whose Job template saves, and brings back. */
  readonly save: string;
  readonly restore: string;
  /** Setting of `millrace:services` without which there are none. */
  readonly setting: string;
}

/** The running platform, as the rooms' questions see it. */
export interface Running extends Pick<OutsideNames, "address"> {
  readonly namespace: string;
  readonly exposure: Exposure;
  /** Values of a Secret by key; `undefined` when there is none of that name. */
  readonly secret: (name: string) => Promise<Readonly<Record<string, string>> | undefined>;
  /**
   * Asks a Service for JSON, through the API server.
   * @param service Its name and port: `airflow:8080`.
   * @throws Error whose `status` is HTTP's; 0 where nobody answered
   */
  readonly ask: <T>(method: "GET" | "POST", service: string, path: string, extras: AskExtras) => Promise<T>;
  /** The same for an answer that is no JSON document. */
  readonly text: (service: string, path: string) => Promise<string>;
}

/** What is looked for in logs that are kept. */
export interface LogQuestion {
  /** As `npm run status` names it. @default - all */
  readonly service?: string | undefined;
  /** The run, application or query that pods are part of. @default - all */
  readonly run?: string | undefined;
  /** The user that pods work for. @default - all */
  readonly user?: string | undefined;
  /** What entries have in them, in capitals or not. @default - anything */
  readonly grep?: string | undefined;
  /** @default - all that is kept */
  readonly sinceSeconds?: number | undefined;
  /** Most entries: the last ones. */
  readonly lines: number;
}

export interface KeptEntry {
  /** In ISO 8601, to the nanosecond. */
  readonly at: string;
  readonly service: string;
  readonly pod: string;
  readonly container: string;
  readonly text: string;
}

/** Where the logs of all pods are kept. */
export interface LogSearch<Own> {
  /**
   * The last entries that fit, in the order of time.
   * @returns `undefined` where the service is off
   * @throws Error where it does not answer
   */
  find(own: Own, running: Pick<Running, "text">, question: LogQuestion): Promise<readonly KeptEntry[] | undefined>;
}

/** What a request may carry beside its path. */
export interface AskExtras {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** What a running service has answered. */
export interface StatusAnswer {
  /** For `status --json`. */
  readonly json: unknown;
  /** What is wrong, a sentence each. */
  readonly faults?: readonly string[];
  readonly table?: StatusTable;
}

export interface StatusTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Sentences below it. */
  readonly below: readonly string[];
}

/** What people draw in a service, and can keep as files of the repository: `npm run flows`. */
export interface Drawings<Own> {
  /** Folder of the files, relative to the repository. */
  readonly folder: string;
  /**
   * @returns `undefined` where the service is off
   * @throws Error where it does not answer
   */
  list(own: Own, running: Pick<Running, "ask">): Promise<readonly Drawing[] | undefined>;
  /** Text for the file of one. @throws Error where the service does not answer */
  read(running: Pick<Running, "ask">, name: string): Promise<string>;
  /** What is wrong with the text of a file, a sentence each. @param file its path: `flows/mine.json` */
  problems(file: string, text: string): readonly string[];
}

export interface Drawing {
  readonly name: string;
  /** Its file, relative to the repository. @default - it has none */
  readonly file?: string;
  /** Begin of the SHA-256 of the file that the platform was given, in hexadecimal digits. @default - it has none */
  readonly hash?: string;
  /** How the two are, in words. */
  readonly state: string;
  /** Whether the file would be another one if it were written now. */
  readonly isDrawn: boolean;
  /** Whether the file has been changed, too, since the two were the same. @default false */
  readonly isFileChanged?: boolean;
}

/** A part of `npm run status` that the running service is asked for. */
export interface StatusPart<Own> {
  /** Its key in `status --json`, where it is `null` as long as nothing is known. */
  readonly key: string;
  /** Where it comes: lower first. */
  readonly rank: number;
  /**
   * Clients are loaded here, not before.
   * @returns `undefined` where there is nothing to ask
   * @throws Error with why nothing is known, which becomes a note
   */
  ask(own: Own, running: Running): Promise<StatusAnswer | undefined>;
}
