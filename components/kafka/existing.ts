/** An existing Kafka cluster as the stack's file describes it: what can't be, what is risky, and what opens it. */
import type { SaslMechanism, SecurityProtocol } from "./endpoint.ts";
import type { KafkaSecurity } from "./programs/kafka-client.ts";
import { authorityProblems, CA_KEY } from "../../platform/authority.ts";
import type { Running } from "../../platform/operating.ts";
import { portProblems } from "../../platform/server-list.ts";

/** Keys of the Secret with whom clients log in as. */
export const USERNAME_KEY = "username";
export const PASSWORD_KEY = "password";

/** The setting `existing`, all defaults filled in. */
export interface ExistingKafka {
  /** `host:port,host:port` */
  readonly bootstrapServers: string;
  readonly securityProtocol: SecurityProtocol;
  readonly saslMechanism?: SaslMechanism | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly secretName?: string | undefined;
  /** In PEM. */
  readonly ca?: string | undefined;
  readonly caSecretName?: string | undefined;
}

const AT = "millrace:services.kafka.existing";
const scram = "create a user with a password for the platform";
const noTokens =
  "which takes tokens that end and must be fetched anew, and not every client of the platform can do that";

/** Mechanisms that people try, with why they are refused. */
export const refusedMechanisms = {
  OAUTHBEARER: `${noTokens}; ${scram}`,
  AWS_MSK_IAM: `${noTokens}; Amazon MSK takes SCRAM-SHA-512 too, with a user in Secrets Manager`,
  GSSAPI: `which is Kerberos, and not every client of the platform speaks it; ${scram}`,
} as const;

const isSasl = ({ securityProtocol }: ExistingKafka): boolean => securityProtocol.startsWith("SASL_");
const hasTls = ({ securityProtocol }: ExistingKafka): boolean => securityProtocol.endsWith("SSL");

/** What is wrong with it; empty when nothing is. No password is repeated. */
export function existingProblems(existing: ExistingKafka): string[] {
  const { securityProtocol, ca, caSecretName } = existing;
  const problems = [
    ...portProblems(`${AT}.bootstrapServers`, existing.bootstrapServers),
    ...(isSasl(existing) ? loginProblems(existing) : needlessLogin(existing)),
  ];
  for (const [key, value] of Object.entries({ ca, caSecretName })) {
    if (value === undefined || hasTls(existing)) continue;
    const secure = securityProtocol === "PLAINTEXT" ? "SSL" : "SASL_SSL";
    problems.push(
      `${AT}.${key}: is given, but securityProtocol is ${securityProtocol}, which has no certificates; ` +
        `set securityProtocol to ${secure}, or remove ${key}`,
    );
  }
  if (ca !== undefined && caSecretName !== undefined) {
    problems.push(`${AT}: has both ca and caSecretName; give one of them`);
  }
  return [...problems, ...(ca === undefined ? [] : authorityProblems(`${AT}.ca`, ca))];
}

function loginProblems({ securityProtocol, saslMechanism, username, password, secretName }: ExistingKafka): string[] {
  const problems: string[] = [];
  if (saslMechanism === undefined) {
    problems.push(
      `${AT}.saslMechanism: missing; securityProtocol ${securityProtocol} needs PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512, as the brokers have it`,
    );
  }
  if (secretName !== undefined) {
    if (username !== undefined || password !== undefined) {
      problems.push(`${AT}: has both secretName and username or password; give the Secret, or the two`);
    }
    return problems;
  }
  if (username === undefined && password === undefined) {
    problems.push(
      `${AT}: names nobody to log in as, and securityProtocol is ${securityProtocol}; give username and password, or secretName`,
    );
  } else if (username === undefined) {
    problems.push(`${AT}.username: missing; password is given`);
  } else if (password === undefined) {
    problems.push(
      `${AT}.password: missing; set it encrypted by pulumi config set --secret --path '${AT}.password', or give secretName`,
    );
  }
  return problems;
}

function needlessLogin(existing: ExistingKafka): string[] {
  const { securityProtocol, saslMechanism, username, password, secretName } = existing;
  const given = Object.entries({ saslMechanism, username, password, secretName }).filter(
    ([, value]) => value !== undefined,
  );
  if (given.length === 0) return [];
  const names = given.map(([key]) => key).join(", ");
  return [
    `${AT}: has ${names}, but securityProtocol is ${securityProtocol}, with which nobody logs in; ` +
      `set securityProtocol to ${hasTls(existing) ? "SASL_SSL" : "SASL_SSL or SASL_PLAINTEXT"}, or remove ${names}`,
  ];
}

/** What is risky. */
export function existingWarnings({ securityProtocol, saslMechanism }: ExistingKafka): string[] {
  const at = `${AT}.securityProtocol`;
  if (securityProtocol === "PLAINTEXT") return [`${at}: PLAINTEXT, so records cross the network in clear`];
  if (securityProtocol !== "SASL_PLAINTEXT") return [];
  const what = saslMechanism === "PLAIN" ? "the password and all records cross" : "records cross";
  return [`${at}: SASL_PLAINTEXT, so ${what} the network in clear`];
}

/**
 * What opens it for a client outside the cluster.
 * @param secret Reads a Secret of the platform's namespace.
 * @throws Error when a Secret that the stack's file names is not there, or lacks a key.
 */
export async function existingSecurity(
  existing: ExistingKafka | undefined,
  secret: Running["secret"],
): Promise<KafkaSecurity> {
  if (existing === undefined) return { protocol: "PLAINTEXT" };
  const { securityProtocol: protocol, saslMechanism: mechanism, secretName, caSecretName } = existing;
  const read = async (name: string, key: string): Promise<string> => {
    const value = (await secret(name))?.[key];
    if (value !== undefined && value !== "") return value;
    throw new Error(`the lag of Kafka's readers is not known: Secret ${name} has no key ${key}, and Kafka asks for it`);
  };
  const login = async () =>
    mechanism && {
      mechanism,
      username: secretName === undefined ? (existing.username ?? "") : await read(secretName, USERNAME_KEY),
      password: secretName === undefined ? (existing.password ?? "") : await read(secretName, PASSWORD_KEY),
    };
  const [known, ca] = [await login(), caSecretName === undefined ? existing.ca : await read(caSecretName, CA_KEY)];
  return { protocol, ...(known && { login: known }), ...(ca !== undefined && { ca }) };
}
