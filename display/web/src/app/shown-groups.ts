/** Pages of the menu, as far as the server has something to show on them. */
import { pageParts, partsMeta } from "../../../protocol.ts";
import { groupsWith, type PageGroup } from "../logic/pages.ts";

export function shownGroups(): readonly PageGroup[] {
  const told = document.querySelector(`meta[name="${partsMeta}"]`)?.getAttribute("content");
  return groupsWith(told == null ? pageParts : told.split(" "));
}
