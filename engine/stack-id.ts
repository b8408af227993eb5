/**
 * What tells one stack from every other, also from a colleague's of the same project and name: 16 hex characters, made
 * by the stack's first `up` and kept beside its state in `.pulumi/millrace/<project>/<stack>.id`.
 */

import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const form = /^[0-9a-f]{16}$/;

export function stackIdFile(projectDir: string, project: string, stack: string): string {
  return join(projectDir, ".pulumi", "millrace", project, `${stack}.id`);
}

/**
 * The stack's id; `undefined` before its first `up`.
 * @throws Error when the file is there and holds no id: a new one would make the stack's objects somebody else's.
 */
export function readStackId(projectDir: string, project: string, stack: string): string | undefined {
  const file = stackIdFile(projectDir, project, stack);
  let text: string;
  try {
    text = readFileSync(file, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    throw error;
  }
  if (!form.test(text)) {
    throw new Error(
      `${file} holds "${text.slice(0, 40)}" instead of the stack's id, 16 characters of 0-9 and a-f; ` +
        "put the file back from a backup. Without one, remove it: a new id is made, and the stack keeps what its state records",
    );
  }
  return text;
}

/** The stack's id, made now if there is none; of two runs that make one at the same time, both get the same. */
export function ensureStackId(projectDir: string, project: string, stack: string): string {
  const known = readStackId(projectDir, project, stack);
  if (known !== undefined) {
    return known;
  }
  const file = stackIdFile(projectDir, project, stack);
  mkdirSync(dirname(file), { recursive: true });
  const made = randomBytes(8).toString("hex");
  const temporary = `${file}.${made}`;
  writeFileSync(temporary, `${made}\n`);
  try {
    linkSync(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw error;
    }
  } finally {
    rmSync(temporary, { force: true });
  }
  return readStackId(projectDir, project, stack) ?? made;
}

/** To be called when nothing of the stack is left. */
export function removeStackId(projectDir: string, project: string, stack: string): void {
  rmSync(stackIdFile(projectDir, project, stack), { force: true });
}
