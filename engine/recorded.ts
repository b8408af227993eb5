/** What a stack's state says of its components, read from its file without opening a secret. */
import { readFileSync } from "node:fs";
import { statePaths } from "./state.ts";
import { isObject, objectOf, type Props } from "./values.ts";

export interface RecordedState {
  /** Whether it records anything. A damaged state counts: nobody knows what it records. */
  readonly hasResources: boolean;
  /** Inputs of the first resource that has one of these types. */
  inputs(types: readonly string[]): Props | undefined;
}

/** The stack's state in this folder; where it is kept elsewhere, or not there yet, it records nothing. */
export function recordedState(projectDir: string, project: string, stack: string): RecordedState {
  const { checkpoint } = statePaths(projectDir, project, stack);
  let resources: Props[];
  try {
    const stored = objectOf(JSON.parse(readFileSync(checkpoint, "utf8")));
    const listed = objectOf(objectOf(stored["checkpoint"])["latest"])["resources"];
    resources = Array.isArray(listed) ? listed.filter(isObject) : [];
  } catch (error) {
    return { hasResources: (error as NodeJS.ErrnoException).code !== "ENOENT", inputs: () => undefined };
  }
  return {
    hasResources: resources.length > 0,
    inputs(types) {
      const found = resources.find(({ type, delete: isGoing }) => types.includes(String(type)) && isGoing !== true);
      return found === undefined ? undefined : objectOf(found["inputs"]);
    },
  };
}
