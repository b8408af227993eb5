import { expect } from "chai";
import { before, LineSplitter, nanoseconds, readLine } from "../../../../components/logs/programs/lines.ts";

describe("lines of a log", () => {
  const split = (chunks: readonly string[], longest?: number): string[] => {
    const splitter = new LineSplitter(longest);
    return [...chunks.flatMap((chunk) => [...splitter.push(Buffer.from(chunk))]), ...splitter.end()];
  };

  it("are whole whatever the pieces are that they come in", () => {
    expect(split(["a\nb", "c\r\n", "\nd"])).to.deep.equal(["a", "bc", "", "d"]);
    const [first = 0, ...rest] = Buffer.from("ü\n");
    const splitter = new LineSplitter();
    expect([...splitter.push(Buffer.from([first])), ...splitter.push(Buffer.from(rest))]).to.deep.equal(["ü"]);
  });

  it("are cut where they are too long, which is said, and the next one is whole", () => {
    expect(split(["0123", "456789", "\nnext\n"], 5)).to.deep.equal(["01234 [… 5 bytes more are left out]", "next"]);
  });

  it("have times whose texts are in the order of time", () => {
    expect(readLine("2026-11-29T10:00:00.12Z INFO a b")).to.deep.equal({
      time: "2026-11-29T10:00:00.120000000Z",
      text: "INFO a b",
    });
    expect(readLine("2026-11-29T10:00:00Z")).to.deep.equal({ time: "2026-11-29T10:00:00.000000000Z", text: "" });
    expect(readLine("unable to retrieve container logs")).to.equal(undefined);
    expect(nanoseconds("2026-11-29T12:00:00.5+02:00")).to.equal("2026-11-29T10:00:00.500000000Z");
  });

  it("have times before theirs", () => {
    expect(before("2026-11-29T10:00:05.999999999Z", 15)).to.equal("2026-11-29T09:59:50.000Z");
  });
});
