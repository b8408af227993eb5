/** `npm run check`: the proof again, on demand. */
import type { Command } from "./command.ts";
import { createProgress, during } from "./progress.ts";
import { connect } from "./kube.ts";
import { stackArgs, stackOptions } from "./options.ts";
import { renderProof, runProof } from "./proof.ts";
import { readStack } from "./stack.ts";
import { onInterrupt } from "./interrupt.ts";

export const check: Command = {
  summary: "proves the data path again: marked records through every hop, counted at each",
  options: stackOptions,
  async run(values) {
    const args = stackArgs(values);
    const stack = readStack(args);
    const progress = createProgress({ sink: process.stderr });
    const interrupt = onInterrupt(() => {
      progress.log("stopping; the proof's Job is removed");
    });
    try {
      const report = await during(progress, "proof", async (step) => {
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
      progress.stop();
      process.stdout.write(`${args.json ? JSON.stringify(report, null, 2) : renderProof(report)}\n`);
      return report.ok ? 0 : 1;
    } finally {
      interrupt.release();
      progress.stop();
    }
  },
};
