import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { UserError } from "../../cli/errors.ts";
import { type CommandLock, lockStack } from "../../cli/lock.ts";
import { loadConfig } from "../../config/index.ts";
import { takeLock } from "../../engine/lock.ts";
import { statePaths } from "../../engine/state.ts";

const config = loadConfig({});
const refusal = async (work: Promise<CommandLock>): Promise<unknown> => await work.catch((error: unknown) => error);

describe("the lock of a command", () => {
  let folder = "";
  let machineFolder = "";
  const options = () => ({ note: () => undefined, folder, machineFolder });
  const lock = async (stack: string, command: string, settings = config) =>
    await lockStack({ name: stack, config: settings }, command, options());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "millrace-lock-"));
    machineFolder = join(folder, "machine");
    writeFileSync(join(folder, "Pulumi.yaml"), "name: millrace\n");
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("keeps a down away from a running up, and names who holds it", async () => {
    const up = await lock("dev", "up");
    const error = await refusal(lock("dev", "down"));
    expect(error).to.be.instanceOf(UserError);
    expect((error as Error).message).to.match(
      new RegExp(`stack dev is locked by .*@.* \\(pid ${process.pid}, npm run up, since .*nothing was changed`),
    );
    await up.release();
    await (await lock("dev", "down")).release();
  });

  it("goes on while the engine has the state's own lock, which it takes by itself", async () => {
    const up = await lock("dev", "up");
    await up.toEngine();
    const engine = await takeLock(statePaths(folder, "millrace", "dev").locks, () => undefined);
    expect(String(await refusal(lock("dev", "down")))).to.contain("npm run up");
    await engine();
    await up.release();
  });

  it("keeps a command away from a state that the official CLI works on", async () => {
    const official = await takeLock(statePaths(folder, "millrace", "dev").locks, () => undefined);
    expect(String(await refusal(lock("dev", "down")))).to.contain("stack dev is locked by");
    await official();
  });

  it("keeps two stacks from making the same embedded cluster at once", async () => {
    const up = await lock("dev", "up");
    expect(String(await refusal(lock("test", "up")))).to.contain('the embedded cluster "millrace" is locked by');
    const other = loadConfig({ "millrace:cluster": { embedded: { name: "second" } } });
    await (await lock("test", "up", other)).release();
    await up.release();
  });

  it("is given back whole when a part of it can't be had", async () => {
    const up = await lock("dev", "up");
    await refusal(lock("test", "up"));
    expect(readdirSync(join(folder, ".pulumi", "millrace", "millrace", "test.lock"))).to.deep.equal([]);
    await up.release();
  });
});
