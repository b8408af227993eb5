import { expect } from "chai";
import type { Deed } from "../../../../platform/auditing.ts";
import { Book } from "../../../../components/audit-log/programs/book.ts";

const BEGIN = new Date("2026-11-29T00:00:00Z");
const after = (seconds: number): string => new Date(BEGIN.getTime() + seconds * 1000).toISOString();
const deed = (id: string, seconds: number, object = ""): Deed => ({
  ...{ id, at: after(seconds), user: "ana", action: "did", object, outcome: "ok" },
});
const ids = (entries: readonly { readonly id: string }[]): string[] => entries.map(({ id }) => id);

describe("the book of deeds", () => {
  it("takes each once, in the order of time, however often it is told, also at once", () => {
    const book = new Book(BEGIN);
    expect(ids(book.add("presto", [deed("b", 20), deed("a", 10), deed("a", 10)]))).to.deep.equal(["a", "b"]);
    expect(ids(book.add("presto", [deed("a", 10), deed("c", 15)]))).to.deep.equal(["c"]);
    expect(ids(book.add("airflow", [deed("a", 10)]))).to.deep.equal(["a"]);
    expect(ids(book.waiting(1000))).to.deep.equal(["a", "b", "c", "a"]);
  });

  it("asks again for ten minutes before the last one, of each service by itself", () => {
    const book = new Book(BEGIN);
    expect(book.after("presto")).to.deep.equal(BEGIN);
    book.add("presto", [deed("a", 5 * 3600)]);
    expect(book.after("presto").toISOString()).to.equal(after(5 * 3600 - 600));
    expect(book.after("airflow")).to.deep.equal(BEGIN);
  });

  it("keeps what is not in the table until it is, or nobody will take it", () => {
    const book = new Book(BEGIN);
    expect(book.waitsFor(5000)).to.equal(0);
    book.add("presto", [deed("b", 1), deed("c", 2)], 1000);
    expect(book.waitsFor(5000)).to.equal(4000);
    book.written([{ service: "presto", id: "x" }], 5000);
    expect([book.waits, book.waitsFor(5000)]).to.deep.equal([2, 4000]);
    book.written([{ service: "presto", id: "b" }], 5000);
    expect([book.waits, book.waitsFor(6000)]).to.deep.equal([1, 1000]);
    book.written([{ service: "presto", id: "c" }], 6000);
    expect([book.waits, book.waitsFor(9000)]).to.deep.equal([0, 0]);
  });

  it("keeps nothing where there is no table", () => {
    const book = new Book(BEGIN, false);
    expect(book.add("presto", [deed("a", 1)], 0)).to.have.length(1);
    expect([book.waits, book.waitsFor(9000)]).to.deep.equal([0, 0]);
  });

  it("hands out as much as one statement bears, and one deed at least", () => {
    const book = new Book(BEGIN);
    book.add("presto", [deed("a", 1, "x".repeat(50)), deed("b", 2, "y".repeat(30)), deed("c", 3, "z".repeat(30))]);
    expect(ids(book.waiting(480))).to.deep.equal(["a", "b"]);
    expect(ids(book.waiting(210))).to.deep.equal(["a"]);
    expect(ids(book.waiting(1000))).to.deep.equal(["a", "b", "c"]);
  });

  it("drops the oldest when the table is away for too long, and counts them", () => {
    const book = new Book(BEGIN);
    book.add(
      "presto",
      Array.from({ length: 20_001 }, (_, index) => deed(String(index), index)),
    );
    expect([book.waits, book.dropped]).to.deep.equal([20_000, 1]);
    expect(ids(book.waiting(0))).to.deep.equal(["1"]);
  });

  it("knows the last deeds of a quiet service, however many others do", () => {
    const book = new Book(BEGIN);
    book.add("airflow", [deed("quiet", 1)]);
    for (let round = 0; round < 20; round++) {
      book.add(
        "presto",
        Array.from({ length: 5000 }, (_, index) => deed(`${round}-${index}`, 3600 * round + index / 10)),
      );
    }
    expect(book.add("airflow", [deed("quiet", 1)])).to.deep.equal([]);
    expect(book.add("presto", [deed("19-4999", 3600 * 19 + 499.9)])).to.deep.equal([]);
  });
});
