import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { HopFailure, HopSkipped } from "../../platform/hops/hop.ts";
import type { Branch, Hop, HopContext, PlacedHop } from "../../platform/hops/hop.ts";
import { runBranches } from "../../check/runner.ts";
import type { ProofResult, RunOptions } from "../../check/runner.ts";

const figures = { count: 2, distinct: 2, checksum: "3", message: "seen" };

function hop(name: string, run: (context: HopContext) => Promise<typeof figures>, timeoutMs = 1000): Hop {
  return { name, timeoutMs, run };
}

/** One branch of hops. */
function runHops(
  hops: readonly Hop[],
  { timeoutMs, ...options }: RunOptions & { timeoutMs: number },
): Promise<ProofResult> {
  return runBranches([{ hops, timeoutMs }], options);
}

const pass = (name: string): Hop => hop(name, () => Promise.resolve(figures));
const fail = (name: string): Hop => hop(name, () => Promise.reject(new Error("missing")));
/** Waits until it is told to end. */
const wait = (name: string): Hop =>
  hop(
    name,
    ({ signal }) =>
      new Promise((_, reject) => {
        const end = (): void => {
          reject(new Error("still waiting"));
        };
        signal.addEventListener("abort", end);
        if (signal.aborted) end();
      }),
    60_000,
  );

