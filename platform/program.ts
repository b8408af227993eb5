/** Programs that a room brings into its pods as text. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Text of a file in the folder `programs/` of a room.
 * @param room The room's folder, which is `import.meta.dirname` of its modules.
 */
export function programText(room: string, file: string): string {
  return readFileSync(join(room, "programs", file), "utf8");
}
