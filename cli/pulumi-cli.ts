/** The official CLI as an engine: its JSON event stream read into this project's events. */
import type { DestroyOptions } from "../engine/index.ts";
import type { EngineEvent, EngineOptions, EngineResult, Operation } from "../engine/types.ts";
import type { Engine } from "./engine.ts";
import { UserError } from "./errors.ts";
import { backendUrl, isEmptyBackend, makeWorkspace } from "./pulumi-workspace.ts";
import { run, type Ran } from "../platform/exec.ts";

type Json = Readonly<Record<string, unknown>>;

const operations: Readonly<Record<string, Operation>> = {
  create: "create",
  update: "update",
  replace: "replace",
  "create-replacement": "replace",
  "delete-replaced": "replace",
  "import-replacement": "replace",
  "read-replacement": "read",
  delete: "delete",
  discard: "delete",
  "discard-replaced": "delete",
  same: "same",
  refresh: "same",
  read: "read",
  import: "create",
};

const noChanges: Readonly<Record<Operation, number>> = {
  create: 0,
  update: 0,
  replace: 0,
  delete: 0,
  same: 0,
  read: 0,
};

const object = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
const string = (value: unknown): string => (typeof value === "string" ? value : "");
/** The CLI writes colours as `<{%fg 1%}>`. */
const plain = (value: unknown): string => string(value).replaceAll(/<\{%[^%]*%\}>/g, "");

/** Reads the lines of `pulumi up --json` and keeps what a result needs. */
export class EventReader {
  readonly errors: string[] = [];
  changes: Record<Operation, number> = { ...noChanges };
  #onEvent: ((event: EngineEvent) => void) | undefined;
  #startedAt = new Map<string, number>();

  constructor(onEvent?: (event: EngineEvent) => void) {
    this.#onEvent = onEvent;
  }

  /** Reads one line; lines that are no JSON event are the CLI's own words. */
  line(text: string): void {
    let event: Json;
    try {
      event = object(JSON.parse(text));
    } catch {
      if (text.trim() !== "") this.#onEvent?.({ kind: "diagnostic", severity: "info", message: text });
      return;
    }
    if ("resourcePreEvent" in event) this.#resource(object(event["resourcePreEvent"]), "start");
    if ("resOutputsEvent" in event) this.#resource(object(event["resOutputsEvent"]), "done");
    if ("resOpFailedEvent" in event) this.#resource(object(event["resOpFailedEvent"]), "failed");
    if ("diagnosticEvent" in event) this.#diagnostic(object(event["diagnosticEvent"]));
    if ("policyEvent" in event) this.#policy(object(event["policyEvent"]));
    if ("summaryEvent" in event) this.#summary(object(event["summaryEvent"]));
    if ("errorEvent" in event) this.errors.push(plain(object(event["errorEvent"])["error"]));
  }

  #resource(event: Json, status: "start" | "done" | "failed"): void {
    const metadata = object(event["metadata"]);
    const urn = string(metadata["urn"]);
    const started = this.#startedAt.get(urn);
    if (status === "start") this.#startedAt.set(urn, Date.now());
    const inputs = object(metadata["new"])["inputs"];
    this.#onEvent?.({
      kind: "resource",
      op: operations[string(metadata["op"])] ?? "same",
      urn,
      type: string(metadata["type"]),
      name: urn.split("::").at(-1) ?? urn,
      status,
      ...(status !== "start" && started !== undefined ? { elapsedMs: Date.now() - started } : {}),
      ...(Array.isArray(metadata["diffs"]) ? { diff: metadata["diffs"].map(String) } : {}),
      ...(status === "done" && inputs !== undefined ? { inputs: object(inputs) } : {}),
    });
  }

  #diagnostic(event: Json): void {
    const severity = string(event["severity"]);
    const message = plain(event["message"]).trimEnd();
    if (message === "") return;
    if (event["ephemeral"] === true) {
      const urn = string(event["urn"]);
      if (urn === "") return;
      const name = urn.split("::").at(-1) ?? urn;
      const type = urn.split("::").at(2)?.split("$").at(-1) ?? "";
      this.#onEvent?.({ kind: "resource", op: "create", urn, type, name, status: "progress", message });
      return;
    }
    const urn = string(event["urn"]);
    this.#onEvent?.({
      kind: "diagnostic",
      severity: severity === "error" || severity === "warning" || severity === "debug" ? severity : "info",
      message,
      ...(urn === "" ? {} : { urn }),
    });
    if (severity === "error") this.errors.push(message);
  }

  #policy(event: Json): void {
    const mandatory = event["enforcementLevel"] === "mandatory";
    const urn = string(event["resourceUrn"]);
    const message = plain(event["message"]).trim();
    const policy = string(event["policyName"]);
    this.#onEvent?.({
      kind: "policy",
      pack: string(event["policyPackName"]),
      policy,
      level: mandatory ? "mandatory" : "advisory",
      message,
      ...(urn === "" ? {} : { urn }),
    });
    if (mandatory) this.errors.push(`policy ${policy}: ${message}`);
  }

  #summary(event: Json): void {
    this.changes = { ...noChanges };
    for (const [op, count] of Object.entries(object(event["resourceChanges"]))) {
      const known = op in noChanges ? operations[op] : undefined;
      if (known !== undefined && typeof count === "number") this.changes[known] += count;
    }
  }
}

function environment(options: Pick<EngineOptions, "passphrase" | "env">): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...options.env,
    PULUMI_CONFIG_PASSPHRASE: options.passphrase,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true",
  };
}

