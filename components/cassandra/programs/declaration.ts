/** What a Cassandra cluster must hold: keyspaces, tables, and what each role may do. */
import { z } from "zod";

const name = z.string().regex(/^[a-z][a-z0-9_]{0,47}$/, "a name has up to 48 of a-z 0-9 _ and begins with a letter");

const tableSchema = z.strictObject({
  /** CQL type of each column. */
  columns: z.record(name, z.string().regex(/^[a-z]+$/)),
  partitionKey: z.array(name).min(1),
  clustering: z.array(z.strictObject({ column: name, order: z.enum(["ASC", "DESC"]) })).default([]),
  /** Time that a row lives; without it, forever. */
  ttlSeconds: z.int().positive().optional(),
  compaction: z
    .union([z.literal("size-tiered"), z.strictObject({ timeWindowMinutes: z.int().positive() })])
    .default("size-tiered"),
});

export const setupSchema = z.strictObject({
  /** Copies of each row. */
  replicationFactor: z.int().min(1),
  keyspaces: z.record(name, z.strictObject({ tables: z.record(name, tableSchema) })),
  /** Rights by role and keyspace. */
  roles: z.record(name, z.record(name, z.enum(["read", "readWrite"]))),
});

export type Setup = z.infer<typeof setupSchema>;
export type Table = z.infer<typeof tableSchema>;
export type Right = "read" | "readWrite";

/** A row of an answer, by the names of its columns. */
export type Row = Readonly<Record<string, unknown>>;

/** Someone who is logged in. */
export interface Session {
  /** @param params Values for the statement's question marks. */
  execute(cql: string, params?: readonly unknown[]): Promise<readonly Row[]>;
  /**
   * Reads all rows from every node that has a copy of them, which gives each the rows that it lacks.
   * @returns the number of rows
   */
  readOnAll(cql: string): Promise<number>;
}
