import { expect } from "chai";
import { auditedLines } from "../../../../components/audits.ts";
import { deedsInLogs } from "../../../../components/audit-log/programs/log-lines.ts";
import { FakeServer } from "../../../support/fake-server.ts";

describe("deeds in lines of logs", () => {
  let server: FakeServer;
  before(async () => {
    server = await FakeServer.start();
  });
  after(() => server.stop());

  const asked = async (entry: string, user = ""): Promise<string[]> => {
    const row = JSON.stringify({
      _time: "2026-11-29T18:31:53.123916536Z",
      _msg: entry,
      pod: "p",
      ...(user && { user }),
    });
    server.reset({ "POST /select/logsql/query": { body: `${row}\n` } });
    const all = await Promise.all(
      auditedLines.map((lines) => deedsInLogs(server.url, lines, new Date(0), AbortSignal.timeout(5000))),
    );
    return all.flat().map((deed) => `${deed.user} ${deed.action} ${deed.object} ${deed.outcome}`);
  };

  const cases: readonly (readonly [string, string, string?])[] = [
    ["[I 2026-11-29 18:31:53.123 JupyterHub base:1033] User logged in: ana", "ana signed in  ok"],
    ["[I 2026-11-29 18:31:53.123 JupyterHub login:62] User logged out: ana", "ana signed out  ok"],
    ["[W 2026-11-29 18:31:53.123 JupyterHub base:1018] Failed login for ana", "ana was refused  wrong password"],
    ["[I 2026-11-29 18:32:11.913 JupyterHub users:1105] Server ana is ready", "ana got a server  ok"],
    [
      "[I 2026-11-29 18:23:37.782 ServerApp] 201 POST /user/ana/api/kernels (ana@10.244.0.36) 176.55ms",
      "ana started a kernel  ok",
      "ana",
    ],
    [
      "[I 2026-11-29 18:23:50.667 ServerApp] Saving file at /work/my notes.ipynb",
      "ana saved a file /work/my notes.ipynb ok",
      "ana",
    ],
    ['opened: "ana" "Presto" 200', "ana opened a page Presto ok"],
    ['opened: "ana" "Presto" 401', "ana was refused Presto wrong password"],
  ];
  for (const [entry, expected, user] of cases)
    it(`are found in ${entry.slice(entry.indexOf("]") + 1, 60)}`, async () => {
      expect(await asked(entry, user)).to.deep.equal([expected]);
    });

  it("are those of whom the pod belongs to, whatever is written there", async () => {
    const line = "[I 2026-11-29 18:23:37.782 ServerApp] 201 POST /user/admin/api/kernels (admin@10.244.0.36) 1ms";
    expect(await asked(line, "ana")).to.deep.equal(["ana started a kernel  ok"]);
    const filters = auditedLines.map(({ filter }) => filter);
    for (const filter of filters) expect(filter).to.match(/component:="(hub|notebook)"|service:="auth-proxy"/);
  });

  it("are none where nobody is named, or a line only looks like one", async () => {
    expect(await asked("[I 2026-11-29 18:23:50.667 ServerApp] Saving file at /x.ipynb")).to.deep.equal([]);
    expect(await asked('opened: "-" "Presto" 200 and more')).to.deep.equal([]);
  });

  it("are asked for after a time, and have an id of their own that stays", async () => {
    const [lines] = auditedLines;
    if (lines === undefined) throw new Error("there are no lines");
    const row = { _time: "2026-11-29T18:31:53.123916536Z", _msg: "] User logged in: ana", pod: "p" };
    server.reset({
      "POST /select/logsql/query": { body: `${JSON.stringify(row)}\n${JSON.stringify({ ...row, pod: "q" })}\n` },
    });
    const ask = () => deedsInLogs(server.url, lines, new Date("2026-11-29T18:00:00Z"), AbortSignal.timeout(5000));
    const [first, second] = [await ask(), await ask()];
    expect(first).to.deep.equal(second);
    expect(new Set(first.map(({ id }) => id)).size).to.equal(2);
    expect(first[0]?.at).to.equal("2026-11-29T18:31:53.123Z");
    expect(decodeURIComponent(server.requests[0]?.body ?? "")).to.include("_time:>2026-11-29T18:00:00.000Z");
    const times = ["53.1", "53.2", "53.3"].map((second) => `2026-11-29T18:31:${second}Z`);
    server.reset({
      "POST /select/logsql/query": ({ body }) => {
        const after = /_time:>(\S+)/.exec(decodeURIComponent(body.replaceAll("+", " ")))?.[1] ?? "";
        const found = times.filter((time) => time > after).slice(0, 2);
        return { body: found.map((time) => `${JSON.stringify({ ...row, _time: time })}\n`).join("") };
      },
    });
    const all = await deedsInLogs(server.url, lines, new Date("2026-11-29T18:00:00Z"), AbortSignal.timeout(5000), 2);
    expect(all.map(({ at }) => at.slice(17, 21))).to.deep.equal(["53.1", "53.2", "53.3"]);
    server.reset({ "POST /select/logsql/query": { status: 400, body: "no" } });
    expect(await ask().catch(String)).to.match(/answers 400: no$/);
  });
});
