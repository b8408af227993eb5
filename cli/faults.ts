/** `npm run faults`: hands its arguments to the program that tries them. */
import type { Command } from "./command.ts";
import { forward } from "./forward.ts";

export const faults: Command = {
  summary: "tries the faults and bad inputs of docs/faults.md and says what was seen",
  options: {},
  passThrough: true,
  run: (_values, args) => forward("tests/e2e/listed/main.ts", args),
};
