import { expect } from "chai";
import { readSample } from "../../../components/race-car/programs/sample.ts";
import cases from "../../components/race-windows/window-cases.json" with { type: "json" };
import table from "./record-cases.json" with { type: "json" };

interface Case {
  readonly reason: string;
  readonly raw?: string | null;
  readonly times?: number;
  readonly base64?: string;
  readonly with?: object;
}

const now = Date.parse(table.kafkaTime);
const good = { ...cases.base, ...cases.batches[0]?.[0] };

function valueOf({ raw, times = 1, base64, with: changes }: Case): Buffer | null {
  if (changes !== undefined) return Buffer.from(JSON.stringify({ ...good, ...changes }));
  if (base64 !== undefined) return Buffer.from(base64, "base64");
  return raw == null ? null : Buffer.from(raw.repeat(times));
}

describe("a value that is no record of its topic", () => {
  it("would be one without what is wrong with it", () => {
    expect(readSample(valueOf({ with: {}, reason: "" }), now)).to.not.have.property("reason");
  });

  for (const one of table.bad as readonly Case[]) {
    it(`is refused, as by Spark: ${JSON.stringify(one.reason)}`, () => {
      expect(readSample(valueOf(one), now)).to.include({ reason: one.reason });
    });
  }
});
