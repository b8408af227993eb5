/** `npm run bench`: hands its arguments to the benchmark. */
import type { Command } from "./command.ts";
import { forward } from "./forward.ts";

export const bench: Command = {
  summary: "measures the platform at rest, at its start and under load",
  options: {},
  passThrough: true,
  run: (_values, args) => forward("bench/main.ts", args),
};
