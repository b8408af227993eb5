/**
 * Whose an embedded cluster is. Container, volume and network carry who made them; the id decides, folder and stack are
 * for words. What is another's is neither used nor removed.
 */
import { existsSync } from "node:fs";
import type Docker from "dockerode";
import { LABEL, type EmbeddedNames } from "./container-spec.ts";

/** The stack that a cluster is made for. */
export interface Owner {
  /** The stack's id; `undefined` before its first `up`. */
  readonly id: string | undefined;
  /** Folder of the clone. */
  readonly folder: string;
  readonly stack: string;
  /** Whether the stack has a state: only then an older Millrace's volume, which names no owner, can be its own. */
  readonly hasState: boolean;
}

const OWNER = "dev.millrace.owner";
export const OWNER_ID_LABEL = `${OWNER}.id`;

/** Labels of everything that is made for a stack. */
export function ownerLabels({ id, folder, stack }: Owner): Record<string, string> {
  if (id === undefined) throw new Error(`stack ${stack} of ${folder} has no id yet, so nothing can be made for it`);
  return { [OWNER_ID_LABEL]: id, [`${OWNER}.folder`]: folder, [`${OWNER}.stack`]: stack };
}

/** A container, volume or network as the engine tells it. */
export interface Piece {
  readonly kind: "container" | "volume" | "network";
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Id of a container. */
  readonly id?: string;
  /** When it was made, as the engine says it. */
  readonly created?: string;
}

/** What of a cluster is in the engine, each piece whoever made it. */
export async function findPieces(docker: Docker, names: EmbeddedNames): Promise<Piece[]> {
  const found = async <T>(asked: Promise<T>): Promise<T | undefined> => {
    try {
      return await asked;
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode === 404) return undefined;
      throw error;
    }
  };
  const [container, volume, networks] = await Promise.all([
    found(docker.getContainer(names.container).inspect()),
    found(docker.getVolume(names.volume).inspect()),
    docker.listNetworks({ filters: { name: [`^${names.network}$`] } }),
  ]);
  const pieces: Piece[] = [];
  if (container !== undefined) {
    const { Id: id, Created: created, Config } = container;
    pieces.push({ kind: "container", name: names.container, labels: Config.Labels, id, created });
  }
  if (volume !== undefined) {
    const created = (volume as { CreatedAt?: string }).CreatedAt;
    const labels = (volume.Labels as Record<string, string> | null) ?? {};
    pieces.push({ kind: "volume", name: names.volume, labels, ...(created === undefined ? {} : { created }) });
  }
  for (const network of networks.filter(({ Name }) => Name === names.network)) {
    const labels = (network.Labels as Record<string, string> | null | undefined) ?? {};
    const created = (network as { Created?: string }).Created;
    pieces.push({ kind: "network", name: names.network, labels, ...(created === undefined ? {} : { created }) });
  }
  return pieces;
}

/** A piece that is not this stack's. */
export interface Foreign {
  readonly piece: Piece;
  /**
   * `another`: of another clone or stack; `lost`: of this very stack, by a state that is gone; `unknown`: of an older
   * Millrace, and nothing says whose; `stranger`: Millrace did not make it.
   */
  readonly why: "another" | "lost" | "unknown" | "stranger";
}

/**
 * The first piece that is not the stack's own; `undefined` when nothing stands in its way.
 * @param remembered Id of the container that this clone started last: how a container without labels is known.
 */
export function foreignPiece(pieces: readonly Piece[], us: Owner, remembered: string | undefined): Foreign | undefined {
  const container = pieces.find(({ kind }) => kind === "container");
  const oursByMemory = container?.id !== undefined && container.id === remembered;
  for (const piece of pieces) {
    if (piece.labels[LABEL] === undefined) return { piece, why: "stranger" };
    const id = piece.labels[OWNER_ID_LABEL];
    if (id === undefined) {
      // Made before there were labels: the container is known by its id, the rest with it; a kept volume by the state.
      const oursByLabel = us.id !== undefined && container?.labels[OWNER_ID_LABEL] === us.id;
      if (!(container === undefined ? us.hasState : oursByMemory || oursByLabel)) return { piece, why: "unknown" };
    } else if (id !== us.id) {
      const same = piece.labels[`${OWNER}.folder`] === us.folder && piece.labels[`${OWNER}.stack`] === us.stack;
      return { piece, why: same ? "lost" : "another" };
    }
  }
  return undefined;
}

/** `stack dev of /home/ana/millrace, since 2026-11-27 07:40 UTC`. */
export function ownerWords({ labels, created }: Piece): string {
  const folder = labels[`${OWNER}.folder`] ?? "?";
  // It may be gone, another user's, or outside of the container that this runs in: nothing here tells which.
  const unseen = existsSync(folder) ? "" : " (a folder that this user can't see)";
  return `stack ${labels[`${OWNER}.stack`] ?? "?"} of ${folder}${unseen}${sinceWords(created)}`;
}

function sinceWords(created: string | undefined): string {
  const time = Date.parse(created ?? "");
  return Number.isNaN(time) ? "" : `, since ${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** Says that nothing was done, whose it is, and the ways out. */
export function foreignMessage({ piece, why }: Foreign, us: Owner): string {
  const what = `${piece.kind} "${piece.name}"`;
  const own = "for a cluster of your own: npm run up -- --name <another name>, which takes free ports";
  const removal = "npm run down -- --take-over removes that cluster with all its data, on purpose";
  if (why === "stranger") {
    return `a ${what} exists that Millrace did not create; it was not changed; ${own}`;
  }
  if (why === "another") {
    return `the embedded cluster's ${what} belongs to ${ownerWords(piece)}; nothing was changed. Either ${own}; or ${removal}`;
  }
  const back = "restore .pulumi and .millrace of this folder from a backup";
  if (why === "lost") {
    return (
      `the embedded cluster's ${what} holds data of ${ownerWords(piece)}, by a state that is gone: new passwords would not open ` +
      `them. Nothing was changed. Either ${back}; or ${removal}; or, ${own}`
    );
  }
  return (
    `the embedded cluster's ${what} is of an older Millrace${sinceWords(piece.created)}, and nothing says that it belongs ` +
    `to stack ${us.stack} of ${us.folder}; nothing was changed. If it does, ${back}; or ${removal}; or, ${own}`
  );
}
