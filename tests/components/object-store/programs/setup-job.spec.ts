import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect } from "chai";

const module = join(import.meta.dirname, "../../../../components/object-store/programs/setup-job.ts");

/** Refuses, and leaves a connection open, as a client does that has not read a server's answer. */
const program = `
  import { createServer, connect } from "node:net";
  import { setUpOrExit } from ${JSON.stringify(module)};
  const server = createServer(() => undefined).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  connect(server.address().port, "127.0.0.1");
  await setUpOrExit(() => Promise.reject(new Error("no room for the policy")));
`;

describe("the setup Job of an S3 server", () => {
  it("ends with the cause in one line, though a connection is still open", async () => {
    const run = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], { timeout: 8_000 });
    const error: unknown = await run.catch((reason: unknown) => reason);
    expect(error).to.deep.include({ code: 1, killed: false, stderr: "no room for the policy\n" });
  });
});
