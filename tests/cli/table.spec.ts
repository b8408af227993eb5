import { expect } from "chai";

import { bytes, duration, table } from "../../cli/table.ts";

describe("tables", () => {
  it("pad words to the left and figures to the right", () => {
    const text = table(
      ["service", "memory"],
      [
        ["kafka", "512 MiB"],
        ["object-store", "64 MiB"],
      ],
    );
    expect(text.split("\n")).to.deep.equal(["service        memory", "kafka         512 MiB", "object-store   64 MiB"]);
  });

  it("are a header alone when there are no rows", () => {
    expect(table(["a", "b"], [])).to.equal("a  b");
  });
});

describe("figures", () => {
  it("show durations in the unit that people use", () => {
    expect([12, 1234, 59_940, 65_000].map(duration)).to.deep.equal(["12 ms", "1.2 s", "59.9 s", "1 min 05 s"]);
  });

  it("show bytes in binary units", () => {
    expect([1000, 512 * 2 ** 20, 1.5 * 2 ** 30].map(bytes)).to.deep.equal(["1 KiB", "512 MiB", "1.5 GiB"]);
  });
});
