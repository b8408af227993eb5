import { PassThrough } from "node:stream";

import { expect } from "chai";

import { confirm, type Terminal } from "../../cli/confirm.ts";
import { UserError } from "../../cli/errors.ts";

const what = ["down removes everything", "  kafka: data-kafka-0 (5.0 GiB)"];
const again = "npm run down -- --yes";

function terminal(isTTY: boolean, answer?: string): Terminal & { readonly said: () => string } {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = Object.assign(new PassThrough(), { isTTY });
  let text = "";
  output.on("data", (chunk: Buffer) => (text += chunk.toString()));
  if (answer !== undefined) input.end(answer);
  return { input, output, said: () => text };
}

const failure = async (work: Promise<void>): Promise<unknown> =>
  await work.then(() => undefined).catch((e: unknown) => e);

describe("a question before something goes", () => {
  it("shows what goes and goes on with y", async () => {
    const asked = terminal(true, "y\n");
    await confirm(what, { yes: false, again }, asked);
    expect(asked.said()).to.contain("kafka: data-kafka-0 (5.0 GiB)").and.contain("Go on? [y/N]");
  });

  for (const answer of ["n\n", "\n", ""]) {
    it(`ends the command with ${JSON.stringify(answer)}`, async () => {
      const error = await failure(confirm(what, { yes: false, again }, terminal(true, answer)));
      expect(error).to.be.instanceOf(UserError);
      expect(String(error)).to.contain("nothing was changed");
    });
  }

  it("is not asked without a terminal: the command is refused with what goes and the way", async () => {
    const error = await failure(confirm(what, { yes: false, again }, terminal(false)));
    expect(String(error)).to.contain("data-kafka-0").and.contain("nothing was changed").and.contain("--yes");
  });

  it("is answered by --yes, and what goes is shown all the same", async () => {
    const asked = terminal(false);
    await confirm(what, { yes: true, again }, asked);
    expect(asked.said()).to.contain("data-kafka-0");
  });
});
