/** The local engine: preview, up, destroy and outputs of an ordinary Pulumi program, without the official CLI. */

import { mkdir } from "node:fs/promises";
import { adopt } from "./adopt.ts";
import { removeClusterUids } from "./cluster-uids.ts";
import { isSealed, programConfig, type Project, readProject, readStackConfig } from "./config.ts";
import { deleteResources } from "./deletions.ts";
import { Deployment } from "./deployment.ts";
import { Events } from "./events.ts";
import { runProgram } from "./host.ts";
import { Ledger } from "./ledger.ts";
import { Limit } from "./limit.ts";
import { takeLock } from "./lock.ts";
import { PolicyPacks } from "./policy.ts";
import { packageOf, Providers } from "./providers.ts";
import { Crypter } from "./secrets.ts";
import { ensureStackId, readStackId, removeStackId } from "./stack-id.ts";
import { openSnapshot, readStored, type ResourceState, statePaths, StateWriter } from "./state.ts";
import type { EngineOptions, EngineResult } from "./types.ts";
import { stackType } from "./urn.ts";
import { mask, type Props, reveal, secret } from "./values.ts";

export type { EngineEvent, EngineOptions, EngineResult, Operation } from "./types.ts";

const defaultParallel = 8;

export interface DestroyOptions extends EngineOptions {
  /** The whole cluster is gone or about to go: Kubernetes resources are only forgotten. @default false */
  readonly clusterGone?: boolean;
}

export interface OutputsOptions extends Pick<EngineOptions, "projectDir" | "stack" | "passphrase"> {
  /** Secret outputs in the clear instead of "[secret]". @default false */
  readonly showSecrets?: boolean;
}

/** Shows what `up` would do; changes nothing. Works without a cluster. */
export function preview(options: EngineOptions): Promise<EngineResult> {
  return run(options, (session) => deploy(session, options, true));
}

/** Brings the stack to what the program says. */
export function up(options: EngineOptions): Promise<EngineResult> {
  return run(options, (session) => withLock(session, () => deploy(session, options, false)));
}

/**
 * Brings the state that a killed run has left, of whichever engine, in line with the cluster: what that run has made is
 * recorded, and what it has not made is forgotten. The official CLI does neither, and would make everything once more.
 */
export function repair(options: DestroyOptions): Promise<EngineResult> {
  return run(options, (session) => withLock(session, () => settleInterrupted(session, options)));
}

/** Deletes every resource of the stack, without running the program. */
export function destroy(options: DestroyOptions): Promise<EngineResult> {
  return run(options, (session) => withLock(session, () => destroyAll(session, options)));
}

/** The stack's outputs as last deployed; empty before the first `up`. */
export async function stackOutputs(options: OutputsOptions): Promise<Record<string, unknown>> {
  return outputsOf(await readStack(options), options.showSecrets === true);
}

/** Inputs of the first recorded resource of a type, secrets masked; `undefined` when there is none. */
export async function recordedInputs(
  options: Omit<OutputsOptions, "showSecrets">,
  type: string,
): Promise<Record<string, unknown> | undefined> {
  const found = (await readStack(options)).find((resource) => resource.type === type);
  return found === undefined ? undefined : (mask(found.inputs ?? {}) as Props);
}

/** The stack's recorded resources, secrets in their envelopes; empty before the first `up`. */
export async function readStack(options: Omit<OutputsOptions, "showSecrets">): Promise<readonly ResourceState[]> {
  const project = await readProject(options.projectDir);
  const stored = await readStored(statePaths(options.projectDir, project.name, options.stack).checkpoint);
  if (stored.salt === undefined) {
    return [];
  }
  return openSnapshot(stored, await Crypter.open(options.passphrase, stored.salt)).resources;
}

interface Session {
  readonly options: EngineOptions;
  readonly project: Project;
  readonly events: Events;
  readonly paths: ReturnType<typeof statePaths>;
  /** Resources at the end, for the outputs. */
  resources: readonly ResourceState[];
}

