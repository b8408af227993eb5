/**
 * One way to make a Kafka client, for the platform's programs and the proof.
 *
 * Environment: `KAFKA_SECURITY_PROTOCOL` (PLAINTEXT): `PLAINTEXT`, `SSL`, `SASL_PLAINTEXT` or `SASL_SSL`. With the last two
 * `KAFKA_SASL_MECHANISM` (`PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`), `KAFKA_USERNAME` and `KAFKA_PASSWORD`. `KAFKA_CA`: the
 * authority of the brokers' certificates, in PEM; by default those that Node knows.
 */
import { Kafka, type KafkaConfig, logLevel, Partitioners, type SASLOptions } from "kafkajs";
import type { Producer } from "kafkajs";
import type { SaslMechanism, SecurityProtocol } from "../endpoint.ts";
import { addCodecs } from "./kafka-codecs.ts";
import { letConnectionsRest } from "./kafka-idle.ts";

/** How to speak to the brokers, with what opens them. */
export interface KafkaSecurity {
  readonly protocol: SecurityProtocol;
  /** With the protocols `SASL_…`. */
  readonly login?: { readonly mechanism: SaslMechanism; readonly username: string; readonly password: string };
  /** Authority of the brokers' certificates, in PEM. @default - those that Node knows */
  readonly ca?: string;
}

export interface KafkaClientOptions {
  /** `host:port,host:port` */
  readonly bootstrapServers: string;
  readonly clientId: string;
  /** @default - as the environment says */
  readonly security?: KafkaSecurity;
  /** Tries of one request before it fails. @default 5 */
  readonly retries?: number;
  /** Plain log lines. @default - stderr */
  readonly log?: (line: string) => void;
}

/**
 * A client that reads records however they are compressed, and reports what the library calls errors (and then retries by itself) as plain retry lines, each reason
 * once in ten seconds.
 */
export function kafkaClient(options: KafkaClientOptions): Kafka {
  letConnectionsRest();
  addCodecs();
  const log = options.log ?? ((line: string): void => void process.stderr.write(`${line}\n`));
  const lastSeen = new Map<string, number>();
  return new Kafka({
    clientId: options.clientId,
    ...connectionOf(options.security ?? securityOf(process.env)),
    brokers: options.bootstrapServers.split(",").map((server) => server.trim()),
    connectionTimeout: 5000,
    requestTimeout: 15_000,
    retry: { retries: options.retries ?? 5, initialRetryTime: 200, maxRetryTime: 5000 },
    logLevel: logLevel.ERROR,
    logCreator: () => (entry) => {
      const reason: unknown = entry.log["error"] ?? entry.log.message;
      const line = `kafka, will retry: ${String(reason)}`;
      if (Date.now() - (lastSeen.get(line) ?? 0) < 10_000) return;
      lastSeen.set(line, Date.now());
      log(line);
    },
  });
}

/** A producer whose records are acknowledged by all replicas and not doubled by the client's own retries. */
export function idempotentProducer(kafka: Kafka): Producer {
  return kafka.producer({
    idempotent: true,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
}

type Environment = Readonly<Record<string, string | undefined>>;

const sasl = {
  PLAIN: "plain",
  "SCRAM-SHA-256": "scram-sha-256",
  "SCRAM-SHA-512": "scram-sha-512",
} as const satisfies Record<SaslMechanism, string>;

const isSasl = (protocol: string): boolean => protocol.startsWith("SASL_");

/**
 * What the environment says of a cluster.
 * @throws {Error} with every variable that is wrong or missing; none of them is repeated but protocol and mechanism.
 */
export function securityOf(environment: Environment): KafkaSecurity {
  const { KAFKA_SECURITY_PROTOCOL: protocol = "PLAINTEXT", KAFKA_SASL_MECHANISM: mechanism = "" } = environment;
  const { KAFKA_USERNAME: username = "", KAFKA_PASSWORD: password = "", KAFKA_CA: ca = "" } = environment;
  const problems: string[] = [];
  if (!["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"].includes(protocol)) {
    problems.push(`KAFKA_SECURITY_PROTOCOL is "${protocol}"; allowed are PLAINTEXT, SSL, SASL_PLAINTEXT and SASL_SSL`);
  }
  if (isSasl(protocol)) {
    if (!(mechanism in sasl)) {
      problems.push(`KAFKA_SASL_MECHANISM is "${mechanism}"; allowed are ${Object.keys(sasl).join(", ")}`);
    }
    if (username === "") problems.push("KAFKA_USERNAME is not set: it holds whom to log in to Kafka as");
    if (password === "") problems.push("KAFKA_PASSWORD is not set: it holds the password for Kafka");
  }
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return {
    protocol: protocol as SecurityProtocol,
    ...(isSasl(protocol) && { login: { mechanism: mechanism as SaslMechanism, username, password } }),
    ...(ca !== "" && { ca }),
  };
}

/** The library's words for it. */
function connectionOf({ protocol, login, ca }: KafkaSecurity): Pick<KafkaConfig, "ssl" | "sasl"> {
  const hasTls = protocol === "SSL" || protocol === "SASL_SSL";
  return {
    ssl: hasTls && ca !== undefined ? { ca } : hasTls,
    ...(login !== undefined && {
      sasl: {
        mechanism: sasl[login.mechanism],
        username: login.username,
        password: login.password,
      } as SASLOptions,
    }),
  };
}
