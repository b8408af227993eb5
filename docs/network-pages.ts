/** What the documentation shows of the network: a picture for each profile, and the table of the one with all services. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { format } from "prettier";

import { targetProfile } from "../clusters/targets.ts";
import { loadConfig } from "../config/index.ts";
import { type Profile, profiles } from "../config/profiles.ts";
import { type Edge, edgeRows } from "../platform/network.ts";
import { networkPicture } from "../platform/network-picture.ts";
import { mock } from "../tests/support/mocks.ts";

export const networkPage = join(import.meta.dirname, "network.md");
const HEADING = "## The edges of profile full";

/** Where the picture of a profile is. */
export function pictureFile(profile: Profile): string {
  return join(import.meta.dirname, "images", `network-${profile}.svg`);
}

/** Edges of the program on the embedded cluster, by profile. */
async function edgesOf(profile: Profile): Promise<readonly Edge[]> {
  const mocked = await mock({ config: { "millrace:profile": profile } });
  // Another query makes Node evaluate the program anew.
  const { edges } = (await import(`../index.ts?network-of=${profile}`)) as { edges: readonly Edge[] };
  await mocked.resources();
  return edges;
}

/** Pictures by the files in which they are, and the text of network.md. */
export async function networkPages(): Promise<Map<string, string>> {
  const pages = new Map<string, string>();
  for (const profile of profiles) {
    const edges = await edgesOf(profile);
    pages.set(pictureFile(profile), networkPicture(edges, `The network of profile ${profile}`));
    if (profile === "full") pages.set(networkPage, await withTable(readFileSync(networkPage, "utf8"), edges));
  }
  return pages;
}

/** The page with its last table written anew. */
async function withTable(page: string, edges: readonly Edge[]): Promise<string> {
  const begin = page.indexOf("\n| from", page.indexOf(HEADING));
  if (begin < 0) throw new Error(`docs/network.md has no table of edges below "${HEADING}"`);
  const { apiServerPorts } = targetProfile(loadConfig({}).cluster).network;
  const rows = edgeRows(edges, apiServerPorts).map(
    ({ from, to, ports, why }) => `| ${[from, to, ports.join(", ") || "any", why].join(" | ")} |`,
  );
  const table = ["", "| from | to | port | why |", "| --- | --- | --- | --- |", ...rows, ""].join("\n");
  return await format(page.slice(0, begin) + table, { parser: "markdown", printWidth: 120 });
}
