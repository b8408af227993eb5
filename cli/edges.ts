/** `npm run status -- --edges`: who connects to whom, as the program's stack outputs carry it. */
import { writeFileSync } from "node:fs";

import type { Edge, EdgeRow } from "../platform/network.ts";
import { networkPicture } from "../platform/network-picture.ts";
import { messageOf, UserError } from "./errors.ts";
import { table } from "./table.ts";

export interface EdgesReport {
  readonly edges: readonly EdgeRow[];
  /** Whether the cluster is told to close all else. */
  readonly policies: boolean;
  /** Whether the cluster's network does as it is told. */
  readonly enforced: boolean | "unknown";
}

/**
 * Reads the stack output `edges`.
 * @throws UserError when there is none.
 */
export function stackEdges(outputs: Readonly<Record<string, unknown>>): readonly Edge[] {
  const listed = outputs["edges"];
  if (!Array.isArray(listed)) {
    throw new UserError("status --edges: nothing is known of this platform's network; npm run up makes it known");
  }
  return listed as readonly Edge[];
}

/** Writes the picture of the edges. @throws UserError when the file can't be written. */
export function writePicture(file: string, edges: readonly Edge[]): void {
  try {
    writeFileSync(file, networkPicture(edges, "The network of the platform"));
  } catch (error) {
    throw new UserError(`status --svg: the picture could not be written (${messageOf(error)})`);
  }
}

export function renderEdges({ edges, policies, enforced }: EdgesReport): string {
  const rows = edges.map(({ from, to, ports, why }) => [from, to, ports.join(", ") || "any", why]);
  return [
    table(["from", "to", "port", "why"], rows),
    "every pod may ask for names (port 53), and its node's probes reach it",
    policyNote(policies, enforced) ?? "all else is closed",
  ].join("\n");
}

/** Why pods may do more than the edges say; `undefined` where they may not. */
export function policyNote(policies: boolean, enforced: boolean | "unknown"): string | undefined {
  if (!policies) return "pods may reach each other freely: the stack makes no policies (millrace:network.policies)";
  if (enforced === true) return undefined;
  return enforced === false
    ? "policies are not enforced here: pods may reach each other freely on this target"
    : "whether this cluster's network enforces NetworkPolicies is not known; npm run check tries it";
}
