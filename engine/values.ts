/** Property values as they travel over Pulumi's wire: JSON plus signed envelopes for secrets, outputs, assets and unknowns. */

import { isDeepStrictEqual } from "node:util";

export type Props = Record<string, unknown>;

/** Key that marks an object as an envelope; its value says which kind. */
export const signature = "4dabf18193072939515e22adb298388d";
export const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
/** Stands for a value that is known only after the deployment. */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export function isObject(value: unknown): value is Props {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An object as it is; anything else, and nothing, as an empty one. */
export function objectOf(value: unknown): Props {
  return isObject(value) ? value : {};
}

/** The metadata of a Kubernetes object. */
export function metadataOf(object: Props): Props {
  return objectOf(object["metadata"]);
}

/** A scalar as text; anything else, and nothing, as `otherwise`. */
export function textOf(value: unknown, otherwise = ""): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : otherwise;
}

export function isSecret(value: unknown): value is { value: unknown } & Props {
  return isObject(value) && value[signature] === secretSignature;
}

export function secret(value: unknown): Props {
  return isSecret(value) ? value : { [signature]: secretSignature, value };
}

/** Applies `change` to every object below `value`, parents first; `undefined` means "go on below it". */
function walk(value: unknown, change: (object: Props) => { readonly to: unknown } | undefined): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => walk(item, change));
  }
  if (!isObject(value)) {
    return value;
  }
  const changed = change(value);
  if (changed !== undefined) {
    return changed.to;
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, change)]));
}

/** Output values become plain values, secrets or unknowns. */
export function flattenOutputs(value: unknown): unknown {
  return walk(value, (object) => {
    if (object[signature] !== outputSignature) {
      return undefined;
    }
    const plain = "value" in object ? flattenOutputs(object["value"]) : unknown;
    return { to: object["secret"] === true ? secret(plain) : plain };
  });
}

/** The value without secret envelopes. */
export function reveal(value: unknown): unknown {
  return walk(value, (object) => (isSecret(object) ? { to: reveal(object.value) } : undefined));
}

/** The value with "[secret]" in place of each secret, and "[unknown]" of what only the deployment tells. */
export function mask(value: unknown): unknown {
  if (value === unknown) {
    return "[unknown]";
  }
  if (Array.isArray(value)) {
    return value.map(mask);
  }
  if (isObject(value) && !isSecret(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mask(item)]));
  }
  return isSecret(value) ? "[secret]" : value;
}

export function hasUnknown(value: unknown): boolean {
  if (Array.isArray(value)) {
    return value.some(hasUnknown);
  }
  return value === unknown || (isObject(value) && Object.values(value).some(hasUnknown));
}

/** Every text of at least 8 characters inside a secret. */
export function secretTexts(value: unknown, found = new Set<string>(), inside = false): Set<string> {
  if (typeof value === "string") {
    if (inside && value.length >= 8 && value !== unknown) {
      found.add(value);
    }
  } else if (Array.isArray(value)) {
    for (const item of value) {
      secretTexts(item, found, inside);
    }
  } else if (isObject(value)) {
    const below = inside || isSecret(value);
    for (const [key, item] of Object.entries(value)) {
      if (key !== signature) {
        secretTexts(item, found, below);
      }
    }
  }
  return found;
}

/** Wraps every text that contains one of `texts`: a provider's answer repeats its inputs, without their envelopes. */
export function hideTexts(value: unknown, texts: ReadonlySet<string>): unknown {
  if (texts.size === 0) {
    return value;
  }
  if (typeof value === "string") {
    for (const text of texts) {
      if (value.includes(text)) {
        return secret(value);
      }
    }
    return value;
  }
  if (Array.isArray(value)) {
    return value.map((item) => hideTexts(item, texts));
  }
  if (isObject(value) && !isSecret(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hideTexts(item, texts)]));
  }
  return value;
}

/** Makes secret in `outputs` what is secret at the same path of `inputs`, however short it is. */
export function hideAt(inputs: unknown, outputs: unknown): unknown {
  if (outputs === undefined || isSecret(outputs)) {
    return outputs;
  }
  if (isSecret(inputs)) {
    return secret(reveal(outputs));
  }
  if (Array.isArray(inputs) && Array.isArray(outputs)) {
    return outputs.map((item, index) => hideAt(inputs[index], item));
  }
  if (isObject(inputs) && isObject(outputs)) {
    return Object.fromEntries(Object.entries(outputs).map(([key, item]) => [key, hideAt(inputs[key], item)]));
  }
  return outputs;
}

/** Paths (`spec.template.spec.containers[0].image`) at which the two values differ, secrets compared in the clear. */
export function diffPaths(before: unknown, after: unknown): string[] {
  const paths: string[] = [];
  compare(reveal(before), reveal(after), "", paths);
  return paths;
}

function compare(before: unknown, after: unknown, path: string, paths: string[]): void {
  if (isObject(before) && isObject(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      compare(before[key], after[key], stepTo(path, key), paths);
    }
  } else if (Array.isArray(before) && Array.isArray(after)) {
    for (let index = 0; index < Math.max(before.length, after.length); index++) {
      compare(before[index], after[index], `${path}[${index}]`, paths);
    }
  } else if (!isDeepStrictEqual(before ?? undefined, after ?? undefined)) {
    paths.push(path);
  }
}

/** Paths of what `inputs` sets at which two later looks at the object differ. */
export function driftPaths(inputs: unknown, before: unknown, now: unknown, path = ""): string[] {
  if (isObject(inputs) && isObject(before)) {
    const live = isObject(now) ? now : {};
    return Object.keys(inputs).flatMap((key) => driftPaths(inputs[key], before[key], live[key], stepTo(path, key)));
  }
  if (Array.isArray(inputs) && Array.isArray(before)) {
    const live: unknown[] = Array.isArray(now) ? now : [];
    return inputs.flatMap((item, index) => driftPaths(item, before[index], live[index], `${path}[${index}]`));
  }
  return before === undefined || isDeepStrictEqual(before, now) ? [] : [path];
}

/** The path one step further. */
export function stepTo(path: string, key: string): string {
  const isPlain = /^[\w-]+$/.test(key);
  return path + (isPlain ? (path === "" ? key : `.${key}`) : `["${key.replaceAll('"', '\\"')}"]`);
}

/** Deep merge; arrays and scalars of `over` win. */
export function merge(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over) || isSecret(base) || isSecret(over)) {
    return over === undefined ? base : over;
  }
  const result: Props = { ...base };
  for (const [key, value] of Object.entries(over)) {
    result[key] = merge(base[key], value);
  }
  return result;
}
