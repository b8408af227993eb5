import { expect } from "chai";
import { logsAnswer, logsStatus } from "../../../components/logs/status.ts";

describe("the status of the logs", () => {
  const report = { since: "2026-11-29T10:00:00.000Z", containers: 25, sent: 7121, skipped: {}, troubles: [] };

  it("says what is read and since when", async () => {
    const ask = <T>(): Promise<T> => Promise.resolve(report as T);
    expect(await logsStatus({ enabled: true }, { ask })).to.deep.equal({
      json: report,
      faults: [],
      table: {
        header: ["logs of", "entries kept", "since"],
        rows: [["25 containers", "7121", "2026-11-29T10:00:00Z"]],
        below: [],
      },
    });
    expect(await logsStatus({}, { ask })).to.equal(undefined);
  });

  it("says where something is missing, and why nothing is kept", () => {
    const { faults, table } = logsAnswer({
      ...report,
      since: null,
      problem: "the store at http://logs answers 503: full",
      troubles: ["pods of data-jobs: forbidden"],
      skipped: { "a-0/main": 2, "b-0/main": 1 },
    });
    expect(faults).to.deep.equal([
      "logs: nothing is kept now: the store at http://logs answers 503: full; what Kubernetes still has then is read later",
      "logs: not read now: pods of data-jobs: forbidden",
    ]);
    expect(table?.below).to.deep.equal([
      'logs of a-0/main: something is or may be missing in 2 places; search for "millrace:" there',
      'logs of b-0/main: something is or may be missing in 1 place; search for "millrace:" there',
    ]);
  });
});
