import { expect } from "chai";
import { type Box, layeredLayout, type Line } from "../../platform/layered-layout.ts";

const box = (id: string, height = 40): Box => ({ id, width: 100, height });
const line = (from: string, to: string): Line => ({ from, to, title: `${from} → ${to}`, enterAt: 20 });

describe("a layout in layers", () => {
  it("puts each box one layer before what it leads to", () => {
    const boxes = ["store", "presto", "display", "setup"].map((id) => box(id));
    const { places } = layeredLayout(boxes, [
      line("display", "presto"),
      line("presto", "store"),
      line("setup", "store"),
    ]);
    const x = (id: string) => places.get(id)?.x;
    expect([x("display"), x("presto"), x("store")]).to.deep.equal([0, 170, 340]);
    expect(x("setup")).to.equal(x("presto"));
  });

  it("lets no two boxes of a layer overlap", () => {
    const boxes = [box("store", 200), ...["a", "b", "c", "d"].map((id, index) => box(id, 30 + index * 10))];
    const { places } = layeredLayout(
      boxes,
      ["a", "b", "c", "d"].map((id) => line(id, "store")),
    );
    const column = boxes
      .filter(({ id }) => id !== "store")
      .map(({ id, height }) => ({ top: places.get(id)?.y ?? 0, bottom: (places.get(id)?.y ?? 0) + height }))
      .sort((one, other) => one.top - other.top);
    for (const [index, { top }] of column.entries()) {
      const above = column[index - 1];
      if (above !== undefined) expect(top).to.be.at.least(above.bottom + 12 - 0.001);
    }
  });

  it("begins lines at the right of a box, passes layers in lanes and ends them at the port", () => {
    const boxes = ["a", "b", "c"].map((id) => box(id));
    const { lines, places } = layeredLayout(boxes, [line("a", "b"), line("b", "c"), line("a", "c")]);
    const long = lines.find(({ from, to }) => from === "a" && to === "c");
    expect(long?.points.map(({ x }) => x)).to.deep.equal([100, 170, 270, 340]);
    expect(long?.points.at(-1)?.y).to.equal((places.get("c")?.y ?? 0) + 20);
  });

  it("turns round the fewest lines that go in circles, and says so", () => {
    const boxes = ["hub", "proxy", "postgres"].map((id) => box(id));
    const { lines } = layeredLayout(boxes, [line("hub", "proxy"), line("proxy", "hub"), line("hub", "postgres")]);
    expect(lines.filter(({ isReversed }) => isReversed)).to.have.length(1);
  });

  it("is the same each time", () => {
    const boxes = ["a", "b", "c", "d"].map((id) => box(id));
    const lines = [line("a", "c"), line("b", "c"), line("b", "d"), line("a", "d")];
    const first = layeredLayout(boxes, lines);
    expect([...layeredLayout(boxes, lines).places]).to.deep.equal([...first.places]);
  });
});
