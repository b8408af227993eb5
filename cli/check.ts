/** `npm run check`: the proof again, on demand, and the published addresses. */
import { type Address, readAddresses } from "./addresses.ts";
import { silentAddresses } from "./answering.ts";
import type { Command } from "./command.ts";
import { chooseEngine } from "./choose-engine.ts";
import { messageOf, reportErrors } from "./errors.ts";
import { createProgress, during } from "./progress.ts";
import { connect } from "./kube.ts";
import { engineOption, stackArgs, stackOptions } from "./options.ts";
import { askingAt } from "./published.ts";
import { type ProofReport, renderProof, runProof } from "./proof.ts";
import { engineOptions, readStack } from "./stack.ts";
import { onInterrupt } from "./interrupt.ts";

/** What `check --json` prints. */
export interface CheckReport extends ProofReport {
  /** Published addresses that were asked from this machine; none when the proof failed. */
  readonly addresses: readonly Address[];
  /** A sentence for each address that does not answer, or why none could be asked. */
  readonly silent: readonly string[];
}

export const check: Command = {
  summary: "runs the proof again: sends marked records through every hop, checks them at each, and tries every address",
  options: { ...stackOptions, ...engineOption },
  async run(values) {
    const args = stackArgs(values);
    const stack = readStack(args);
    const progress = createProgress({ sink: process.stderr });
    const interrupt = onInterrupt(() => {
      progress.log("stopping; the proof's Job is removed");
    });
    try {
      const proof = await during(progress, "proof", async (step) => {
        const kube = connect(stack.profile);
        return await runProof(kube, {
          namespace: stack.config.cluster.namespace,
          signal: interrupt.signal,
          onDetail: step.detail,
          onHop: (hop) => {
            step.detail(`${hop.hop} ${hop.ok ? "ok" : "failed"}`);
          },
        });
      });
      const readOutputs = async (): Promise<Readonly<Record<string, unknown>>> =>
        (await chooseEngine(args.engine)).outputs(engineOptions(stack, false));
      const asked = askingAt(stack, interrupt.signal);
      const published = proof.ok
        ? await during(progress, "addresses", () => askPublished(readOutputs, asked))
        : { addresses: [], silent: [] };
      progress.stop();
      if (interrupt.signal.aborted) return 130;
      const report: CheckReport = { ...proof, ...published, ok: proof.ok && published.silent.length === 0 };
      process.stdout.write(`${args.json ? JSON.stringify(report, null, 2) : renderCheck(proof, published)}\n`);
      reportErrors(report.silent);
      return report.ok ? 0 : 1;
    } finally {
      interrupt.release();
      progress.stop();
    }
  },
};

type Published = Pick<CheckReport, "addresses" | "silent">;

/** Asks each address that the program's outputs publish; without outputs nothing is known to be well. */
export async function askPublished(
  readOutputs: () => Promise<Readonly<Record<string, unknown>>>,
  options: Parameters<typeof silentAddresses>[1],
): Promise<Published> {
  try {
    const addresses = readAddresses(await readOutputs());
    return { addresses, silent: await silentAddresses(addresses, options) };
  } catch (error) {
    return { addresses: [], silent: [`the published addresses could not be asked: ${messageOf(error)}`] };
  }
}

/** The proof's table, and how many addresses answer. */
export function renderCheck(proof: ProofReport, { addresses, silent }: Published): string {
  const answering = `${addresses.length - silent.length} of ${addresses.length} published addresses answer from this machine`;
  return renderProof(proof, addresses.length > 0 ? [answering] : []);
}
