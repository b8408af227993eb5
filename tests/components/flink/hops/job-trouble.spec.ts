import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { jobTrouble } from "../../../../components/flink/hops/job-trouble.ts";

const running = { name: "race-windows", state: "RUNNING", "start-time": 2 };
const vertex = (tasks: object) => ({ parallelism: 2, tasks });

/** A JobManager's answers, by path. */
function answersOf(state: string, tasks: object, history: object = {}): Record<string, unknown> {
  return {
    "/jobs/overview": {
      jobs: [
        { jid: "new", ...running, state },
        { jid: "old", ...running, state: "CANCELED", "start-time": 1 },
        { jid: "other", ...running, name: "somebody's", "start-time": 3 },
      ],
    },
    "/jobs/new": { vertices: [vertex({ RUNNING: 2 }), vertex(tasks)] },
    "/jobs/new/exceptions?maxExceptions=1": history,
  };
}

describe("what keeps a job of Flink from its work", () => {
  let server: Server;
  let answers: Record<string, unknown> = {};
  let url = "";

  before(async () => {
    server = createServer(({ url: path = "" }, response) => {
      response.statusCode = path in answers ? 200 : 404;
      response.end(JSON.stringify(answers[path] ?? {}));
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  after(() => server.close());

  const ask = (): Promise<string | undefined> => jobTrouble(url, "race-windows", AbortSignal.timeout(5000));

  it("is nothing where all parts of the last run of that name are at work", async () => {
    answers = answersOf("RUNNING", { RUNNING: 2 });
    expect(await ask()).to.equal(undefined);
  });

  it("is told where parts wait for a TaskManager, though the job is said to run", async () => {
    answers = answersOf("RUNNING", { RUNNING: 1, SCHEDULED: 1 });
    expect(await ask()).to.equal("of Flink's job race-windows, which is running, 3 of 4 parts run");
  });

  it("is told with the last failure", async () => {
    const stacktrace =
      "java.lang.Exception: it fell\n\tat a.B\nCaused by: java.io.IOException: Cassandra is away\n\tat c.D";
    answers = answersOf("RESTARTING", { CANCELED: 2 }, { exceptionHistory: { entries: [{ stacktrace }] } });
    expect(await ask()).to.equal(
      "of Flink's job race-windows, which is restarting, 2 of 4 parts run, at last for: IOException: Cassandra is away",
    );
  });

  it("is that there is no such job", async () => {
    answers = { "/jobs/overview": { jobs: [] } };
    expect(await ask()).to.equal(`Flink at ${url} knows no job race-windows`);
  });

  it("is that the JobManager can't tell", async () => {
    answers = {};
    expect(await ask()).to.equal(`Flink at ${url} answers 404 to /jobs/overview`);
    expect(await jobTrouble("http://127.0.0.1:1", "a", AbortSignal.timeout(5000))).to.match(
      /^Flink at http:\/\/127\.0\.0\.1:1 can't be reached/,
    );
  });
});
