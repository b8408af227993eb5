/** The command line: finds the command, reads its options, runs it, and renders what goes wrong. */
import { useDockerContext } from "../clusters/docker-context.ts";
import type { Command } from "./command.ts";
import { causesOf, renderError, UserError } from "./errors.ts";
import { nearest } from "../platform/nearest.ts";
import { helpText, parseOptions } from "./options.ts";

/** Loaded when asked for, so that a command pays only for its own imports. */
const commands: Readonly<Record<string, { summary: string; load: () => Promise<Command> }>> = {
  up: {
    summary: "bring up the platform (including the cluster) and prove the data path",
    load: async () => (await import("./up.ts")).up,
  },
  check: { summary: "prove the data path again", load: async () => (await import("./check.ts")).check },
  status: {
    summary: "show what is running, how much it uses and what is wrong",
    load: async () => (await import("./status.ts")).status,
  },
  logs: {
    summary: "show what the pods of a service have logged",
    load: async () => (await import("./logs.ts")).logs,
  },
  password: {
    summary: "print the generated password of an account",
    load: async () => (await import("./password.ts")).password,
  },
  endpoints: {
    summary: "print the published addresses, as a file for the Python library",
    load: async () => (await import("./endpoints.ts")).endpoints,
  },
  flows: {
    summary: "show what was drawn in services beside the files; --pull writes it into them",
    load: async () => (await import("./flows.ts")).flows,
  },
  backup: {
    summary: "save all databases to S3 now",
    load: async () => (await import("./backup.ts")).backup,
  },
  restore: {
    summary: "restore databases from a backup",
    load: async () => (await import("./restore.ts")).restore,
  },
  down: {
    summary: "remove everything, and check that nothing is left",
    load: async () => (await import("./down.ts")).down,
  },
  preview: {
    summary: "show what `up` would change; needs no cluster",
    load: async () => (await import("./preview.ts")).preview,
  },
  images: {
    summary: "list the images and where they are; --push makes a registry have them all",
    load: async () => (await import("./images.ts")).images,
  },
  clean: {
    summary: "free builds and images that newer ones have replaced",
    load: async () => (await import("./clean.ts")).clean,
  },
  sources: {
    summary: "list every package that the platform fetches, with its hash",
    load: async () => (await import("./sources.ts")).sources,
  },
  doctor: {
    summary: "show what this machine or the running platform lacks, and the command to run next",
    load: async () => (await import("./doctor.ts")).doctor,
  },
  diagnose: {
    summary: "gather what somebody needs who helps in one file, without secrets",
    load: async () => (await import("./diagnose.ts")).diagnose,
  },
  audit: {
    summary: "have well-known checkers look at the manifests of every profile and target; needs no cluster",
    load: async () => (await import("./audit.ts")).audit,
  },
  bench: {
    summary: "measure the platform at rest, at its start and under load",
    load: async () => (await import("./bench.ts")).bench,
  },
  test: {
    summary: "run types, lint, format and specs; needs no cluster",
    load: async () => (await import("./test.ts")).test,
  },
  faults: {
    summary: "try the faults and bad inputs of docs/faults.md, with what was seen",
    load: async () => (await import("./faults.ts")).faults,
  },
  e2e: { summary: "run the end-to-end test on this machine", load: async () => (await import("./e2e.ts")).e2e },
};

export function overview(): string {
  const names = Object.keys(commands);
  const width = Math.max(...names.map((name) => name.length));
  return [
    "npm run <command> [-- options]",
    "",
    ...names.map((name) => `  ${name.padEnd(width)}  ${commands[name]?.summary ?? ""}`),
    "",
    "npm run <command> -- --help lists the options of one command.",
  ].join("\n");
}

/**
 * Loads a command.
 * @throws UserError with the nearest command when there is none of that name.
 */
export async function findCommand(name: string): Promise<Command> {
  const entry = commands[name];
  if (entry !== undefined) return await entry.load();
  const near = nearest(name, Object.keys(commands));
  const hint = near === undefined ? `the commands are ${Object.keys(commands).join(", ")}` : `did you mean ${near}?`;
  throw new UserError(`unknown command "${name}"; ${hint}`);
}

/** Runs a command line and answers the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "help" || name === "--help") {
    process.stdout.write(`${overview()}\n`);
    return 0;
  }
  const command = await findCommand(name);
  if (rest.includes("--help") && command.passThrough !== true) {
    process.stdout.write(`${helpText(name, command.summary, command.options)}\n`);
    return 0;
  }
  const values = command.passThrough === true ? {} : parseOptions(name, rest, command.options);
  return await command.run(values, rest);
}

/** What `--json` prints when a command has thrown: its own report comes last, so it has printed none. */
export interface FailureReport {
  readonly ok: false;
  /** All causes in one text. */
  readonly error: string;
  readonly errors: readonly string[];
}

/** The same as {@link main}, but what is thrown is told: as words on stderr, and with `--json` as one document on stdout. */
export async function runMain(args: readonly string[], command = main): Promise<number> {
  try {
    return await command(args);
  } catch (error) {
    if (args.includes("--json")) {
      const errors = (error instanceof AggregateError ? error.errors : [error]).map(causesOf);
      const report: FailureReport = { ok: false, error: errors.join("; "), errors };
      process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    }
    process.stderr.write(`${renderError(error)}\n`);
    return 1;
  }
}

if (import.meta.main) {
  process.exitCode = await runMain(process.argv.slice(2), async (args) => {
    useDockerContext();
    return await main(args);
  });
  // The answer is out; a connection that someone forgot must not keep the user waiting.
  setTimeout(() => process.exit(), 5000).unref();
}
