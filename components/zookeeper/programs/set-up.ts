/** What the setup does with an ensemble. */
import { setTimeout as sleep } from "node:timers/promises";
import { describeError } from "../../../platform/describe-error.ts";
import type { DigestLogin } from "./digest-md5.ts";
import { type Acl, ZooKeeperError, ZooKeeperSession } from "./zookeeper-client.ts";

const PAUSE_MS = 1000;

export interface SetUpOptions {
  readonly servers: readonly string[];
  /** The superuser's. */
  readonly login: DigestLogin;
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
    await session.setAcl("/", ROOT);
    for (const consumer of options.consumers) {
      const path = `/${consumer}`;
      try {
        await session.create(path, Buffer.alloc(0), all(consumer));
        options.log(`${path} is made`);
      } catch (error) {
        if (!(error instanceof ZooKeeperError) || error.code !== "NodeExists") throw error;
        await session.setAcl(path, all(consumer));
      }
    }
  } finally {
    await session.close();
  }
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
