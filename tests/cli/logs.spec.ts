import { expect } from "chai";
import { setTimeout as sleep } from "node:timers/promises";
import {
  askedOf,
  entriesOf,
  followLogs,
  type LogEntry,
  readLogs,
  renderEntry,
  type Source,
  sourcesOf,
} from "../../cli/logs.ts";
import type { Owner, Pod } from "../../cli/services.ts";

describe("npm run logs", () => {
  const source = (pod: string, restarts = 0): Source => ({ namespace: "data", pod, container: "main", restarts });
  const at = (second: number, fraction = ""): string => `2026-11-29T10:00:0${second}${fraction}Z`;
  const asked = askedOf({ since: undefined, grep: undefined, lines: undefined });

  it("takes times, numbers and texts, and names all that is wrong with them at once", () => {
    expect(asked).to.deep.equal({ lines: 200 });
    expect(askedOf({ since: "2h", grep: "Refused", lines: "7" })).to.deep.equal({
      sinceSeconds: 7200,
      grep: "refused",
      lines: 7,
    });
    expect(() => askedOf({ since: "yesterday", grep: "", lines: "0" })).to.throw(
      /^logs --since: received "yesterday"; .* 15m\nlogs --lines: received "0"; .* 20000\nlogs --grep: is empty/,
    );
  });

  it("has the lines of all pods in the order of time, the last ones where there are more", async () => {
    const texts: Record<string, string> = {
      a: `${at(1)} one\n${at(3, ".5")} four\n`,
      b: `${at(2)} two\n${at(3, ".25")} three\n`,
    };
    const kube = { text: (path: string) => Promise.resolve(texts[/pods\/(.)/.exec(path)?.[1] ?? ""] ?? "") };
    const texted = async (lines: number) =>
      (await readLogs(kube, [source("a"), source("b")], { lines })).entries.map(({ pod, text }) => `${pod} ${text}`);
    expect(await texted(9)).to.deep.equal(["a one", "b two", "b three", "a four"]);
    expect(await texted(2)).to.deep.equal(["b three", "a four"]);
  });

  it("keeps a stack trace with its line, and finds it as one", async () => {
    const lines = [
      "ERROR it failed",
      "java.io.IOException: no route",
      "\tat a.B.c(B.java:1)",
      "Caused by: x",
      "INFO well",
    ];
    const kube = { text: () => Promise.resolve(lines.map((line, index) => `${at(index)} ${line}`).join("\n")) };
    const { entries } = await readLogs(kube, [source("a")], { ...asked, grep: "b.java" });
    expect(entries.map(({ text }) => text)).to.deep.equal([
      "java.io.IOException: no route\n\tat a.B.c(B.java:1)\nCaused by: x",
    ]);
  });

  it("has what a container logged before it was started anew, and says what could not be read", async () => {
    const paths: string[] = [];
    const kube = {
      text: (path: string) => {
        paths.push(path);
        if (path.includes("pods/gone/")) return Promise.reject(new Error("not found"));
        return Promise.resolve(path.includes("previous=true") ? `${at(1)} before` : `${at(2)} after`);
      },
    };
    const seen = await readLogs(kube, [source("a", 2), source("gone", 1)], { ...asked, sinceSeconds: 60 });
    expect(seen.entries.map(({ text }) => text)).to.deep.equal(["before", "after"]);
    expect(seen.notes).to.deep.equal(["the log of gone, main: not found"]);
    expect(paths[0]).to.equal(
      "/api/v1/namespaces/data/pods/a/log?container=main&timestamps=true&tailLines=20000&sinceSeconds=60&previous=true",
    );
  });

  it("says where there are more lines than were looked at", async () => {
    const kube = { text: () => Promise.resolve(`${at(1)} x\n`.repeat(20_000)) };
    const { notes } = await readLogs(kube, [source("a")], { ...asked, grep: "y" });
    expect(notes).to.deep.equal(["of a, main, only the last 20000 lines were looked at"]);
  });

  it("shows the time, the pod, and each line of an entry", () => {
    const [entry] = entriesOf(source("kafka-0"), [`${at(1, ".5")} one`, `${at(1, ".5")}  two`]);
    expect(entry && renderEntry(entry)).to.equal(
      "2026-11-29T10:00:01.500Z kafka-0 | one\n                         kafka-0 |  two",
    );
  });

  const pod = (name: string, service: string, own: object = {}): Pod => ({
    metadata: { name, labels: { "app.kubernetes.io/name": service }, ...own },
    spec: { containers: [{ name: "main" }] },
    status: { phase: "Running", containerStatuses: [{ name: "main", restartCount: 1 }] } as never,
  });

  it("finds pods of services and of Jobs, and names those that there are", () => {
    const job = pod("kafka-topics-x", "kafka-topics", { ownerReferences: [{ kind: "Job" }] });
    const pods = [pod("kafka-0", "kafka"), job];
    const owners: Owner[] = [{ metadata: { name: "kafka", labels: { "app.kubernetes.io/name": "kafka" } }, spec: {} }];
    const found = (service?: string) => sourcesOf(pods, owners, service, "data").map((one) => one.pod);
    expect(found("kafka")).to.deep.equal(["kafka-0"]);
    expect(found("kafka-topics")).to.deep.equal(["kafka-topics-x"]);
    expect(() => found()).to.throw("logs: --service is missing; give one of kafka, kafka-topics");
    expect(() => found("kafak")).to.throw("no pod of that name; did you mean kafka?");
  });

  it("follows pods that come later, begins again where a connection was cut off, and shows nothing twice", async () => {
    const printed: LogEntry[] = [];
    const stop = new AbortController();
    let looks = 0;
    const paths: string[] = [];
    const kube = {
      follow: (path: string, onLine: (line: string) => void) => {
        paths.push(path);
        if (path.includes("/later/")) {
          onLine(`${at(3)} later`);
          return Promise.resolve();
        }
        onLine(`${at(1)} one`);
        if (paths.filter((one) => one.includes("/a/")).length === 1) return Promise.reject(new Error("cut off"));
        onLine(`${at(2)} two`);
        return Promise.resolve();
      },
    };
    const find = () => {
      looks++;
      return Promise.resolve(looks < 3 ? [source("a")] : [source("a"), source("later")]);
    };
    const following = followLogs(kube, find, {
      signal: stop.signal,
      print: (entry) => printed.push(entry),
      from: new Date(Date.UTC(2026, 10, 29)),
      lookMs: 5,
    });
    await sleep(60);
    stop.abort();
    await following;
    expect(printed.map(({ pod: name, text }) => `${name} ${text}`)).to.deep.equal(["a one", "a two", "later later"]);
    expect(paths[0]).to.contain("follow=true&sinceTime=2026-11-29T00%3A00%3A00.000Z");
  });
});
