import { expect } from "chai";
import { run } from "../../platform/images/run.ts";

const failureOf = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => new Error("it did not fail"),
    (error: unknown) => error as Error,
  );

describe("the host's programs", () => {
  it("answer what they print, with the environment and one line at a time, those of progress too", async () => {
    const lines: string[] = [];
    const script = 'printf "$GREETING\\n10 %%\\r20 %%\\r\\n"; echo noise >&2';
    const out = await run("sh", ["-c", script], { env: { GREETING: "hello" }, onLine: (line) => lines.push(line) });
    expect(out).to.equal("hello\n10 %\r20 %\r\n");
    expect(lines.filter((line) => line !== "noise")).to.deep.equal(["hello", "10 %", "20 %"]);
    expect(lines).to.include("noise");
  });

  it("fail with their last lines, their code or the signal that ended them", async () => {
    const failed = await failureOf(run("sh", ["-c", "seq 20; exit 3"]));
    expect(failed.message).to.match(/^sh -c seq 20; exit 3 ended with exit code 3:\n {2}6\n(.|\n)* {2}20$/);
    const killed = await failureOf(run("sh", ["-c", "kill -9 $$"]));
    expect(killed.message).to.contain("ended with signal SIGKILL");
  });

  it("are named when they are not installed", async () => {
    const missing = await failureOf(run("no-such-program-here", []));
    expect(missing.message).to.equal(
      '"no-such-program-here" is not installed on this machine, and it is needed to prepare the images',
    );
  });

  it("are ended when the work is given up", async () => {
    const abort = new AbortController();
    setTimeout(() => {
      abort.abort();
    }, 50);
    expect(await failureOf(run("sleep", ["30"], { signal: abort.signal }))).to.include({ name: "AbortError" });
    expect(await failureOf(run("sleep", ["30"], { signal: abort.signal }))).to.include({ name: "AbortError" });
  });
});
