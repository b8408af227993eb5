/** The data files of the samples table: each is read once, however often the proof looks. */
import { rowsOfRun } from "./formats/parquet.ts";
import type { MarkedRun, SeenRecord } from "../../telemetry/hops/marked-records.ts";
import type { ObjectStore } from "../../object-store/hops/store-client.ts";

const dayMs = 86_400_000;

export class SamplesFiles {
  readonly #store: ObjectStore;
  readonly #marked: MarkedRun;
  readonly #prefix: string;
  readonly #read = new Map<string, readonly SeenRecord[]>();

  /** @param tablePrefix - `warehouse/telemetry.db/samples`, below the bucket */
  constructor(store: ObjectStore, tablePrefix: string, marked: MarkedRun) {
    this.#store = store;
    this.#marked = marked;
    this.#prefix = tablePrefix;
  }

  /** Keys of the files in the run's partition. The table is partitioned by day of `ts` and by run. */
  async keys(): Promise<string[]> {
    const days = [-dayMs, 0, dayMs].map((ms) =>
      new Date(this.#marked.startedAt.getTime() + ms).toISOString().slice(0, 10),
    );
    const lists = days.map((day) => this.#store.list(`${this.#prefix}/data/ts_day=${day}/run=${this.#marked.run}/`));
    return (await Promise.all(lists)).flat().filter((key) => key.endsWith(".parquet"));
  }

  /** The run's rows in these files. */
  async rows(keys: readonly string[]): Promise<SeenRecord[]> {
    const rows = await Promise.all(keys.map((key) => this.#rowsOf(key)));
    return rows.flat();
  }

  async #rowsOf(key: string): Promise<readonly SeenRecord[]> {
    const known = this.#read.get(key);
    if (known !== undefined) return known;
    const rows = await rowsOfRun(await this.#store.get(key), this.#marked.run);
    this.#read.set(key, rows);
    return rows;
  }
}
