import { expect } from "chai";
import { declaredBounds, otherBounds } from "../../../components/kafka/kafka-retention.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

describe("bounds of topics", () => {
  it("fit all copies of a broker, with a segment each, into three fifths of its claim", () => {
    const bounds = declaredBounds(5 * GIB, 1, [
      { partitions: 3, copies: 1 },
      { partitions: 3, copies: 1 },
    ]);
    expect(bounds).to.deep.equal({ retention: 448 * MIB, segment: 64 * MIB });
    expect(6 * ((bounds?.retention ?? 0) + (bounds?.segment ?? 0))).to.equal(3 * GIB);
  });

  it("count each copy that lies on one broker, and no fewer than the worst of them has", () => {
    const three = declaredBounds(5 * GIB, 3, [{ partitions: 3, copies: 3 }]);
    expect(three).to.deep.equal(declaredBounds(5 * GIB, 1, [{ partitions: 3, copies: 1 }]));
    const uneven = declaredBounds(5 * GIB, 3, [{ partitions: 4, copies: 1 }]);
    expect(uneven).to.deep.equal(declaredBounds(5 * GIB, 1, [{ partitions: 2, copies: 1 }]));
  });

  it("have segments small enough for small claims, and of 256 MiB at most", () => {
    expect(declaredBounds(GIB, 1, [{ partitions: 6, copies: 1 }])).to.deep.equal({
      retention: 90 * MIB,
      segment: 12 * MIB,
    });
    expect(declaredBounds(1024 * GIB, 1, [{ partitions: 6, copies: 1 }])?.segment).to.equal(256 * MIB);
  });

  it("are none where the claim is too small for the partitions", () => {
    expect(declaredBounds(100 * MIB, 1, [{ partitions: 6, copies: 1 }])).to.equal(undefined);
  });

  it("let eight partitions that people make fill a fifth of the claim", () => {
    const bounds = otherBounds(5 * GIB);
    expect(bounds).to.deep.equal({ retention: 112 * MIB, segment: 16 * MIB });
    expect(8 * (bounds.retention + bounds.segment)).to.equal(GIB);
    expect(otherBounds(100 * MIB)).to.deep.equal({ retention: 4 * MIB, segment: 4 * MIB });
  });
});
