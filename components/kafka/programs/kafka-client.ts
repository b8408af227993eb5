/**
 * One way to make a Kafka client, for the platform's programs and the proof.
 *
 * Environment: `KAFKA_SECURITY_PROTOCOL`: `PLAINTEXT` (default) or `SSL`; a private authority's certificates are named
 * by Node's own `NODE_EXTRA_CA_CERTS`.
 */
import { Kafka, logLevel, Partitioners } from "kafkajs";
import type { Producer } from "kafkajs";
import { addCodecs } from "./kafka-codecs.ts";
import { letConnectionsRest } from "./kafka-idle.ts";

export interface KafkaClientOptions {
  /** `host:port,host:port` */
  readonly bootstrapServers: string;
  readonly clientId: string;
  /** @default - as the environment says */
  readonly securityProtocol?: "PLAINTEXT" | "SSL";
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
    ssl: (options.securityProtocol ?? process.env["KAFKA_SECURITY_PROTOCOL"]) === "SSL",
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
