/**
 * What the user sees while a command works. On a terminal: one live line per running step with its elapsed time,
 * redrawn in place. Elsewhere: a line when a step starts, changes or ends, and at least one every 15 s per running step.
 */
import { duration } from "./table.ts";

/** One running step. */
export interface Step {
  /** What it does right now. */
  readonly detail: (text: string) => void;
  readonly done: (text?: string) => void;
  readonly failed: (text?: string) => void;
}

export interface Progress {
  /** Opens a step. Steps may overlap. */
  readonly step: (title: string) => Step;
  /** A line of its own. */
  readonly log: (line: string) => void;
  /** Ends the live display; steps still open are left as they are. */
  readonly stop: () => void;
}

/** Where progress goes: `process.stderr` in commands, a recorder in tests. */
export interface Sink {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressOptions {
  readonly sink: Sink;
  /** Live redraw. @default - when the sink is a terminal, `$CI` is unset and `$TERM` is not "dumb" */
  readonly live?: boolean;
  /** Milliseconds between reports of a step that runs on, without a terminal. @default 15000 */
  readonly reportEveryMs?: number;
  readonly now?: () => number;
}

interface Running {
  readonly title: string;
  readonly startedAt: number;
  text: string;
  reportedAt: number;
}

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const REDRAW_MS = 120;

export function createProgress(options: ProgressOptions): Progress {
  const { sink, now = Date.now, reportEveryMs = 15_000 } = options;
  const live =
    options.live ?? (sink.isTTY === true && process.env["CI"] === undefined && process.env["TERM"] !== "dumb");
  const running = new Set<Running>();
  let drawn = 0;
  let frame = 0;
  let timer: NodeJS.Timeout | undefined;

  const clear = (): void => {
    if (drawn > 0) sink.write(`\x1b[${drawn}A\x1b[0J`);
    drawn = 0;
  };
  const draw = (): void => {
    clear();
    const width = Math.max(20, (sink.columns ?? 100) - 1);
    const glyph = frames[frame++ % frames.length] ?? "-";
    for (const step of running) {
      const elapsed = duration(Math.floor((now() - step.startedAt) / 1000) * 1000);
      const text = `${glyph} ${step.title} (${elapsed})${step.text === "" ? "" : `: ${step.text}`}`;
      sink.write(`${text.slice(0, width)}\n`);
      drawn++;
    }
  };
  const report = (): void => {
    for (const step of running) {
      if (now() - step.reportedAt < reportEveryMs) continue;
      step.reportedAt = now();
      sink.write(
        `  … ${step.title}: still running after ${duration(now() - step.startedAt)}${step.text === "" ? "" : `: ${step.text}`}\n`,
      );
    }
  };
  const tick = (): void => {
    if (running.size > 0 && timer === undefined) {
      timer = setInterval(live ? draw : report, live ? REDRAW_MS : Math.min(1000, reportEveryMs));
      timer.unref();
    } else if (running.size === 0 && timer !== undefined) {
      clearInterval(timer);
      timer = undefined;
    }
  };
  const line = (text: string): void => {
    if (live) clear();
    sink.write(`${text}\n`);
    if (live) draw();
  };

  return {
    log: line,
    stop() {
      clear();
      running.clear();
      tick();
    },
    step(title) {
      const step: Running = { title, startedAt: now(), text: "", reportedAt: now() };
      running.add(step);
      if (!live) sink.write(`> ${title}\n`);
      tick();
      const close = (mark: string, text: string | undefined): void => {
        if (!running.delete(step)) return;
        const elapsed = duration(now() - step.startedAt);
        line(`${mark} ${title} (${elapsed})${text === undefined || text === "" ? "" : `: ${text}`}`);
        tick();
      };
      return {
        detail(text) {
          if (text === step.text) return;
          step.text = text;
          // Without a terminal a detail is news at most every two seconds; the periodic report carries the rest.
          if (!live && running.has(step) && now() - step.reportedAt >= Math.min(2000, reportEveryMs)) {
            step.reportedAt = now();
            sink.write(`  ${title}: ${text}\n`);
          }
        },
        done: (text) => {
          close("✓", text);
        },
        failed: (text) => {
          close("✗", text);
        },
      };
    },
  };
}

/** One step for each name that work reports on; a detail that begins with "ready" or "failed" ends its step. */
export async function duringEach<T>(
  progress: Progress,
  work: (report: (name: string, detail: string) => void) => Promise<T>,
): Promise<T> {
  const open = new Map<string, Step>();
  try {
    return await work((name, detail) => {
      const step = open.get(name) ?? progress.step(name);
      open.set(name, step);
      if (detail.startsWith("ready")) step.done(detail);
      else if (detail.startsWith("failed")) step.failed(detail);
      else step.detail(detail);
    });
  } catch (error) {
    for (const step of open.values()) step.failed();
    throw error;
  } finally {
    for (const step of open.values()) step.done();
  }
}

/** Runs `work` as one step: done when it resolves, failed when it rejects. */
export async function during<T>(progress: Progress, title: string, work: (step: Step) => Promise<T>): Promise<T> {
  const step = progress.step(title);
  try {
    const result = await work(step);
    step.done();
    return result;
  } catch (error) {
    step.failed();
    throw error;
  }
}
