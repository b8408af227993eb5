/** The embedded cluster by itself: `node clusters/embedded/main.ts start|stop|status|destroy|logs <part>`. */
import { destroy, inventoryLines, logs, start, status, stop } from "./cluster.ts";

const begun = Date.now();
const progress = (step: string, detail: string): void => {
  console.error(`${((Date.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${step}: ${detail}`);
};
const [command = "", argument = ""] = process.argv.slice(2);
const commands: Readonly<Record<string, () => Promise<unknown>>> = {
  start: () => start({ progress }),
  stop: () => stop({ progress }),
  status: () => status({ progress }),
  destroy: async () => inventoryLines(await destroy({ progress, keepData: argument === "--keep-data" })),
  logs: () => logs(argument),
};
try {
  const run = commands[command];
  if (run === undefined) throw new Error(`unknown command "${command}"; commands: ${Object.keys(commands).join(", ")}`);
  const result = await run();
  if (result !== undefined) console.log(JSON.stringify(result, null, 2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
