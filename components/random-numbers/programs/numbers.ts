/** The numbers that a pump makes: uniform and normal ones in turn. */
import { toMessage } from "../../telemetry/programs/record.ts";
import type { KafkaMessage, Measurement, TelemetryRecord } from "../../telemetry/programs/record.ts";

/**
 * @param step Number of the measurement since the start: even ones are `uniform` (from 0 to below 1), odd ones `normal`
 *   (mean 0, deviation 1)
 * @param random A number from 0 to below 1. @default Math.random
 */
export function makeNumber(step: number, random: () => number = Math.random): Measurement {
  if (step % 2 === 0) return { metric: "uniform", value: random() };
  // Box and Muller's method; 1 - random() is never 0, whose logarithm is none.
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  return { metric: "normal", value: radius * Math.cos(2 * Math.PI * random()) };
}

/** Keyed by its id, so that the numbers of one pump use all partitions. */
export function numberMessage(record: TelemetryRecord): KafkaMessage {
  return { ...toMessage(record), key: record.id };
}
