/** `npm run flows`: what people have drawn in services, beside the files that keep it; `--pull` writes it into them. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { PlatformConfig } from "../config/index.ts";
import { rooms, viewOf } from "../config/rooms.ts";
import { repositoryDir } from "../platform/images/files.ts";
import type { Drawing, Running } from "../platform/operating.ts";
import { chooseEngine } from "./choose-engine.ts";
import type { Command } from "./command.ts";
import { type Asking, confirm } from "./confirm.ts";
import { UserError } from "./errors.ts";
import { connect } from "./kube.ts";
import { engineOption, stackArgs, stackOptions, text, yesOption } from "./options.ts";
import { wayTo } from "./password.ts";
import { runningPlatform } from "./running.ts";
import { readStackAsItRuns } from "./stack.ts";
import { table } from "./table.ts";

/** What `flows --json` prints. */
export interface FlowsReport {
  readonly flows: readonly ShownFlow[];
  /** Files that were written, relative to the repository. */
  readonly written: readonly string[];
}

export interface ShownFlow {
  readonly service: string;
  readonly name: string;
  /** Its file, relative to the repository; `null` where it has none. */
  readonly file: string | null;
  readonly state: string;
}

type Room = (typeof rooms)[number];
interface Found extends Drawing {
  readonly room: Room;
}

const drawn = rooms.filter(({ drawings }) => drawings !== undefined);
const titles = drawn.map(({ title, name }) => title ?? name).join(" and ");

export const flows: Command = {
  summary: `shows how the flows of ${titles} are to their files; --pull writes what was drawn into them`,
  options: {
    ...stackOptions,
    ...engineOption,
    ...yesOption,
    pull: { type: "boolean", help: "write what was changed on the canvas into the files" },
    flow: { type: "string", value: "name", help: "with --pull: only this one, which may have no file yet" },
  },
  async run(values) {
    const args = stackArgs(values);
    const isPull = values["pull"] === true;
    const only = text(values, "flow");
    if (only !== undefined && !isPull) throw new UserError("flows --flow: names what --pull writes; give both");
    const { config, profile } = (await readStackAsItRuns(args, await chooseEngine(args.engine))).stack;
    const { namespace } = config.cluster;
    const running = runningPlatform(connect(profile), { namespace, exposure: profile.exposure, addresses: [] });
    const found = await findFlows(config, running);
    const written = isPull
      ? await pullFlows(found, running, {
          only,
          yes: values["yes"] === true,
          again: `npm run flows -- --pull --yes`,
        })
      : [];
    const shown = found.map(({ room, name, file, state }) => ({ service: room.name, name, file: file ?? null, state }));
    const report: FlowsReport = { flows: shown, written };
    process.stdout.write(`${args.json ? JSON.stringify(report, null, 2) : renderFlows(report, isPull)}\n`);
    return 0;
  },
};

/** @throws UserError where no service that runs has flows */
export async function findFlows(config: PlatformConfig, running: Pick<Running, "ask">): Promise<readonly Found[]> {
  const lists = await Promise.all(
    drawn.map(async (room) => {
      const list = await room.drawings?.list(viewOf(room, config).own, running);
      return list?.map((one) => ({ ...one, room }));
    }),
  );
  const known = lists.filter((list) => list !== undefined);
  if (known.length === 0) {
    throw new UserError(
      `flows: ${titles} is off in this stack; ${drawn.map(({ name }) => wayTo(name)).join("; ")} brings it`,
    );
  }
  return known.flat();
}

/** @throws UserError with all that is wrong, before anything is written */
export async function pullFlows(
  found: readonly Found[],
  running: Pick<Running, "ask">,
  { only, ...asking }: Asking & { readonly only: string | undefined },
  root = repositoryDir,
): Promise<string[]> {
  const chosen = found.filter(({ name, isDrawn }) => (only === undefined ? isDrawn : name === only));
  if (only !== undefined && chosen.length === 0) {
    const names = found.map(({ name }) => name).join(", ") || "none";
    throw new UserError(`flows --flow ${only}: there is no such flow; there are ${names}`);
  }
  const pulled = await Promise.all(
    chosen.map(async ({ room, name, file, hash, isFileChanged = false }) => {
      const content = (await room.drawings?.read(running, name)) ?? "";
      const target = file ?? `${room.drawings?.folder ?? ""}/${fileName(name)}.json`;
      const isOthers = found.some((one) => one.name !== name && one.file === target);
      const problems = isOthers
        ? [
            `flow ${name}: its file would be ${target}, which is another flow's; give the group another name on the canvas`,
          ]
        : (room.drawings?.problems(target, content) ?? []);
      return { target, content, hash, isFileChanged, problems };
    }),
  );
  const problems = pulled.flatMap((one) => one.problems);
  if (problems.length > 0) throw new UserError([...problems, "Nothing was written."].join("\n"));
  const lines = pulled.flatMap(({ target, hash, isFileChanged }) => {
    if (isEdited(join(root, target), hash))
      return [`${target} is not what the platform has: what was written there goes.`];
    return isFileChanged ? [`${target} was changed as well: what was changed there goes.`] : [];
  });
  if (lines.length > 0) await confirm(lines, asking);
  for (const { target, content } of pulled) {
    mkdirSync(dirname(join(root, target)), { recursive: true });
    writeFileSync(join(root, target), content);
  }
  return pulled.map(({ target }) => target);
}

/** Whether a file is there and has something else than what the platform was given. */
function isEdited(path: string, hash: string | undefined): boolean {
  if (!existsSync(path)) return false;
  return hash === undefined || !createHash("sha256").update(readFileSync(path)).digest("hex").startsWith(hash);
}

function fileName(name: string): string {
  const plain = name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return plain.replace(/^-|-$/g, "") || "flow";
}

export function renderFlows({ flows: shown, written }: FlowsReport, isPull: boolean): string {
  if (isPull) {
    if (written.length === 0) return "nothing was drawn that the files do not have";
    return [...written.map((file) => `${file}: written`), "npm run up makes the platform take them."].join("\n");
  }
  if (shown.length === 0) return "there are no flows";
  const rows = shown.map(({ name, file, state }) => [name, file ?? "-", state]);
  return table(["flow", "file", "state"], rows);
}
