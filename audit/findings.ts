/** What the checkers have found, and what of it is waived, known or new. */
import { matchesGlob } from "node:path";

export const severities = ["high", "medium", "low"] as const;
export type Severity = (typeof severities)[number];

/** A rule that an object breaks. */
export interface Finding {
  /** `checker/rule`. */
  readonly rule: string;
  /** What the rule asks for, in the checker's words. */
  readonly title: string;
  readonly severity: Severity;
  /** `Kind/name`. */
  readonly object: string;
  /** Stacks in which the object breaks it. */
  readonly stacks: readonly string[];
}

/** Somebody's decision that a rule need not hold for some objects. */
export interface Waiver {
  readonly rule: string;
  /** `Kind/name`; `*` stands for any text within one of both. */
  readonly objects: readonly string[];
  readonly reason: string;
  /** Last day on which it holds, `YYYY-MM-DD`. */
  readonly expires: string;
}

/** Objects that are known to break a rule and are still to be mended, by rule. */
export type Baseline = Readonly<Record<string, readonly string[]>>;

export interface Judgement {
  /** Neither waived nor known: each makes the audit fail. */
  readonly open: readonly Finding[];
  readonly waived: readonly { readonly finding: Finding; readonly waiver: Waiver }[];
  readonly known: readonly Finding[];
  /** What is wrong with the waivers and the baseline: each makes the audit fail. */
  readonly problems: readonly string[];
}

export interface Rules {
  readonly waivers: readonly Waiver[];
  readonly baseline: Baseline;
  /** Checkers that have run; of others nothing is known. */
  readonly ran: readonly string[];
  /** Day of the audit, `YYYY-MM-DD`. */
  readonly today: string;
}

/** Whether a pattern of a waiver means an object. */
export function means(pattern: string, object: string): boolean {
  return matchesGlob(object, pattern);
}

/** Sorts findings by what was decided of them, and finds decisions that are over or that nothing needs any more. */
export function judge(findings: readonly Finding[], { waivers, baseline, ran, today }: Rules): Judgement {
  const hasRun = (rule: string): boolean => ran.includes(rule.split("/")[0] ?? "");
  const [valid, over] = [
    waivers.filter(({ expires }) => expires >= today),
    waivers.filter(({ expires }) => expires < today),
  ];
  const waiverOf = ({ rule, object }: Finding): Waiver | undefined =>
    valid.find((waiver) => waiver.rule === rule && waiver.objects.some((pattern) => means(pattern, object)));
  const isKnown = ({ rule, object, severity }: Finding): boolean =>
    severity !== "high" && (baseline[rule] ?? []).includes(object);

  const waived = findings.flatMap((finding) => {
    const waiver = waiverOf(finding);
    return waiver === undefined ? [] : [{ finding, waiver }];
  });
  const rest = findings.filter((finding) => waiverOf(finding) === undefined);
  const problems = [
    ...over.map(({ rule, expires }) => `the waiver of ${rule} ended on ${expires}; mend what it names, or decide anew`),
    ...waivers.flatMap(({ rule, objects }) =>
      objects
        .filter(
          (pattern) => hasRun(rule) && !findings.some((found) => found.rule === rule && means(pattern, found.object)),
        )
        .map((pattern) => `the waiver of ${rule} for ${pattern} is not needed any more; remove it`),
    ),
    ...Object.entries(baseline).flatMap(([rule, objects]) =>
      objects.flatMap((object) => {
        const found = findings.find((one) => one.rule === rule && one.object === object);
        if (found === undefined) {
          return hasRun(rule) ? [`the baseline has ${object} for ${rule}, which is mended; take it out`] : [];
        }
        if (found.severity === "high")
          return [`the baseline has ${object} for ${rule}, which is high; mend it, or waive it with a reason`];
        return waiverOf(found) === undefined
          ? []
          : [`the baseline has ${object} for ${rule}, which is waived; take it out`];
      }),
    ),
  ];
  return { open: rest.filter((one) => !isKnown(one)), known: rest.filter(isKnown), waived, problems };
}

/** One finding for each rule and object, with all stacks that have it. */
export function merged(findings: readonly Finding[]): Finding[] {
  const groups = Map.groupBy(findings, ({ rule, object }) => `${rule} ${object}`);
  return [...groups.keys()].sort().flatMap((key) => {
    const [first, ...others] = groups.get(key) ?? [];
    if (first === undefined) return [];
    return [{ ...first, stacks: [...new Set([first, ...others].flatMap(({ stacks }) => stacks))] }];
  });
}
