/** `npm run bench`: hands its arguments to the benchmark. */
import type { Command } from "./command.ts";
import { forward } from "./forward.ts";

export const bench: Command = {
  summary: "measures latency, loss and memory under load",
  options: {},
  passThrough: true,
  run: (_values, args) => forward("bench/main.ts", args),
};
