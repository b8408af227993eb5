/** What the platform notes of a group that it has made, in the group's comments: NiFi has no other place that stays with a group. */

export interface Mark {
  /** `begun`: it is not put in, or does not run yet, or not all of it. */
  readonly word: "begun" | "file";
  /** Hash of the file. */
  readonly file: string;
  /** Fingerprint of what was there when this was written; `undefined`: of what has just been put in nobody knows it yet. */
  readonly flow?: string | undefined;
  /** Name of the group: a copy of a group has its comments too, and another name. */
  readonly name: string;
}

const OWN = "Kept as code by the platform: changes here are seen, and not overwritten.";
const MARK = /millrace: (begun|file) ([0-9a-f]{16})(?:, flow ([0-9a-f]{16}))?, group (.+)$/m;

/** A group, as far as it has a mark. */
interface Marked {
  readonly component: { readonly name: string; readonly comments?: string | null | undefined };
}

/** @returns `undefined`: people have made the group */
export function markOf({ component }: Marked): Mark | undefined {
  const [found, word, file = "", flow, name = ""] = MARK.exec(component.comments ?? "") ?? [];
  if (found === undefined || name !== component.name) return undefined;
  return { word: word === "begun" ? "begun" : "file", file, flow, name };
}

/** @param description What the group's own comments say */
export function commentsOf({ word, file, flow, name }: Mark, description: string): string {
  const mark = `millrace: ${word} ${file}${flow === undefined ? "" : `, flow ${flow}`}, group ${name}`;
  return `${description === "" ? "" : `${description}\n\n`}${OWN}\n${mark}`;
}

/** What the comments of a group say beside the mark. */
export function descriptionOf(comments: string | null | undefined): string {
  return (comments?.split(OWN)[0] ?? "").trim();
}
