/** What the setup does with an ensemble. */
import { setTimeout as sleep } from "node:timers/promises";
import { describeError } from "../../../platform/describe-error.ts";
import type { DigestLogin } from "./digest-md5.ts";
import { type Acl, ZooKeeperError, ZooKeeperSession } from "./zookeeper-client.ts";

const PAUSE_MS = 1000;

export interface SetUpOptions {
  readonly servers: readonly string[];
  /** Of one who may make nodes below `root`: the superuser, or the account that all consumers share. */
  readonly login: DigestLogin;
  /** Node of somebody else's ensemble below which the consumers' are made, for that account alone. @default - the whole tree is the platform's, and each consumer has an account of its own */
  readonly root?: string | undefined;
  readonly consumers: readonly string[];
  /** How long a member that serves is waited for. */
  readonly timeoutMs: number;
  readonly log: (line: string) => void;
}

/** Everyone may see which consumers there are; only the superuser makes another. */
const ROOT: readonly Acl[] = [{ rights: "r", scheme: "world", id: "anyone" }];
const all = (consumer: string): readonly Acl[] => [{ rights: "crdwa", scheme: "sasl", id: consumer }];

/** @throws Error when no member serves in time, with the last one's words */
export async function setUp(options: SetUpOptions): Promise<void> {
  const session = await served(options);
  try {
    const { root, login } = options;
    if (root === undefined) await session.setAcl("/", ROOT);
    for (const consumer of options.consumers) {
      const path = `${root ?? ""}/${consumer}`;
      const acl = all(root === undefined ? consumer : login.user);
      try {
        await session.create(path, Buffer.alloc(0), acl);
        options.log(`${path} is made`);
      } catch (error) {
        if (!(error instanceof ZooKeeperError)) throw error;
        if (error.code !== "NodeExists") throw root === undefined ? error : inWords(error, root, login.user);
        if (root === undefined) await session.setAcl(path, acl);
        else await tryBelow(session, path, login.user);
      }
    }
  } finally {
    await session.close();
  }
}

/** A node that is there may be another's, or of an account of before. @throws Error with what its owner has to do */
async function tryBelow(session: ZooKeeperSession, path: string, user: string): Promise<void> {
  const trial = `${path}/set-up`;
  try {
    await session.create(trial, Buffer.alloc(0), all(user)).catch((error: unknown) => {
      if (!(error instanceof ZooKeeperError) || error.code !== "NodeExists") throw error;
    });
    await session.delete(trial);
  } catch (error) {
    throw error instanceof ZooKeeperError ? inWords(error, path, user) : error;
  }
}

/** What the ensemble's owner has to do. */
function inWords(error: ZooKeeperError, node: string, user: string): Error {
  const words = {
    NoNode: `ZooKeeper has no node ${node}; make it, with all rights for sasl:${user}:cdrwa`,
    NoAuth: `account ${user} may make nothing below ${node}; its owner gives it the rights cdrwa beside those that are there (getAcl, setAcl)`,
  }[error.code];
  return words === undefined ? error : new Error(words, { cause: error });
}

async function served({ servers, login, timeoutMs, log }: SetUpOptions): Promise<ZooKeeperSession> {
  const end = Date.now() + timeoutMs;
  let said = "";
  for (let attempt = 0; ; attempt++) {
    const server = servers[attempt % servers.length] ?? "";
    try {
      return await ZooKeeperSession.open({ server, login });
    } catch (error) {
      const words = describeError(error);
      if (words !== said) log(words);
      said = words;
      if (Date.now() > end) throw error;
    }
    await sleep(PAUSE_MS);
  }
}
