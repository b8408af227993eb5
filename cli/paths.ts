import { homedir } from "node:os";
import { dirname, join } from "node:path";

/** Folder of Pulumi.yaml. */
export const projectDir = dirname(import.meta.dirname);
/** Run-time files of Millrace itself. */
export const stateDir = join(projectDir, ".millrace");
/** Where downloads and builds are kept between runs. */
export const cacheDir = process.env["MILLRACE_CACHE"] ?? join(homedir(), ".cache", "millrace");