describe("proof runner", () => {
  it("runs all hops in order and is ok when each holds the records", async () => {
    const seen: string[] = [];
    const hops = ["a", "b"].map((name) => hop(name, () => Promise.resolve(figures)));
    const result = await runHops(hops, { timeoutMs: 1000, onResult: (one) => seen.push(one.hop) });
    expect(result.ok).to.equal(true);
    expect(result.failedHop).to.equal(undefined);
    expect(seen).to.deep.equal(["a", "b"]);
    expect(result.hops[0]).to.include({ hop: "a", ok: true, count: 2, distinct: 2, checksum: "3", message: "seen" });
  });

  it("goes on after a hop that has nothing to ask, and gives its reason", async () => {
    const told: unknown[] = [];
    const skip = hop("b", () => Promise.reject(new HopSkipped("no backup was due yet")));
    const result = await runHops([pass("a"), skip, pass("c")], {
      timeoutMs: 1000,
      onSkipped: (one) => told.push(one),
    });
    expect(result.ok).to.equal(true);
    expect(result.hops.map((one) => one.hop)).to.deep.equal(["a", "c"]);
    expect(result.skipped).to.deep.equal([{ hop: "b", reason: "no backup was due yet" }]);
    expect(told).to.deep.equal(result.skipped);
  });

  it("stops at the first missing hop and names it", async () => {
    const result = await runHops(
      [
        hop("a", () => Promise.resolve(figures)),
        hop("b", () => Promise.reject(new Error("0 of 2 records"))),
        hop("c", () => Promise.reject(new Error("never asked"))),
      ],
      { timeoutMs: 1000 },
    );
    expect(result).to.include({ ok: false, failedHop: "b" });
    expect(result.hops.map(({ hop: name, ok, message }) => [name, ok, message])).to.deep.equal([
      ["a", true, "seen"],
      ["b", false, "0 of 2 records"],
    ]);
  });

  it("names the hop that is at fault, where another one noticed", async () => {
    const failure = new HopFailure("the metastore is away", { hop: "catalog" });
    const result = await runHops([hop("spark", () => Promise.reject(failure))], { timeoutMs: 1000 });
    expect(result).to.include({ ok: false, failedHop: "catalog" });
    expect(result.hops.map((one) => one.hop)).to.deep.equal(["catalog"]);
  });

  it("ends early when it is stopped, with its clean-up and its verdict", async () => {
    const stop = new AbortController();
    let isRemoved = false;
    const waiting = hop("waiting", ({ signal, onCleanup }) => {
      onCleanup({ what: "object", run: () => Promise.resolve(void (isRemoved = true)) });
      stop.abort();
      return new Promise((_, reject) => {
        if (signal.aborted) reject(new Error("1 of 2 records"));
      });
    });
    const result = await runHops([waiting, hop("never", () => Promise.resolve(figures))], {
      timeoutMs: 60_000,
      signal: stop.signal,
    });
    expect(result).to.include({ ok: false, failedHop: "waiting" });
    expect(result.hops[0]?.message).to.equal("the proof was stopped here: 1 of 2 records");
    expect(isRemoved).to.equal(true);
  });

  it("tells a refused key from an outage", async () => {
    const refused = Object.assign(new Error("key is not known"), { code: "InvalidAccessKeyId" });
    const result = await runHops([hop("a", () => Promise.reject(refused))], { timeoutMs: 1000 });
    expect(result.hops[0]?.message).to.equal("access refused: InvalidAccessKeyId: key is not known");
  });

  it("gives a hop that is out of time its signal, and reports what it saw last", async () => {
    const slow = hop(
      "slow",
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            reject(new Error("1 of 2 records"));
          });
        }),
      20,
    );
    const result = await runHops([slow], { timeoutMs: 1000 });
    expect(result.hops[0]).to.include({ ok: false, message: "no progress for 0 s: 1 of 2 records" });
  });

  it("waits for a hop as long as it sees something new, beyond its time without progress", async () => {
    const slow = hop(
      "slow",
      async ({ onProgress }) => {
        for (let seen = 1; seen <= 8; seen++) {
          await sleep(40);
          onProgress(`${seen} of 8 records`);
        }
        return figures;
      },
      120,
    );
    const result = await runHops([slow], { timeoutMs: 10_000 });
    expect(result.hops[0]).to.include({ hop: "slow", ok: true });
    expect(result.hops[0]?.ms).to.be.greaterThan(300);
  });

  it("takes nothing for progress that it has heard before", async () => {
    const turning = hop(
      "turning",
      async ({ signal, onProgress }) => {
        for (let turn = 0; !signal.aborted; turn++) {
          onProgress(turn % 2 === 0 ? "status 503" : "connection reset");
          await sleep(10);
        }
        throw new Error("connection reset");
      },
      100,
    );
    const started = Date.now();
    const result = await runHops([turning], { timeoutMs: 10_000 });
    expect(result.hops[0]).to.include({ ok: false, message: "no progress for 0 s: connection reset" });
    expect(Date.now() - started).to.be.lessThan(2000);
  });

  it("abandons a hop that does not even answer its signal", async () => {
    const result = await runHops([hop("deaf", () => new Promise(() => undefined), 10)], { timeoutMs: 1000 });
    expect(result.hops[0]?.message).to.match(/^no progress for 0 s: no answer within/);
  });

  it("lets the overall limit cut a hop short", async () => {
    const started = Date.now();
    const waiting = hop(
      "waiting",
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            reject(new Error("nothing"));
          });
        }),
      60_000,
    );
    const result = await runHops([waiting], { timeoutMs: 30 });
    expect(result.failedHop).to.equal("waiting");
    expect(Date.now() - started).to.be.lessThan(2000);
  });

  it("cleans up in reverse order, also after a failure and also when a step fails", async () => {
    const removed: string[] = [];
    const step = (what: string, fails = false) => ({
      what,
      run: () => {
        removed.push(what);
        return fails ? Promise.reject(new Error("away")) : Promise.resolve();
      },
    });
    const result = await runHops(
      [
        hop("a", ({ onCleanup }) => {
          onCleanup(step("first"));
          onCleanup(step("second", true));
          return Promise.reject(new Error("broken"));
        }),
      ],
      { timeoutMs: 1000 },
    );
    expect(removed).to.deep.equal(["second", "first"]);
    expect(result.warnings).to.deep.equal(["not removed: second (away); the next proof removes it"]);
    expect(result.failedHop).to.equal("a");
  });

  describe("with branches", () => {
    const branch = (...hops: PlacedHop[]): Branch => ({ hops, timeoutMs: 60_000 });

    it("runs them beside each other, tells each hop as it ends, and keeps the table's order", async () => {
      const isLastSeen = Promise.withResolvers<undefined>();
      const first = hop("a", () => isLastSeen.promise.then(() => figures));
      const last = hop("z", () => Promise.resolve(figures));
      const seen: string[] = [];
      const result = await runBranches([branch(first), branch(last)], {
        onResult: (one) => {
          seen.push(one.hop);
          if (one.hop === "z") isLastSeen.resolve(undefined);
        },
      });
      expect(seen).to.deep.equal(["z", "a"]);
      expect(result.hops.map((one) => one.hop)).to.deep.equal(["a", "z"]);
      expect(result.ok).to.equal(true);
    });

    it("names the first missing hop of the table, whichever failed first", async () => {
      const isLastSeen = Promise.withResolvers<undefined>();
      const late = hop("a", () => isLastSeen.promise.then(() => Promise.reject(new Error("missing"))));
      const result = await runBranches([branch(late), branch(fail("z"))], {
        onResult: () => {
          isLastSeen.resolve(undefined);
        },
      });
      expect(result.failedHop).to.equal("a");
      expect(result.hops.map((one) => one.hop)).to.deep.equal(["a", "z"]);
    });

    it("lets the others go on when one fails that they do not stand on", async () => {
      const result = await runBranches([branch(pass("a")), branch(fail("b"), pass("c")), branch(pass("d"))]);
      expect(result.hops.map((one) => [one.hop, one.ok])).to.deep.equal([
        ["a", true],
        ["b", false],
        ["d", true],
      ]);
    });

    it("ends those that stand on a failed one, unjudged, and cleans up after them", async () => {
      const isWaiting = Promise.withResolvers<never>();
      const removed: string[] = [];
      const step = { what: "server", run: () => Promise.resolve(void removed.push("server")) };
      const waiting = hop("c", (context) => {
        context.onCleanup(step);
        isWaiting.reject(new Error("missing"));
        return wait("c").run(context);
      });
      const base = {
        ...branch(hop("a", () => isWaiting.promise)),
        carriesOthers: true,
      };
      const result = await runBranches([base, branch(pass("b"), { ...waiting, timeoutMs: 60_000 }, fail("d"))]);
      expect(result.failedHop).to.equal("a");
      expect(result.hops.map((one) => one.hop)).to.deep.equal(["a", "b"]);
      expect(removed).to.deep.equal(["server"]);
    });

    it("ends all of them when it is stopped, and says so of each", async () => {
      const stop = new AbortController();
      const run = runBranches([{ ...branch(wait("a")), carriesOthers: true }, branch(wait("b"))], {
        signal: stop.signal,
      });
      stop.abort();
      expect((await run).hops.map((one) => [one.hop, one.message])).to.deep.equal([
        ["a", "the proof was stopped here: still waiting"],
        ["b", "the proof was stopped here: still waiting"],
      ]);
    });

    it("gives each its own time", async () => {
      const result = await runBranches([branch(pass("a")), { ...branch(wait("b")), timeoutMs: 10 }]);
      expect(result.hops.map((one) => [one.hop, one.ok])).to.deep.equal([
        ["a", true],
        ["b", false],
      ]);
    });

    it("begins a hop when those have passed that it waits for, of whichever branch, and no sooner", async () => {
      const order: string[] = [];
      const told = (name: string, ms: number): Hop =>
        hop(name, async () => {
          order.push(`${name} begins`);
          await sleep(ms);
          order.push(`${name} ends`);
          return figures;
        });
      const result = await runBranches([
        branch(
          told("a", 40),
          { ...told("b", 1), waitsFor: [] },
          { ...told("c", 1), waitsFor: ["a", "b", "not asked"] },
        ),
        branch({ ...told("d", 1), waitsFor: ["c"] }),
      ]);
      expect(result.hops.map((one) => one.hop)).to.deep.equal(["a", "b", "c", "d"]);
      expect(order).to.deep.equal([
        "a begins",
        "b begins",
        "b ends",
        "a ends",
        "c begins",
        "c ends",
        "d begins",
        "d ends",
      ]);
    });

    it("does not judge what can only be missing too: neither what waits for a missing hop nor what comes after it", async () => {
      const isBroken = Promise.withResolvers<never>();
      const beside: Hop = { ...wait("b"), timeoutMs: 60_000 };
      const result = await runBranches([
        branch(
          hop("a", () => isBroken.promise),
          { ...beside, waitsFor: [] },
          { ...fail("c"), waitsFor: [] },
          { ...pass("d"), waitsFor: [] },
        ),
        branch({
          ...hop("e", () => {
            isBroken.reject(new Error("missing"));
            return Promise.resolve(figures);
          }),
        }),
        branch({ ...pass("f"), waitsFor: ["a"] }),
      ]);
      expect(result.failedHop).to.equal("a");
      expect(result.hops.map((one) => [one.hop, one.ok])).to.deep.equal([
        ["a", false],
        ["d", true],
        ["e", true],
      ]);
    });

    it("lets an early hop begin with the proof, and counts its time from when it has what it waits for", async () => {
      const order: string[] = [];
      const slow = hop("a", async () => {
        await sleep(60);
        order.push("a has passed");
        return figures;
      });
      const early: PlacedHop = {
        ...hop(
          "b",
          async ({ needed, onProgress }) => {
            order.push("b asks");
            onProgress("asks");
            await needed;
            order.push("b asks for the rest");
            return figures;
          },
          30,
        ),
        isEarly: true,
      };
      const result = await runBranches([branch(slow, early)]);
      expect(order).to.deep.equal(["b asks", "a has passed", "b asks for the rest"]);
      expect(result.ok).to.equal(true);
      expect(result.hops[1]?.ms).to.be.lessThan(30);
    });

    it("ends an early hop whose needs are missing, unjudged", async () => {
      let hasEnded = false;
      const early: PlacedHop = {
        ...hop("b", async ({ needed, signal }) => {
          signal.addEventListener("abort", () => void (hasEnded = true));
          await needed;
          return figures;
        }),
        isEarly: true,
      };
      const result = await runBranches([branch(fail("a"), early)]);
      expect(result.hops.map((one) => one.hop)).to.deep.equal(["a"]);
      expect(hasEnded).to.equal(true);
    });

    it("cleans up after each hop by itself, and removes at once what is given at once", async () => {
      const steps: string[] = [];
      const step = (what: string, ms: number) => ({
        what,
        run: async () => {
          steps.push(`${what} begins`);
          await sleep(ms);
          steps.push(`${what} ends`);
        },
      });
      const cleaning = (name: string, ...calls: ReturnType<typeof step>[][]): Hop =>
        hop(name, ({ onCleanup }) => {
          for (const call of calls) onCleanup(...call);
          return Promise.resolve(figures);
        });
      await runBranches([
        branch(
          cleaning("a", [step("last", 1)], [step("slow", 40), step("quick", 1)]),
          cleaning("b", [step("own", 20)]),
        ),
      ]);
      expect(steps).to.deep.equal([
        "slow begins",
        "quick begins",
        "own begins",
        "quick ends",
        "own ends",
        "slow ends",
        "last begins",
        "last ends",
      ]);
    });

    it("tells what a hop waits for", async () => {
      const told: string[] = [];
      const waiting = hop("a", ({ onProgress }) => {
        onProgress("queued");
        return Promise.resolve(figures);
      });
      await runBranches([branch(waiting)], { onProgress: (name, words) => told.push(`${name}: ${words}`) });
      expect(told).to.deep.equal(["a: queued"]);
    });
  });
});
