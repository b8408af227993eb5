/** Where the passphrase of the stacks' secrets comes from. */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { UserError } from "./errors.ts";

export interface Passphrase {
  readonly value: string;
  /** `environment`, a file's path, or `new` for one that was made for this run only. */
  readonly source: string;
}

/**
 * `$PULUMI_CONFIG_PASSPHRASE`, else the file that `$PULUMI_CONFIG_PASSPHRASE_FILE` names, else `<stateDir>/passphrase`.
 * Where none exists a random one is made, and kept (mode 0600) only if `keep`.
 * @throws UserError when the named file cannot be read or is empty.
 */
export function findPassphrase(
  stateDir: string,
  keep: boolean,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Passphrase {
  const direct = env["PULUMI_CONFIG_PASSPHRASE"];
  if (direct !== undefined) return { value: direct, source: "environment" };
  const named = env["PULUMI_CONFIG_PASSPHRASE_FILE"];
  if (named !== undefined && named !== "") {
    const value = read(named);
    if (value === undefined || value === "") {
      throw new UserError(
        `$PULUMI_CONFIG_PASSPHRASE_FILE names ${named}, which ${value === "" ? "is empty" : "cannot be read"}; put the passphrase there or unset the variable`,
      );
    }
    return { value, source: named };
  }
  const own = join(stateDir, "passphrase");
  const kept = read(own);
  if (kept !== undefined && kept !== "") return { value: kept, source: own };
  const value = randomBytes(24).toString("base64url");
  if (!keep) return { value, source: "new" };
  mkdirSync(stateDir, { recursive: true });
  writeFileSync(own, `${value}\n`, { mode: 0o600 });
  return { value, source: own };
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trimEnd();
  } catch {
    return undefined;
  }
}
