/** `npm run preview`: what `up` would change, and every object as a file, without touching a cluster. */
import type { EngineResult } from "../engine/types.ts";
import type { Command } from "./command.ts";
import { countChanges, EngineProgress, renderChanges } from "./engine-progress.ts";
import { chooseEngine } from "./choose-engine.ts";
import { reportErrors } from "./errors.ts";
import { engineOption, stackArgs, stackOptions, text } from "./options.ts";
import { projectDir } from "./paths.ts";
import { createProgress } from "./progress.ts";
import { type Rendered, renderedObject, writeRendered } from "./render.ts";
import { fitWarnings } from "./room.ts";
import { engineOptions, readStackAsBefore } from "./stack.ts";
import { duration } from "./table.ts";
import { checkTransitions } from "./transitions.ts";

/** What `preview --json` prints. */
export interface PreviewReport {
  readonly ok: boolean;
  readonly stack: string;
  readonly target: string;
  readonly engine: string;
  readonly changes: EngineResult["changes"];
  readonly resources: readonly PreviewedResource[];
  readonly durationMs: number;
  /** What an up would refuse on the cluster that there is now: more than its nodes can give. */
  readonly warnings: readonly string[];
  readonly errors: readonly string[];
}

export interface PreviewedResource {
  readonly op: string;
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  readonly diff: readonly string[];
}

export const preview: Command = {
  summary: "shows what up would create, update, replace and delete; changes nothing",
  options: {
    ...stackOptions,
    ...engineOption,
    render: {
      type: "string",
      value: "folder",
      help: "write every Kubernetes object to this folder as YAML, with secrets masked",
    },
  },
  async run(values) {
    const args = stackArgs(values);
    const engine = await chooseEngine(args.engine);
    const { stack, note } = await readStackAsBefore(args, engine);
    await checkTransitions(stack, engine);
    const progress = createProgress({ sink: process.stderr });
    if (note !== undefined) progress.log(note);
    const warnings = await fitWarnings(stack);
    for (const warning of warnings) progress.log(`does not fit: ${warning}`);
    const resources: PreviewedResource[] = [];
    const rendered: Rendered[] = [];
    const shown = new EngineProgress(
      progress,
      `preview of stack ${stack.name} on ${stack.profile.target} by the ${engine.description}`,
    );
    const result = await engine.preview({
      ...engineOptions(stack, false),
      policyPacks: [`${projectDir}/policies`],
      onEvent(event) {
        shown.onEvent(event);
        if (event.kind !== "resource" || event.status !== "done") return;
        const { op, type, name, urn, diff = [] } = event;
        resources.push({ op, type, name, urn, diff });
        const object = renderedObject(event);
        if (object !== undefined) rendered.push(object);
      },
    });
    shown.end(result.ok, renderChanges(result.changes, false));
    progress.stop();
    const folder = text(values, "render");
    if (folder !== undefined && result.ok) {
      writeRendered(folder, rendered);
      process.stderr.write(`${rendered.length} objects written to ${folder}\n`);
    }
    const report: PreviewReport = {
      ok: result.ok,
      stack: stack.name,
      target: stack.profile.target,
      engine: engine.name,
      changes: result.changes,
      resources,
      durationMs: result.durationMs,
      warnings,
      errors: result.errors,
    };
    process.stdout.write(`${args.json ? JSON.stringify(report, null, 2) : renderPreview(report)}\n`);
    reportErrors(report.errors);
    return report.ok ? 0 : 1;
  },
};

export function renderPreview(report: PreviewReport): string {
  const summary = `${renderChanges(report.changes, false)}, in ${duration(report.durationMs)}; nothing was touched`;
  return report.ok && countChanges(report.changes) === 0 ? `up to date: ${summary}` : summary;
}
