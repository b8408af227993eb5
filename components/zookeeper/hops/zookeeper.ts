/** Hop `zookeeper`: what is written through each member is read through the next one. */
import { HopFailure, type Hop, type HopFigures } from "../../../platform/hops/hop.ts";
import { poll } from "../../../platform/hops/errors.ts";
import { standstillMs } from "../../../platform/hops/limits.ts";
import { isLeftover } from "../../../platform/hops/run.ts";
import type { DigestLogin } from "../programs/digest-md5.ts";
import { type Acl, LoginRefusedError, ZooKeeperError, ZooKeeperSession } from "../programs/zookeeper-client.ts";

export interface ZooKeeperHopOptions {
  /** `host:port` of each member. */
  readonly servers: readonly string[];
  /** The proof's own node. */
  readonly path: string;
  readonly login: DigestLogin;
  readonly run: string;
  /** Longest pause between two looks, in ms. @default - of `poll` */
  readonly pauseMs?: number;
}

export function zookeeperHop(options: ZooKeeperHopOptions): Hop {
  const { servers, path, run, pauseMs } = options;
  return {
    name: "zookeeper",
    timeoutMs: standstillMs,
    run: ({ signal, onProgress, onCleanup }) => {
      onCleanup({ what: `nodes of the run below ${path} in ZooKeeper`, run: () => removeNodes(options) });
      return poll(
        async () => {
          for (const [index, server] of servers.entries()) {
            const next = servers[(index + 1) % servers.length] ?? server;
            const [node, text] = [`${path}/${run}-${index + 1}`, `${run}, written through ${server}`];
            await inSession(options, server, (session) => write(session, node, text, options.login));
            const read = await inSession(options, next, async (session) => {
              await session.sync(node);
              return (await session.get(node)).toString();
            });
            if (read !== text)
              throw new HopFailure(`${node} has "${read}" through ${next}, "${text}" was written through ${server}`);
          }
          return figures(servers.length);
        },
        { signal, onProgress, pauseMs },
      );
    },
  };
}

async function write(
  session: ZooKeeperSession,
  node: string,
  text: string,
  { user }: Pick<DigestLogin, "user">,
): Promise<void> {
  const own: Acl = { rights: "crdwa", scheme: "sasl", id: user };
  try {
    await session.create(node, Buffer.from(text), [own]);
  } catch (error) {
    // From a look before, whose answer did not come.
    if (!(error instanceof ZooKeeperError) || error.code !== "NodeExists") throw error;
    await session.set(node, Buffer.from(text));
  }
}

function figures(members: number): HopFigures {
  const where =
    members === 1 ? "written and read anew" : "each written through one member and read through another one";
  return {
    count: members,
    distinct: members,
    checksum: String((members * (members + 1)) / 2),
    message: `${members} ${members === 1 ? "node" : "nodes"}, ${where}`,
  };
}

async function removeNodes({ servers, path, run, ...options }: ZooKeeperHopOptions): Promise<void> {
  const now = new Date();
  let last: unknown;
  for (const server of servers) {
    try {
      await inSession(options, server, async (session) => {
        for (const child of await session.children(path)) {
          const of = child.replace(/-\d+$/, "");
          if (of !== run && !isLeftover(of, now)) continue;
          // Another proof may have removed it meanwhile.
          await session.delete(`${path}/${child}`).catch((error: unknown) => {
            if (!(error instanceof ZooKeeperError) || error.code !== "NoNode") throw error;
          });
        }
      });
      return;
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

async function inSession<T>(
  { login }: Pick<ZooKeeperHopOptions, "login">,
  server: string,
  work: (session: ZooKeeperSession) => Promise<T>,
): Promise<T> {
  let session: ZooKeeperSession;
  try {
    session = await ZooKeeperSession.open({ server, login });
  } catch (error) {
    if (error instanceof LoginRefusedError) throw new HopFailure(error.message, { cause: error });
    throw error;
  }
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}
