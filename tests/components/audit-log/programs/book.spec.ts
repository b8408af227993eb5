import { expect } from "chai";
import type { Deed } from "../../../../platform/auditing.ts";
import { Book } from "../../../../components/audit-log/programs/book.ts";

const deed = (id: string, at: string): Deed => ({ id, at, user: "ana", action: "did", object: "", outcome: "ok" });
const ids = (entries: readonly { readonly id: string }[]): string[] => entries.map(({ id }) => id);
const BEGIN = new Date("2026-11-29T00:00:00Z");

describe("the book of deeds", () => {
  it("takes each once, in the order of time, however often it is told", () => {
    const book = new Book(BEGIN);
    expect(
      ids(book.add("presto", [deed("b", "2026-11-29T02:00:00Z"), deed("a", "2026-11-29T01:00:00Z")])),
    ).to.deep.equal(["a", "b"]);
    expect(
      ids(book.add("presto", [deed("a", "2026-11-29T01:00:00Z"), deed("c", "2026-11-29T01:30:00Z")])),
    ).to.deep.equal(["c"]);
    expect(ids(book.add("airflow", [deed("a", "2026-11-29T01:00:00Z")]))).to.deep.equal(["a"]);
    expect(ids(book.waiting(3))).to.deep.equal(["a", "b", "c"]);
  });

  it("asks again for ten minutes before the last one, of each service by itself", () => {
    const book = new Book(BEGIN);
    expect(book.after("presto")).to.deep.equal(BEGIN);
    book.add("presto", [deed("a", "2026-11-29T05:00:00Z")]);
    expect(book.after("presto")).to.deep.equal(new Date("2026-11-29T04:50:00Z"));
    expect(book.after("airflow")).to.deep.equal(BEGIN);
    book.know([{ service: "airflow", id: "x", at: "2026-11-29T00:05:00Z" }]);
    expect(book.after("airflow")).to.deep.equal(BEGIN);
  });

  it("knows what is in the table, and keeps what is not until it is", () => {
    const book = new Book(BEGIN);
    book.know([{ service: "presto", id: "a", at: "2026-11-29T01:00:00Z" }]);
    expect(book.add("presto", [deed("a", "2026-11-29T01:00:00Z")])).to.deep.equal([]);
    expect(book.waitsFor(5000)).to.equal(0);
    book.add("presto", [deed("b", "2026-11-29T01:00:00Z"), deed("c", "2026-11-29T01:00:01Z")], 1000);
    expect(book.waitsFor(5000)).to.equal(4000);
    book.written(book.waiting(1), 5000);
    expect([book.waits, book.waitsFor(6000)]).to.deep.equal([1, 1000]);
    book.written(book.waiting(1), 6000);
    expect([book.waits, book.waitsFor(9000)]).to.deep.equal([0, 0]);
  });

  it("drops the oldest when the table is away for too long, and counts them", () => {
    const book = new Book(BEGIN);
    const many = Array.from({ length: 20_001 }, (_, index) =>
      deed(String(index), new Date(BEGIN.getTime() + index * 1000).toISOString()),
    );
    book.add("presto", many);
    expect([book.waits, book.dropped]).to.deep.equal([20_000, 1]);
    expect(ids(book.waiting(1))).to.deep.equal(["1"]);
  });
});
