/** `npm run password`: the generated password of one account, on demand. Nothing else prints a secret. */
import { profiles, servicesOf } from "../config/profiles.ts";
import { rooms } from "../config/rooms.ts";
import { nearest } from "../platform/nearest.ts";
import { escapedUser, NAME_LABEL, ROBOT, s3KeySecretName, unescapedUser } from "../platform/names.ts";
import type { Accounts } from "../platform/operating.ts";
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

/** What a user's S3 consumer begins with. */
const USER = "user-";

/** Rooms with accounts, by name. */
const withAccounts = new Map(
  rooms
    .flatMap(({ name, accounts }) => (accounts === undefined ? [] : [[name, accounts] as const]))
    .sort(([a], [b]) => a.localeCompare(b, "en")),
);
const services = [...withAccounts.keys()];
const withKeys = services.filter((name) => withAccounts.get(name)?.kind === "keyPairs").join(" and ");

export const password: Command = {
  summary: `prints the generated password of an account, or for ${withKeys} a key pair`,
  options: {
    ...stackOptions,
    service: { type: "string", value: "service", choices: services, help: "service of the account" },
    user: {
      type: "string",
      value: "name",
      help: `the account (default: the only one); for ${withKeys} a user or service`,
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
  service: string,
  user: string | undefined,
): Promise<PasswordReport> {
  const known = withAccounts.get(service);
  if (known?.kind === "keyPairs") return await findKey(kube, namespace, service, known, user);
  const own = known && (await readSecret(kube, namespace, known.secret));
  const others = await Promise.all((known?.others ?? []).map((secret) => readSecret(kube, namespace, secret)));
  const accounts =
    own === undefined || hasPeople(own)
      ? own
      : Object.fromEntries([...others, own].flatMap((passwords) => Object.entries(passwords ?? {})));
  if (accounts === undefined) {
    if (known?.none !== undefined)
      throw new UserError(`${service} has no accounts in namespace ${namespace}: ${known.none}`);
    throw new UserError(
      `${service} has no accounts in namespace ${namespace}: it is not part of what runs there; ${wayTo(service)} brings it`,
    );
  }
  const name = chosen(service, Object.keys(accounts).map(unescapedUser), user);
  return { service, user: name, accessKey: null, password: accounts[escapedUser(name)] ?? "" };
}

/** Whether there are accounts beside the robot's. */
function hasPeople(accounts: Readonly<Record<string, string>>): boolean {
  return Object.keys(accounts).some((name) => name !== ROBOT);
}

/** The command that brings a service. */
export function wayTo(service: string): string {
  const [first, ...others] = profiles.filter((profile) => servicesOf(profile).includes(service));
  if (first === undefined) return "npm run up";
  return `npm run up -- --profile ${first}${others.length === 0 ? "" : ` (or ${others.join(", ")})`}`;
}

async function findKey(
  kube: Pick<Kube, "get">,
  namespace: string,
  service: string,
  { store, none }: Extract<Accounts, { kind: "keyPairs" }>,
  user: string | undefined,
): Promise<PasswordReport> {
  const prefix = s3KeySecretName("", store);
  const label = encodeURIComponent(`${NAME_LABEL}=${store}`);
  const { items } = await kube.get<{ items: readonly { readonly metadata: { readonly name: string } }[] }>(
    `/api/v1/namespaces/${namespace}/secrets?labelSelector=${label}`,
  );
  const consumers = items
    .map(({ metadata }) => metadata.name)
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length));
  if (consumers.length === 0) {
    throw new UserError(`${service} has no keys in namespace ${namespace}: the platform is not up, or ${none}`);
  }
  const users = consumers
    .filter((consumer) => consumer.startsWith(USER))
    .map((one) => unescapedUser(one.slice(USER.length)));
  const others = consumers.filter((consumer) => !consumer.startsWith(USER));
  const name = chosen(service, [...users, ...others], user);
  const consumer = users.includes(name) ? `${USER}${escapedUser(name)}` : name;
  const pair = await readSecret(kube, namespace, s3KeySecretName(consumer, store));
  return {
    service,
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
