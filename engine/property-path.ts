/** Property paths as in Pulumi's options: `a.b[0]["c.d/e"][*]`. */

import { isObject, isSecret, type Props, reveal, secret } from "./values.ts";

const parsed = new Map<string, readonly string[]>();

/**
 * The steps of a path; `*` stands for every one.
 * @throws Error when a bracket or a quote is not closed.
 */
export function pathSteps(path: string): readonly string[] {
  let steps = parsed.get(path);
  if (steps === undefined) {
    steps = parse(path);
    parsed.set(path, steps);
  }
  return steps;
}

function parse(path: string): string[] {
  const step = /\.?(?:\["((?:\\"|[^"])*)"\]|\[(\d+|\*)\]|([^.["\]]+))/y;
  const steps: string[] = [];
  while (step.lastIndex < path.length) {
    const at = step.lastIndex;
    const found = step.exec(path);
    if (found === null) {
      throw new Error(
        `"${path}" is not a property path: "${path.slice(at)}" should be a name, [number], [*] or ["any key"], ` +
          'as in spec.containers[0].image or metadata.annotations["example.com/key"]',
      );
    }
    const [, quoted, index, name] = found;
    steps.push(quoted === undefined ? (index ?? name ?? "") : quoted.replaceAll('\\"', '"'));
  }
  return steps;
}

/** Whether `path` is `prefix` or lies below it; `*` in the prefix stands for any one step. */
export function isBelow(path: string, prefix: string): boolean {
  const have = pathSteps(path);
  return pathSteps(prefix).every((step, index) => have[index] !== undefined && (step === "*" || step === have[index]));
}

/** `next` with the values of `last` at the given paths (ignoreChanges). */
export function keepAt(last: Props, next: Props, paths: readonly string[]): Props {
  return paths.reduce((result, path) => keep(last, result, pathSteps(path)) as Props, next);
}

function keep(last: unknown, next: unknown, steps: readonly string[]): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) {
    return last;
  }
  if (isSecret(last) || isSecret(next)) {
    const kept = keep(reveal(last), reveal(next), steps);
    return secret(kept);
  }
  if (Array.isArray(next)) {
    const before: unknown[] = Array.isArray(last) ? last : [];
    return next.map((item: unknown, index) =>
      step === "*" || step === String(index) ? keep(before[index], item, rest) : item,
    );
  }
  if (!isObject(next)) {
    return next;
  }
  const before = isObject(last) ? last : {};
  const result: Props = { ...next };
  for (const key of step === "*" ? new Set([...Object.keys(before), ...Object.keys(next)]) : [step]) {
    const kept = rest.length > 0 && !(key in next) ? undefined : keep(before[key], next[key], rest);
    if (kept === undefined) {
      Reflect.deleteProperty(result, key);
    } else {
      result[key] = kept;
    }
  }
  return result;
}