async function run(options: EngineOptions, work: (session: Session) => Promise<void>): Promise<EngineResult> {
  const started = Date.now();
  const events = new Events(options);
  let session: Session | undefined;
  try {
    const project = await readProject(options.projectDir);
    session = {
      options,
      project,
      events,
      paths: statePaths(options.projectDir, project.name, options.stack),
      resources: [],
    };
    await work(session);
  } catch (error) {
    events.error(error instanceof Error ? error.message : String(error));
  }
  return {
    ok: !events.failed,
    changes: events.changes,
    durationMs: Date.now() - started,
    outputs: outputsOf(session?.resources ?? [], false),
    errors: events.errors,
  };
}

async function withLock(session: Session, work: () => Promise<void>): Promise<void> {
  await mkdir(session.paths.root, { recursive: true });
  const release = await takeLock(session.paths.locks, (message) => {
    session.events.log("warning", message);
  });
  try {
    await work();
  } finally {
    await release();
  }
}

async function load(session: Session) {
  const { options, paths, project } = session;
  const config = await readStackConfig(options.projectDir, options.stack);
  const stored = await readStored(paths.checkpoint);
  const sealedWith = isSealed(config.values) ? config.salt : undefined;
  const salt = stored.salt ?? sealedWith;
  const crypter =
    salt === undefined ? await Crypter.create(options.passphrase) : await Crypter.open(options.passphrase, salt);
  // The stack's file may have been sealed with a salt of its own, by the official CLI.
  const configCrypter =
    sealedWith === undefined || sealedWith === salt ? crypter : await Crypter.open(options.passphrase, sealedWith);
  const values = { ...config.values, ...parsedOverrides(options) };
  const snapshot = openSnapshot(stored, crypter);
  const program = programConfig(project.name, values, configCrypter);
  session.events.conceal([
    program.secretKeys.map((key) => secret(program.values[key])),
    snapshot.resources.flatMap(({ inputs, outputs }) => [inputs, outputs]),
  ]);
  const ledger = new Ledger(snapshot);
  const writer = new StateWriter(paths.checkpoint, `organization/${project.name}/${options.stack}`, crypter, () =>
    ledger.snapshot(),
  );
  return { ledger, writer, config: program };
}

