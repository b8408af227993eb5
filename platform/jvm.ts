/** Options of our JVMs: most are small, and share two cores with a dozen others. */

/** Below this heap, in MiB, a JVM does small work. */
const SMALL_HEAP = 1024;

/**
 * Options by the heap's size in MiB. A small JVM compiles once and plainly: the thorough compiler took a third of the CPU
 * time of a start, and hardly pays for it later. One without memory ends, for it would answer nobody and look alive.
 */
export function jvmOptions(heap: number): string[] {
  // Without the thorough compiler Java keeps 48 MiB for its code, which Spark fills; then it forgets code all the time.
  const compiler = heap < SMALL_HEAP ? ["-XX:TieredStopAtLevel=1", "-XX:ReservedCodeCacheSize=128m"] : [];
  return ["-XX:+UseSerialGC", ...compiler, "-XX:+ExitOnOutOfMemoryError"];
}
