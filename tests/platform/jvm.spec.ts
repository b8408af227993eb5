import { expect } from "chai";
import { chooseCollector, jvmOptions } from "../../platform/jvm.ts";

describe("The options of a JVM", () => {
  it("choose the serial collector for a small heap or less than two cores, else G1", () => {
    expect(chooseCollector(256, 2000)).to.equal("serial");
    expect(chooseCollector(2047, 4000)).to.equal("serial");
    expect(chooseCollector(2048, 2000)).to.equal("g1");
    expect(chooseCollector(8192, 1999)).to.equal("serial");
    expect(chooseCollector(8192, 4000)).to.equal("g1");
  });

  it("are those of the serial collector, with the plain compiler, for a small heap", () => {
    expect(jvmOptions({ heap: 1023, cpu: "2000m" })).to.deep.equal([
      "-XX:+UseSerialGC",
      "-XX:TieredStopAtLevel=1",
      "-XX:ReservedCodeCacheSize=128m",
      "-XX:+ExitOnOutOfMemoryError",
    ]);
    expect(jvmOptions({ heap: 1024, cpu: "2000m" })).to.deep.equal(["-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError"]);
  });

  it("take the start script's collector away before they name another", () => {
    const end = "-XX:+ExitOnOutOfMemoryError";
    expect(jvmOptions({ heap: 4096, cpu: "4" })).to.deep.equal(["-XX:-UseSerialGC", "-XX:+UseG1GC", end]);
    expect(jvmOptions({ heap: 4096, cpu: "4", collector: "auto" })).to.include("-XX:+UseG1GC");
    expect(jvmOptions({ heap: 4096, cpu: "4", collector: "parallel" })).to.deep.equal([
      "-XX:-UseSerialGC",
      "-XX:+UseParallelGC",
      end,
    ]);
    expect(jvmOptions({ heap: 4096, cpu: "4", collector: "serial" })).to.deep.equal(["-XX:+UseSerialGC", end]);
  });
});
