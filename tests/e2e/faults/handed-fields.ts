/** What a program no longer names is gone after the next `up`, whichever engine had sent it, and both then see no change. */
import { execFileSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";

import { makeProject } from "../../../bench/engine/contenders.ts";
import { must, type Runner } from "../runner.ts";
import { type EngineName, mustChangeNothing, optionsOf, type Site, startEngine } from "./engine-run.ts";

const MINUTE = 60_000;

interface Live {
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly ports?: readonly { readonly name: string }[];
    readonly template?: { readonly spec: { readonly containers: readonly { readonly env?: { name: string }[] }[] } };
  };
}

export async function handedFields(runner: Runner, { folder, plane }: Site): Promise<void> {
  const get = (kind: string): Live =>
    JSON.parse(
      execFileSync(plane.kubectl, ["--kubeconfig", plane.kubeconfigFile, "get", kind, "fields", "--output=json"], {
        encoding: "utf8",
      }),
    ) as Live;
  const live = (): string[] =>
    [
      Object.keys(get("configmap").data ?? {}),
      Object.keys(get("secret").data ?? {}),
      (get("service").spec?.ports ?? []).map(({ name }) => name),
      (get("deployment").spec?.template?.spec.containers[0]?.env ?? []).map(({ name }) => name.toLowerCase()),
    ].map((names) => names.sort().join(","));
  for (const [first, second] of [
    ["pulumi", "local"],
    ["local", "pulumi"],
  ] as const) {
    await runner.step(
      `what ${first} sent and the program drops goes with ${second}, and back`,
      15 * MINUTE,
      async () => {
        const project = join(folder, `fields-${first}`);
        makeProject(project);
        cpSync(join(import.meta.dirname, "../programs/fields.ts"), join(project, "index.ts"));
        const run = async (engine: EngineName, operation: "up" | "preview" | "destroy", keys: string) =>
          await startEngine({ engine, operation, options: optionsOf(project, plane, { "bench:keys": keys }) }).result;
        for (const [engine, other, keys] of [
          [first, second, "a,b,c,d"],
          [second, first, "a,b,c"],
          [first, second, "a,b"],
          [second, first, "a"],
        ] as const) {
          const { ok, errors } = await run(engine, "up", keys);
          must(ok, `${engine}: ${errors.join("; ")}`);
          const found = live();
          must(
            found.every((names) => names === keys),
            `after ${engine} up of ${keys}: ${found.join(" | ")}`,
          );
          mustChangeNothing(await run(other, "preview", keys), `then ${other} preview`);
        }
        const gone = await run(second, "destroy", "a");
        must(gone.ok, gone.errors.join("; "));
        return undefined;
      },
    );
  }
}
