/** `npm run password`: the generated password of one account, on demand. Nothing else prints a secret. */
import { nearest } from "../platform/nearest.ts";
import { escapedUser, s3KeySecretName, unescapedUser } from "../platform/names.ts";
import type { Command } from "./command.ts";
import { UserError } from "./errors.ts";
import { connect, type Kube } from "./kube.ts";
import { stackArgs, stackOptions, text } from "./options.ts";
import { readSecret } from "./secrets.ts";
import { readStack } from "./stack.ts";

/** What `password --json` prints. */
export interface PasswordReport {
  readonly service: string;
  readonly user: string;
  /** Id of the key pair whose secret is the password, for S3; `null` elsewhere. */
  readonly accessKey: string | null;
  readonly password: string;
}

/** Secrets whose keys are the accounts of a service. */
const userSecrets = { airflow: "airflow-users", jupyterhub: "jupyterhub-users" } as const;
/** The proof's own account, which people are not offered. */
const ROBOT = "proof";
/** What a user's S3 consumer begins with. */
const USER = "user-";
const services = ["airflow", "jupyterhub", "objectStore"] as const;
type Service = (typeof services)[number];

export const password: Command = {
  summary: "prints the generated password of an account; for objectStore a key pair",
  options: {
    ...stackOptions,
    service: { type: "string", value: "service", choices: services, help: "whose account it is" },
    user: {
      type: "string",
      value: "name",
      help: "the account (default: the only one); for objectStore a user or service",
    },
  },
  async run(values) {
    const args = stackArgs(values);
    const service = services.find((name) => name === values["service"]);
    if (service === undefined) {
      throw new UserError(`password: --service is missing; give one of ${services.join(", ")}`);
    }
    const stack = readStack(args);
    const kube = connect(stack.profile);
    const report = await findPassword(kube, stack.config.cluster.namespace, service, text(values, "user"));
    process.stdout.write(`${args.json ? JSON.stringify(report, null, 2) : renderPassword(report)}\n`);
    return 0;
  },
};

/** The password alone, so that it can be piped; a key pair as the two variables that S3 clients read. */
export function renderPassword({ accessKey, password: word }: PasswordReport): string {
  return accessKey === null ? word : `AWS_ACCESS_KEY_ID=${accessKey}\nAWS_SECRET_ACCESS_KEY=${word}`;
}

/**
 * Reads one account's password from its Secret.
 * @throws UserError when the service does not run, or has no such account.
 */
export async function findPassword(
  kube: Pick<Kube, "get">,
  namespace: string,
  service: Service,
  user: string | undefined,
): Promise<PasswordReport> {
  if (service === "objectStore") return await findKey(kube, namespace, user);
  const accounts = await readSecret(kube, namespace, userSecrets[service]);
  if (accounts === undefined) {
    throw new UserError(
      `${service} has no accounts in namespace ${namespace}: it is not part of what runs there; npm run up -- --profile studio (or full) brings it`,
    );
  }
  const name = chosen(service, Object.keys(accounts).map(unescapedUser), user);
  return { service, user: name, accessKey: null, password: accounts[escapedUser(name)] ?? "" };
}

async function findKey(kube: Pick<Kube, "get">, namespace: string, user: string | undefined): Promise<PasswordReport> {
  const prefix = s3KeySecretName("");
  const { items } = await kube.get<{ items: readonly { readonly metadata: { readonly name: string } }[] }>(
    `/api/v1/namespaces/${namespace}/secrets?labelSelector=${encodeURIComponent("app.kubernetes.io/name=object-store")}`,
  );
  const consumers = items
    .map(({ metadata }) => metadata.name)
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length));
  if (consumers.length === 0) {
    throw new UserError(
      `objectStore has no keys in namespace ${namespace}: the platform is not up, or its S3 service is an existing one`,
    );
  }
  const users = consumers
    .filter((consumer) => consumer.startsWith(USER))
    .map((one) => unescapedUser(one.slice(USER.length)));
  const others = consumers.filter((consumer) => !consumer.startsWith(USER));
  const name = chosen("objectStore", [...users, ...others], user);
  const consumer = users.includes(name) ? `${USER}${escapedUser(name)}` : name;
  const pair = await readSecret(kube, namespace, s3KeySecretName(consumer));
  return {
    service: "objectStore",
    user: name,
    accessKey: pair?.["accessKey"] ?? "",
    password: pair?.["secretKey"] ?? "",
  };
}

function chosen(service: string, names: readonly string[], user: string | undefined): string {
  const people = names.filter((name) => name !== ROBOT);
  if (user === undefined) {
    const [only] = people;
    if (only !== undefined && people.length === 1) return only;
    throw new UserError(`password: ${service} has several accounts; give --user with one of ${people.join(", ")}`);
  }
  const found = names.find((name) => name === user) ?? names.find((name) => name === user.toLowerCase());
  if (found !== undefined) return found;
  const meant = nearest(user, people);
  throw new UserError(
    `password: ${service} has no account "${user}"; it has ${people.join(", ")}${meant === undefined ? "" : `; did you mean ${meant}?`}`,
  );
}
