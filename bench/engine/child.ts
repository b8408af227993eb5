/** One run of an engine in a process of its own, as a command of the CLI is one: what to do in, its result out, as JSON. */
import { chooseEngine } from "../../cli/choose-engine.ts";
import type { EngineOptions } from "../../engine/types.ts";

export interface ChildTask {
  readonly engine: "local" | "pulumi";
  readonly operation: "preview" | "up" | "destroy";
  readonly options: EngineOptions;
}

const { engine, operation, options } = JSON.parse(process.argv[2] ?? "") as ChildTask;
const result = await (await chooseEngine(engine))[operation](options);
process.stdout.write(JSON.stringify(result));
process.exit(result.ok ? 0 : 1);
