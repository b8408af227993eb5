/** Options of our JVMs: by default most are small, and share two cores with a dozen others. */
import * as z from "zod";
import { cpuMillis } from "./quantity.ts";

/** Below this heap, in MiB, a JVM does small work. */
const SMALL_HEAP = 1024;
/** From this heap on, in MiB, and with this CPU, in thousandths of a core, work goes on while memory is collected. */
const G1_HEAP = 2048;
const G1_CPU = 2000;

/** Garbage collectors that every version of Java has. */
const collectors = { serial: "Serial", parallel: "Parallel", g1: "G1" } as const;
export type Collector = keyof typeof collectors;
export type CollectorChoice = Collector | "auto";

/** A service's setting of the collector. */
export const collectorSetting = () =>
  z
    .enum(["auto", "serial", "parallel", "g1"])
    .default("auto")
    .describe(
      "Garbage collector of its JVM. `auto`: `serial` where the heap is below 2Gi or the CPU limit below 2, else `g1`.",
    );

/** The collector for a heap, in MiB, and a CPU limit, in thousandths of a core. */
export function chooseCollector(heap: number, cpu: number): Collector {
  return heap < G1_HEAP || cpu < G1_CPU ? "serial" : "g1";
}

export interface JvmArgs {
  /** Size of the heap, in MiB. */
  readonly heap: number;
  /** CPU limit of the container: `2000m`. */
  readonly cpu: string;
  /** @default "auto": by the heap and the CPU limit */
  readonly collector?: CollectorChoice | undefined;
}

/**
 * Options of a JVM. A small one compiles once and plainly: the thorough compiler took a third of the CPU time of a start,
 * and hardly pays for it later. One without memory ends, for it would answer nobody and look alive.
 */
export function jvmOptions({ heap, cpu, collector = "auto" }: JvmArgs): string[] {
  const chosen = collector === "auto" ? chooseCollector(heap, cpuMillis(cpu)) : collector;
  // The start scripts of our images choose the serial collector first, and a JVM with two of them does not start.
  const instead = chosen === "serial" ? [] : ["-XX:-UseSerialGC"];
  // Without the thorough compiler Java keeps 48 MiB for its code, which Spark fills; then it forgets code all the time.
  const compiler = heap < SMALL_HEAP ? ["-XX:TieredStopAtLevel=1", "-XX:ReservedCodeCacheSize=128m"] : [];
  return [...instead, `-XX:+Use${collectors[chosen]}GC`, ...compiler, "-XX:+ExitOnOutOfMemoryError"];
}
