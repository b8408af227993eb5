import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { raceSamples } from "../../../components/connect/race-samples.ts";
import { type Statement, statementsOf, textProblems } from "../../../components/flink/programs/statements.ts";
import { sampleFields } from "../../../components/race-car/programs/sample.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/flink.md"), "utf8");
const [, text = ""] = /## A lap again\n[^]*?```sql\n([^]*?)```/.exec(page) ?? [];
const statements = statementsOf(text);
const sqlOf = (word: string): string => statements.find(({ sql }: Statement) => sql.startsWith(word))?.sql ?? "";
const names = ["v", ...Object.keys(sampleFields)];

describe("the lap that people send again by SQL", () => {
  it("is a job by the rules of declared ones", () => {
    expect(statements.map(({ sql }) => sql.split(" ")[0])).to.deep.equal(["SET", "SET", "CREATE", "INSERT"]);
    expect(textProblems(statements)).to.deep.equal([]);
  });

  it("has all fields of a sample, in their order, in the topic's table and in what is selected", () => {
    const [, columns = ""] = /\(([^]*?)\) WITH/.exec(sqlOf("CREATE")) ?? [];
    const types = { string: "STRING", int: "INT", long: "BIGINT", double: "DOUBLE", timestamp: "STRING" };
    const table = raceSamples()["race-samples"];
    const kinds = table?.kind === "icebergSink" ? table.columns : {};
    expect(columns.split(",").map((column) => column.trim().split(/\s+/))).to.deep.equal(
      names.map((name) => [name, types[kinds[name] as keyof typeof types]]),
    );
    const [, selected = ""] = /SELECT([^]*?)FROM/.exec(sqlOf("INSERT")) ?? [];
    const time = /DATE_FORMAT\(ts, [^)]*\) \|\| 'Z'/;
    expect(selected.match(time)).to.have.length(1);
    expect(
      selected
        .replace(time, "ts")
        .split(",")
        .map((name) => name.trim()),
    ).to.deep.equal(names);
  });

  it("reads the table that Connect writes, in the order of time, and keeps the key", () => {
    const table = raceSamples()["race-samples"];
    expect(table).to.include({ kind: "icebergSink", table: "race.samples" });
    expect(sqlOf("INSERT")).to.match(/FROM lake\.race\.samples\nWHERE .*\nORDER BY ts$/);
    expect(sqlOf("CREATE")).to.contain("'key.fields' = 'car'");
  });
});
