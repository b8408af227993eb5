/** Settings of the way from a number's making to a moving chart in a browser. */
import * as z from "zod";
import { image, memory, optional, sparkHeap, storage } from "../settings.ts";

export const cassandra = z
  .strictObject({
    enabled: optional("pipeline", "Cassandra is part of the platform"),
    replicas: z
      .int()
      .min(1)
      .max(9)
      .default(1)
      .meta({ "x-also-called": ["nodes"] })
      .describe("Number of nodes."),
    replicationFactor: z
      .int()
      .min(1)
      .max(9)
      .optional()
      .describe("Nodes that have a copy of each row. Default: 3, or `replicas` where that is less."),
    storage: storage("5Gi"),
    memory: memory("896Mi", "768Mi"),
    image: image().describe("Image with the contract of `cassandra:5.0`. Default: built from packages."),
  })
  .transform((value) => ({
    ...value,
    replicationFactor: value.replicationFactor ?? Math.min(3, value.replicas),
  }))
  .prefault({})
  .describe("Cassandra, for what is asked often and must answer at once.");

export const randomNumbers = z
  .strictObject({
    enabled: optional("pipeline", "random numbers are produced to Kafka"),
    rate: z
      .int()
      .min(1)
      .max(5000)
      .default(10)
      .meta({ "x-also-called": ["recordsPerSecond"] })
      .describe("Numbers that each pump sends in a second."),
    replicas: z
      .int()
      .min(1)
      .max(100)
      .default(1)
      .meta({ "x-also-called": ["pumps"] })
      .describe("Number of pumps."),
    partitions: z.int().min(1).max(1000).default(3).describe("Partitions of the topic `random-numbers`."),
  })
  .prefault({})
  .describe("Pumps of random numbers.");

export const census = z
  .strictObject({
    enabled: optional("pipeline", "a census file is generated and its figures are computed by a Spark batch"),
    rows: z.int().min(1).max(10_000_000).default(20_000).describe("People in the file."),
    seed: z.int().min(0).max(2_147_483_647).default(1).describe("Equal seeds and rows make equal files."),
    parts: z
      .int()
      .min(1)
      .max(100)
      .default(2)
      .describe("Parts of the file; each is written by a pod of its own, and read by a task of its own."),
  })
  .prefault({})
  .describe("The census: a static file in S3, and the batch over it.");

export const windows = z
  .strictObject({
    enabled: optional("pipeline", "random numbers and telemetry are streamed, in windows, into Cassandra and the lake"),
    windowSeconds: z.int().min(1).max(600).default(10).describe("Length of a window, in seconds."),
    triggerSeconds: z.int().min(1).max(3600).default(4).describe("Seconds between two writes to Cassandra."),
    lakeTriggerSeconds: z.int().min(1).max(3600).default(10).describe("Seconds between two commits to the lake."),
    driverMemory: sparkHeap("768Mi", "the driver"),
    executors: z
      .int()
      .min(0)
      .max(100)
      .default(0)
      .describe("Number of executors. With 0 the driver does their work itself, which suits a single node."),
    keepHours: z
      .int()
      .min(1)
      .max(8760)
      .default(24)
      .describe("Hours that Cassandra keeps streamed rows; the lake keeps them all."),
  })
  .prefault({})
  .describe("The Spark stream that computes windowed figures.");

export const display = z
  .strictObject({
    enabled: optional("pipeline", "the web display is part of the platform"),
    replicas: z.int().min(1).max(20).default(1).describe("Number of servers."),
    memory: memory("256Mi", "192Mi"),
    image: image().describe("Image with the display's server and pages. Default: built from packages."),
  })
  .prefault({})
  .describe("The web display: charts of what flows and of what Spark has computed.");
