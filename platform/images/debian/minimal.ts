/** Which packages Debian's minimal system has, as `mmdebstrap --variant=minbase` chooses them. */
import type { DebianPackage } from "./archive.ts";

/**
 * Essential packages, those of priority `required`, apt, and all that these depend on; of alternatives the first one that
 * there is, unless another is there already.
 * @throws Error naming the package that is missing, and which one needs it.
 */
export function minimalSystem(all: readonly DebianPackage[]): DebianPackage[] {
  const byName = new Map(all.map((pack) => [pack.get("package") ?? "", pack]));
  const providers = new Map<string, string>();
  for (const [name, pack] of byName) {
    for (const provided of namesIn(pack, "provides").flat()) {
      if (!providers.has(provided)) providers.set(provided, name);
    }
  }
  const isMinimal = (pack: DebianPackage): boolean =>
    pack.get("essential") === "yes" || pack.get("priority") === "required" || pack.get("package") === "apt";
  const chosen = new Map<string, DebianPackage>();
  const provided = new Set<string>();
  const choose = (name: string, neededBy: string): void => {
    const pack = byName.get(name);
    if (pack === undefined) throw new Error(`the archive has no package ${name}, which ${neededBy} needs`);
    chosen.set(name, pack);
    for (const one of namesIn(pack, "provides").flat()) provided.add(one);
  };
  for (const [name, pack] of byName) if (isMinimal(pack)) choose(name, "Debian");
  // What is chosen on the way is gone through as well.
  for (const [name, pack] of chosen) {
    for (const alternatives of [...namesIn(pack, "pre-depends"), ...namesIn(pack, "depends")]) {
      if (alternatives.some((one) => chosen.has(one) || provided.has(one))) continue;
      const real = alternatives.find((one) => byName.has(one));
      const virtual = alternatives.map((one) => providers.get(one)).find((one) => one !== undefined);
      choose(real ?? virtual ?? alternatives.join(" | "), name);
    }
  }
  const sorted = [...chosen].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([, pack]) => pack);
}

/** Names in a relation such as `libc6 (>= 2.36), awk | mawk:any`: of each alternative one. */
function namesIn(pack: DebianPackage, field: string): string[][] {
  return (pack.get(field) ?? "")
    .split(",")
    .map((group) => group.split("|").map((one) => one.trim().replace(/[ (:[].*$/, "")))
    .filter(([first]) => first !== undefined && first !== "");
}