/** Objects among the overrides are parsed, so that `secure:` values in them are opened as those of the file are. */
function parsedOverrides(options: EngineOptions): Record<string, unknown> {
  const overrides = Object.entries(options.configOverrides ?? {});
  return Object.fromEntries(
    overrides.map(([key, value]) => [key, /^[[{]/.test(value) ? (JSON.parse(value) as unknown) : value]),
  );
}

async function deploy(session: Session, options: EngineOptions, isPreview: boolean): Promise<void> {
  const { events, project } = session;
  const { ledger, writer, config } = await load(session);
  const [first] = ledger.interrupted;
  if (first !== undefined) {
    const others = ledger.interrupted.length - 1;
    const what = `${first.urn}${others === 0 ? "" : ` and ${others} more`}`;
    events.log("warning", `the last run was interrupted while it created ${what}; what of it exists is taken over`);
  }
  const { stack, projectDir } = options;
  const parallel = options.parallel ?? defaultParallel;
  const stop = new AbortController();
  const interrupt = () => {
    events.error("interrupted; the state is kept, and the next run continues from here");
    stop.abort();
  };
  if (options.signal?.aborted === true) {
    interrupt();
    return;
  }
  options.signal?.addEventListener("abort", interrupt);
  const stackId = (isPreview ? readStackId : ensureStackId)(projectDir, project.name, stack);
  const place = { stack, project: project.name, projectDir, preview: isPreview };
  const providers = new Providers({ ...place, stackId, config: config.values }, ledger);
  const policies = PolicyPacks.start(options.policyPacks ?? [], projectDir, events);
  const parts = {
    stack,
    project: project.name,
    preview: isPreview,
    ledger,
    providers,
    events,
    policies,
    limit: new Limit(parallel),
    signal: stop.signal,
    save: () => (isPreview ? Promise.resolve() : writer.save()),
    stop: () => {
      stop.abort();
    },
  };
  const deployment = new Deployment(parts);
  try {
    const program = { projectDir, project, stack, preview: isPreview, parallel, config, env: options.env ?? {} };
    const code = await runProgram(program, deployment, events, stop.signal);
    await deployment.idle();
    if (code !== 0 && !events.failed) {
      events.error(`the program ended with exit code ${code}`);
    }
    if (!events.failed) {
      for (const violation of await policies.analyzeStack(ledger.done)) {
        events.error(violation);
      }
    }
    if (!events.failed) {
      await deployment.deleteVanished();
    }
    await parts.save();
  } finally {
    options.signal?.removeEventListener("abort", interrupt);
    session.resources = ledger.snapshot().resources;
    providers.close();
    await policies.close();
  }
}

async function settleInterrupted(session: Session, options: DestroyOptions): Promise<void> {
  const { events, project } = session;
  const { stack, projectDir } = options;
  const { ledger, writer, config } = await load(session);
  if (ledger.interrupted.length === 0) return;
  const stackId = ensureStackId(projectDir, project.name, stack);
  const place = { stack, project: project.name, projectDir, preview: false };
  const providers = new Providers({ ...place, stackId, config: config.values }, ledger);
  try {
    for (const resource of [...ledger.interrupted]) {
      const found = options.clusterGone === true ? undefined : await adopt({ ledger, providers }, resource);
      ledger.settle(resource.urn);
      if (found !== undefined) {
        events.log("info", `an interrupted run has made ${resource.urn}; going on with it`);
      }
    }
    await writer.save();
  } finally {
    providers.close();
  }
}

async function destroyAll(session: Session, options: DestroyOptions): Promise<void> {
  const { events, project } = session;
  const { stack, projectDir } = options;
  const { ledger, writer, config } = await load(session);
  const signal = options.signal ?? new AbortController().signal;
  const stackId = readStackId(projectDir, project.name, stack);
  const place = { stack, project: project.name, projectDir, preview: false };
  const providers = new Providers({ ...place, stackId, config: config.values }, ledger);
  try {
    const protectedOnes = [...ledger.left].filter((resource) => resource.protect === true && resource.delete !== true);
    for (const resource of protectedOnes) {
      events.error(`${resource.urn} is protected; remove its protect option, run up, then destroy`);
    }
    if (protectedOnes.length > 0) {
      return;
    }
    const forgotten = options.clusterGone === true;
    for (const resource of forgotten ? [] : [...ledger.interrupted]) {
      await adopt({ ledger, providers }, resource);
    }
    const doomed = [...ledger.left, ...ledger.interrupted];
    if (forgotten) {
      for (const resource of doomed.filter((entry) => packageOf(entry.type) === "kubernetes")) {
        resource.retainOnDelete = true;
      }
    }
    if (doomed.length > 0) {
      await deleteResources(
        {
          preview: false,
          ledger,
          providers,
          events,
          limit: new Limit(options.parallel ?? defaultParallel),
          signal,
          save: () => writer.save(),
        },
        doomed,
      );
      await writer.save();
    }
    if (signal.aborted) {
      events.error("interrupted; the state is kept, and the next run continues from here");
    }
    if (ledger.isEmpty && !events.failed) {
      removeStackId(projectDir, project.name, stack);
      removeClusterUids(place);
    }
  } finally {
    session.resources = ledger.snapshot().resources;
    providers.close();
  }
}

function outputsOf(resources: readonly ResourceState[], showSecrets: boolean): Record<string, unknown> {
  const outputs = resources.find((resource) => resource.type === stackType)?.outputs ?? {};
  return (showSecrets ? reveal(outputs) : mask(outputs)) as Props;
}