/** The cause of a failed command when the event stream named none. */
function lastWords(ran: Ran): string {
  const lines = ran.stderr.split("\n").filter((line) => line.trim() !== "");
  return lines.length === 0 ? `pulumi ended with code ${ran.code}` : lines.slice(-5).map(plain).join("\n");
}

/** Whether a run was killed while it made something. */
function wasInterrupted(state: Json | undefined): boolean {
  const pending = state?.["pending_operations"];
  return Array.isArray(pending) && pending.some((operation) => object(operation)["type"] === "creating");
}

/** The CLI would make once more what a killed run has made, and fail: the local engine records it, where the state is its own, too. */
async function repaired(options: DestroyOptions): Promise<readonly string[]> {
  if (backendUrl(options.projectDir) !== `file://${options.projectDir}`) return [];
  const { repair } = await import("../engine/index.ts");
  return (await repair(options)).errors;
}

type Asked = Pick<EngineOptions, "projectDir" | "stack" | "passphrase" | "env">;

/** The official CLI at `cli`; `why` says why it was chosen. */
export function pulumiEngine(cli: string, why: string): Engine {
  const pulumi = async (args: readonly string[], options: Omit<Asked, "stack">, cwd = options.projectDir) =>
    await run(cli, args, { cwd, env: environment(options) });

  /** The stack's deployment, secrets sealed; `undefined` when there is no such stack. */
  const exported = async (options: Asked): Promise<Json | undefined> => {
    if (isEmptyBackend(backendUrl(options.projectDir))) return undefined;
    const ran = await pulumi(["stack", "export", "--stack", options.stack, "--non-interactive"], options);
    if (ran.code === 0) return object(object(JSON.parse(ran.stdout))["deployment"]);
    if (/no stack named/.test(ran.stderr)) return undefined;
    throw new UserError(`the state of stack ${options.stack} can't be read: ${lastWords(ran)}`);
  };

  const operate = async (command: "preview" | "up" | "destroy", options: DestroyOptions): Promise<EngineResult> => {
    const started = Date.now();
    const ended = (errors: readonly string[]): EngineResult => ({
      ok: errors.length === 0,
      changes: noChanges,
      durationMs: Date.now() - started,
      outputs: {},
      errors: [...errors],
    });
    const state = await exported(options);
    if (state === undefined && command === "destroy") return ended([]);
    if (command !== "preview" && wasInterrupted(state)) {
      const errors = await repaired(options);
      if (errors.length > 0) return ended(errors);
    }
    const { salt } = object(object(state?.["secrets_providers"])["state"]);
    const workspace = await makeWorkspace(options, typeof salt === "string" ? salt : undefined);
    try {
      const env = { ...options.env };
      if (state === undefined) {
        // What only looks leaves no stack behind: it makes one in a backend that goes with the workspace.
        const backend = command === "preview" ? `file://${workspace.folder}` : backendUrl(options.projectDir);
        const there = backend === undefined ? env : { ...env, PULUMI_BACKEND_URL: backend };
        const create = ["stack", "init", options.stack, "--no-select", "--non-interactive"];
        const created = await pulumi(create, { ...options, env: there }, workspace.folder);
        if (created.code !== 0) return ended([lastWords(created)]);
        if (command === "preview") Object.assign(env, there);
      }
      const reader = new EventReader(options.onEvent);
      const ran = await run(
        cli,
        [
          command,
          "--json",
          "--non-interactive",
          "--stack",
          options.stack,
          "--parallel",
          String(options.parallel ?? 8),
          ...(command === "preview" ? [] : ["--yes", "--skip-preview"]),
          ...(command === "destroy" ? [] : (options.policyPacks ?? []).flatMap((pack) => ["--policy-pack", pack])),
          "--config-file",
          workspace.configFile,
        ],
        {
          cwd: options.projectDir,
          env: environment({ ...options, env }),
          signal: options.signal,
          onStdout: (line) => {
            reader.line(line);
          },
        },
      );
      const errors = ran.code === 0 || reader.errors.length > 0 ? reader.errors : [lastWords(ran)];
      const outputs = command === "up" ? await stackOutputs(options) : {};
      return { ...ended(errors), ok: ran.code === 0, changes: reader.changes, outputs };
    } finally {
      workspace.remove();
    }
  };

  const stackOutputs: Engine["outputs"] = async (options) => {
    if (isEmptyBackend(backendUrl(options.projectDir))) return {};
    const ran = await pulumi(["stack", "output", "--json", "--stack", options.stack, "--non-interactive"], options);
    return ran.code === 0 ? { ...object(JSON.parse(ran.stdout === "" ? "{}" : ran.stdout)) } : {};
  };

  return {
    name: "pulumi",
    description: `Pulumi CLI at ${cli} (${why})`,
    preview: (options) => operate("preview", options),
    up: (options) => operate("up", options),
    async destroy(options) {
      if (options.clusterGone !== true) return await operate("destroy", options);
      // The objects went with their cluster: the provider is told to drop what it can't reach.
      return await operate("destroy", {
        ...options,
        env: { ...options.env, PULUMI_K8S_DELETE_UNREACHABLE: "true" },
      });
    },
    outputs: stackOutputs,
    async recorded(options, type) {
      const resources = (await exported(options))?.["resources"];
      const found = Array.isArray(resources)
        ? resources.map(object).find((resource) => resource["type"] === type)
        : undefined;
      return found === undefined ? undefined : { ...object(found["inputs"]) };
    },
  };
}
