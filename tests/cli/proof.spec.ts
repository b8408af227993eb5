import { expect } from "chai";

import { ProofReader, renderProof } from "../../cli/proof.ts";

const hop = (name: string, ok: boolean): string =>
  JSON.stringify({ hop: name, ok, count: 200, distinct: 200, checksum: "12345", ms: 40, message: ok ? "" : "nothing" });

function read(...lines: string[]): ProofReader {
  const reader = new ProofReader();
  for (const line of lines) reader.line(line);
  return reader;
}

describe("the proof's report", () => {
  it("is ok only when the closing line says so", () => {
    expect(read(hop("kafka", true), '{"proof":"ok","run":"r","ms":50}').report().ok).to.equal(true);
    const cut = read(hop("kafka", true)).report();
    expect(cut.ok).to.equal(false);
    expect(cut.error).to.contain("without a result");
  });

  it("names the failed hop even when the closing line is missing", () => {
    expect(read(hop("kafka", true), hop("iceberg", false)).report().failedHop).to.equal("iceberg");
  });

  it("shows the hops in the table's order, whichever ended first", () => {
    const end = '{"proof":"ok","run":"r","hops":["kafka","presto","airflow"],"ms":50}';
    const reader = read(hop("airflow", true), hop("kafka", true), hop("presto", true), end);
    expect(reader.report().hops.map((one) => one.hop)).to.deep.equal(["kafka", "presto", "airflow"]);
  });

  it("is not ok when a hop failed, whatever the closing line says", () => {
    expect(read(hop("kafka", false), '{"proof":"ok","run":"r","ms":1}').report().ok).to.equal(false);
  });

  it("passes over lines that are not its own", () => {
    expect(read("starting", "{not json", '{"other":1}').report().hops).to.deep.equal([]);
  });

  it("is shown as a table with count, distinct, checksum and time, and the verdict last", () => {
    const text = renderProof(read(hop("kafka", true), '{"proof":"ok","run":"r","ms":50}').report());
    expect(text.split("\n")[0]).to.match(/hop +result +count +distinct +checksum +time +note/);
    expect(text.split("\n").at(-1)).to.contain("proof ok").and.contain("run r");
  });

  it("gives what was not asked with the reason, as rows after the others, and says how many", () => {
    const skipped = '{"skipped":"display","reason":"display is off (services.display.enabled: false)"}';
    const report = read(skipped, hop("kafka", true), '{"proof":"ok","run":"r","ms":50}').report();
    expect(report).to.deep.include({
      ok: true,
      skipped: [{ hop: "display", reason: "display is off (services.display.enabled: false)" }],
    });
    const lines = renderProof(report).split("\n");
    expect(lines.at(-2)).to.match(/^display +skipped .*display is off \(services\.display\.enabled: false\)$/);
    expect(lines.at(-1)).to.contain("1 hops asked, 1 skipped");
  });

  it("tells at the very end that policies are not enforced, and nothing where there are none", () => {
    const end = (more: string) => read(hop("kafka", true), `{"proof":"ok","run":"r","ms":50${more}}`).report();
    expect(end("").policies).to.equal(null);
    expect(end(',"policies":"enforced"').policies).to.equal("enforced");
    expect(renderProof(end(',"policies":"enforced"')).split("\n").at(-1)).to.contain("proof ok");
    expect(renderProof(end(',"policies":"not enforced"')).split("\n").at(-1)).to.equal(
      "policies are not enforced here: the proof has reached a server that they close to it",
    );
  });

  it("is shown with the failed hop in the verdict", () => {
    const text = renderProof(read(hop("presto", false), '{"proof":"failed","run":"r","failedHop":"presto"}').report());
    expect(text.split("\n").at(-1)).to.equal("proof FAILED at presto");
  });
});
