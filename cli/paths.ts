import { dirname, join } from "node:path";

/** Folder of Pulumi.yaml. */
export const projectDir = dirname(import.meta.dirname);
/** Run-time files of Millrace itself. */
export const stateDir = join(projectDir, ".millrace");
