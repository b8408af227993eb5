/** `npm run e2e`: the whole life of the platform on this machine, by the commands that a user types. */
import type { Command } from "./command.ts";
import { forward } from "./forward.ts";

export const e2e: Command = {
  summary: "runs the end-to-end test on this machine: up, check, faults, down",
  options: {},
  passThrough: true,
  run: (_values, args) => forward("tests/e2e/main.ts", args),
};
