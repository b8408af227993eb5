import { expect } from "chai";
import { keptLogs, logsQuery } from "../../../components/logs/search.ts";

describe("the search in kept logs", () => {
  it("asks for what was asked for, whatever signs it has", () => {
    expect(logsQuery({ lines: 200 })).to.equal(
      "* | fields _time, _msg, service, pod, container | sort by (_time) desc limit 200",
    );
    const [filters] = logsQuery({
      service: "a-b",
      run: 'r"1',
      user: "ann",
      grep: "no (way)",
      sinceSeconds: 60,
      lines: 5,
    }).split(" | ");
    expect(filters).to.equal(
      String.raw`_time:60s (service:="a-b" or pod:~"^a-b(-[a-z0-9]+){0,2}$") run:="r\"1" user:="ann" _msg:~"(?i)no \\(way\\)"`,
    );
  });

  it("has entries in the order of time", async () => {
    const asked: string[] = [];
    const running = {
      text: (service: string, path: string): Promise<string> => {
        asked.push(`${service}${path.slice(0, 20)}`);
        const row = (second: number) =>
          JSON.stringify({
            _time: `2026-11-29T10:00:0${second}Z`,
            _msg: `m${second}`,
            service: "a",
            pod: "a-0",
            container: "c",
          });
        return Promise.resolve(`${row(2)}\n${row(1)}\n`);
      },
    };
    expect(await keptLogs({ enabled: true }, running, { lines: 2 })).to.deep.equal(
      [1, 2].map((second) => ({
        at: `2026-11-29T10:00:0${second}.000000000Z`,
        service: "a",
        pod: "a-0",
        container: "c",
        text: `m${second}`,
      })),
    );
    expect(asked).to.deep.equal(["logs:9428/select/logsql/query"]);
    expect(await keptLogs({}, running, { lines: 2 })).to.equal(undefined);
  });
});
