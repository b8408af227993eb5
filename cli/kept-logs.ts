/** The logs that a service of the platform keeps: more than Kubernetes still has. */
import { rooms, sectionOf, viewOf } from "../config/rooms.ts";
import type { PlatformConfig } from "../config/schema.ts";
import type { KeptEntry, LogQuestion, Running } from "../platform/operating.ts";
import { messageOf, UserError } from "./errors.ts";

export interface KeptLogs {
  /** @default - they can't be had */
  readonly entries?: readonly KeptEntry[];
  /** A sentence each. */
  readonly notes: readonly string[];
}

/**
 * Asks who keeps logs. @returns nothing but notes where nobody does, or does not answer
 * @throws UserError where only kept logs have what is asked
 */
export async function keptLogs(
  config: PlatformConfig,
  running: Pick<Running, "text">,
  question: LogQuestion,
): Promise<KeptLogs> {
  const keepers = rooms.filter(({ logSearch }) => logSearch !== undefined);
  const asks = [...(question.run === undefined ? [] : ["--run"]), ...(question.user === undefined ? [] : ["--user"])];
  const mustBeKept = (why: string): void => {
    if (asks.length > 0) throw new UserError(`logs ${asks.join(" and ")}: only kept logs know that, and ${why}`);
  };
  try {
    for (const room of keepers) {
      const entries = await room.logSearch?.find(viewOf(room, config).own, running, question);
      if (entries === undefined) continue;
      const none = entries.length === 0 && asks.length > 0 ? ["nothing like that is kept"] : [];
      return { entries, notes: none };
    }
  } catch (error) {
    const why = `who keeps them does not answer (${messageOf(error)})`;
    mustBeKept(why);
    return { notes: [`logs: ${why}; these are what Kubernetes still has`] };
  }
  mustBeKept(`this stack keeps none; set ${keepers.map((room) => `${sectionOf(room)}.enabled`).join(" or ")} to true`);
  return { notes: [] };
}
