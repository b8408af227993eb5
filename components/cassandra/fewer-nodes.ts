/** Nodes that leave one after the other: each hands its rows over while it runs, and is taken away only when it has. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Leaving } from "../../platform/service.ts";

const DATA_PATH = "/var/lib/cassandra";
/** Rows that come are written before those that they replace are gone. */
const ROOM = 2;
const PAUSE_MS = 10_000;
/** Gossip has told every node after half a minute. */
const LOOKS = 12;
const UNITS: Readonly<Record<string, number>> = { bytes: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

/** A node in the words of `nodetool status`. */
export interface RingNode {
  /** `UN`: up and normal; `UL`: up and leaving; `DN`: down. */
  readonly state: string;
  /** Bytes of its rows; `undefined` when it does not tell. */
  readonly load?: number;
}

/**
 * Has the last nodes hand their rows over until `wanted` are left. It may be broken off at any time: a node that is leaving
 * goes on, and the next call goes on from there.
 * @throws Error when it is stopped, or anything is not as it must be: the node in question is then still there with its rows, and so are all before it.
 */
export async function handOver(leaving: Leaving): Promise<void> {
  await hasFewCopies(leaving);
  for (let node = leaving.there - 1; node >= leaving.wanted; node--) {
    await leave(leaving, node);
    await leaving.remove(node);
  }
}

/** A majority of copies that there are no nodes for never answers: nobody could log in to lower their number afterwards. */
async function hasFewCopies(leaving: Leaving): Promise<void> {
  const { there, wanted } = leaving;
  const copies = readCopies(await leaving.run(0, ["nodetool", "status", "system_auth"]));
  if (copies <= wanted) return;
  throw new Error(
    `there are ${Number.isNaN(copies) ? "an unknown number of" : copies} copies of each row and account, and ${wanted} can be had after: ` +
      `put millrace:services.cassandra.replicas ${there} back, with replicationFactor ${Math.min(3, wanted)}, and npm run up; then give ${wanted} again`,
  );
}

async function leave(leaving: Leaving, node: number): Promise<void> {
  const { log } = leaving;
  const name = (ordinal: number): string => leaving.name(ordinal);
  const staying = Array.from({ length: node }, (_, ordinal) => ordinal);
  const ring = await ringOf(leaving);
  const { address, own } = await nodeIn(leaving, ring, node);
  await stayingAreUp(leaving, ring, staying);
  if (ring.size !== staying.length + (own === undefined ? 0 : 1)) {
    throw new Error(
      `the ring has ${ring.size} nodes (${[...ring.keys()].join(", ")}), and ${node + 1} pods are there; nodetool status in ` +
        `${name(0)} tells which has no pod, and nodetool removenode takes it out once it is certain that its rows are elsewhere`,
    );
  }
  if (own?.state === "UN") {
    await hasRoom(leaving, own, node, staying);
    log(`${name(node)}: comparing its rows with the other copies`);
    await leaving.run(node, ["nodetool", "repair", "-full"]);
    log(`${name(node)}: handing its rows over`);
    // Cassandra's own keyspaces of traces and repairs want three copies, whatever the number of nodes.
    await leaving.run(node, ["nodetool", "decommission", "--force"]).catch(async (error: unknown) => {
      if ((await modeOf(leaving, node)) === "NORMAL") throw error;
    });
  } else if (own !== undefined && own.state !== "UL") {
    throw new Error(
      `${name(node)} is ${own.state} in nodetool status, and only a node that is up can hand its rows over`,
    );
  }
  await hasLeft(leaving, node);
  let after = await ringOf(leaving);
  for (let look = 1; after.has(address) && look < LOOKS; look++) {
    log(`${name(node)}: waiting until the others know that it has left`);
    await sleep(leaving.pauseMs ?? PAUSE_MS, undefined, { signal: leaving.signal });
    after = await ringOf(leaving);
  }
  await stayingAreUp(leaving, after, staying);
  if (after.size !== staying.length) {
    throw new Error(
      `${name(node)} says that it has handed its rows over, and the ring still has it; run the command again`,
    );
  }
}

/** Waits until the node itself says that it has handed everything over. */
async function hasLeft(leaving: Leaving, node: number): Promise<void> {
  for (;;) {
    const mode = await modeOf(leaving, node);
    if (mode === "DECOMMISSIONED") return;
    if (mode !== "LEAVING") {
      throw new Error(
        `${leaving.name(node)} did not hand its rows over, and has them all: it is ${mode}. Its log says why; when it is ` +
          "mended, delete the pod, wait until it is ready, and run the command again",
      );
    }
    leaving.log(`${leaving.name(node)}: handing its rows over`);
    await sleep(leaving.pauseMs ?? PAUSE_MS, undefined, { signal: leaving.signal });
  }
}

/** `NORMAL`, `LEAVING`, `DECOMMISSIONED`; a node that was restarted after it had left does not start again, and says so. */
async function modeOf(leaving: Leaving, node: number): Promise<string> {
  leaving.signal.throwIfAborted();
  const said = await leaving.run(node, ["nodetool", "netstats"]).catch(() => "");
  const mode = /^Mode: (\w+)/m.exec(said)?.[1];
  if (mode !== undefined) return mode;
  return /was decommissioned and will not rejoin/.test(await leaving.lastWords(node))
    ? "DECOMMISSIONED"
    : "not answering";
}

/** Nodes by address, as the first one sees them. */
export function readRing(status: string): Map<string, RingNode> {
  const line = /^([UD?][NLJM])\s+(\S+)\s+(?:([\d.,]+) (bytes|KiB|MiB|GiB|TiB)|\?)/gm;
  return new Map(
    [...status.matchAll(line)].map(([, state = "", address = "", size, unit = ""]) => [
      address,
      { state, ...(size === undefined ? {} : { load: Number(size.replace(",", ".")) * (UNITS[unit] ?? Number.NaN) }) },
    ]),
  );
}

/** Copies of each row of a keyspace: what all nodes together own of it. */
export function readCopies(status: string): number {
  const shares = [...status.matchAll(/^[UD?][NLJM]\s.*?\s([\d.,]+)%\s/gm)].map(([, share = ""]) =>
    Number(share.replace(",", ".")),
  );
  return shares.length === 0 ? Number.NaN : Math.round(shares.reduce((sum, share) => sum + share, 0) / 100);
}

async function ringOf(leaving: Leaving): Promise<Map<string, RingNode>> {
  return readRing(await leaving.run(0, ["nodetool", "status"]));
}

async function nodeIn(
  leaving: Leaving,
  ring: ReadonlyMap<string, RingNode>,
  node: number,
): Promise<{ readonly address: string; readonly own: RingNode | undefined }> {
  const address = await leaving.address(node);
  if (address === undefined) throw new Error(`${leaving.name(node)} has no address: it must run to hand its rows over`);
  return { address, own: ring.get(address) };
}

async function stayingAreUp(
  leaving: Leaving,
  ring: ReadonlyMap<string, RingNode>,
  staying: readonly number[],
): Promise<void> {
  for (const node of staying) {
    const { own } = await nodeIn(leaving, ring, node);
    if (own?.state !== "UN") {
      throw new Error(
        `${leaving.name(node)} is ${own === undefined ? "not in the ring" : own.state} in nodetool status of ${leaving.name(0)}; ` +
          "all nodes that stay must be up (UN) before one hands its rows over",
      );
    }
  }
}

async function hasRoom(leaving: Leaving, own: RingNode, node: number, staying: readonly number[]): Promise<void> {
  if (own.load === undefined) throw new Error(`${leaving.name(node)} does not say how many bytes its rows have`);
  for (const ordinal of staying) {
    const said = await leaving.run(ordinal, ["df", "--block-size=1", "--output=avail", DATA_PATH]);
    const free = Number(/(\d+)\s*$/.exec(said)?.[1] ?? Number.NaN);
    if (free >= ROOM * own.load) continue;
    const [has, needs] = [free, ROOM * own.load].map((bytes) => `${Math.ceil(bytes / 2 ** 20)}Mi`);
    throw new Error(
      `${leaving.name(ordinal)} has ${has} free, and needs ${needs} to take the rows of ${leaving.name(node)} over: raise ` +
        "millrace:services.cassandra.storage.size first, with as many replicas as there are",
    );
  }
}
