import type { Row, Session } from "../../../../components/cassandra/programs/declaration.ts";

/** A session that answers questions about the tables given, by their names, and notes every other statement. */
export class FakeSession implements Session {
  readonly statements: string[] = [];
  readonly #tables: Readonly<Record<string, readonly Row[]>>;

  constructor(tables: Readonly<Record<string, readonly Row[]>>) {
    this.#tables = tables;
  }

  execute(cql: string, params: readonly unknown[] = []): Promise<readonly Row[]> {
    const question = /^SELECT .* FROM (\S+)(?: WHERE (\S+) = \?)?$/.exec(cql);
    if (question === null) {
      this.statements.push(cql);
      return Promise.resolve([]);
    }
    const [, table = "", column] = question;
    const rows = this.#tables[table] ?? [];
    return Promise.resolve(column === undefined ? rows : rows.filter((row) => row[column] === params[0]));
  }

  readOnAll(cql: string): Promise<number> {
    this.statements.push(`ALL ${cql}`);
    return Promise.resolve(7);
  }
}
