import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { rooms } from "../../config/rooms.ts";

const root = join(import.meta.dirname, "..", "..");
/** Hand-written code that all rooms share; what belongs to one, tests and texts for people are none of it. */
const SHARED =
  /^(?:(?:config|cli|clusters|engine|platform|policies)\/(?:[\w-]+\/)*[\w-]+|(?:check|images)\/[\w-]+|[\w-]+)\.ts$/;

/**
 * How many shared files name each service. The aim is three: the list of rooms, a line of `index.ts`, and one to spare.
 * A number only ever falls: whoever takes a name out of a file lowers it here.
 */
const ceilings: Readonly<Record<string, number>> = {
  kafka: 1,
  objectStore: 1,
  catalog: 1,
  spark: 1,
  presto: 1,
  telemetry: 1,
  postgres: 1,
  airflow: 1,
  jupyterhub: 1,
  sparkConnect: 1,
  sparkHistory: 1,
  cassandra: 1,
  randomNumbers: 1,
  census: 1,
  windows: 2,
  raceCar: 1,
  raceWindows: 1,
  flink: 1,
  connect: 1,
  display: 1,
  tools: 0,
};

/** The words of a program without its comments. */
function wordsOf(file: string): ReadonlySet<string> {
  const code = readFileSync(join(root, file), "utf8").replaceAll(/\/\*[^]*?\*\/|(^|\s)\/\/.*$/gm, "");
  return new Set(code.match(/[A-Za-z][\w-]*/g) ?? []);
}

/** Services whose names are words that every program has, with what names them there. */
const ordinary: Readonly<Record<string, readonly string[]>> = {
  connect: ["connectRoom", "kafka-connect"],
  logs: ["logsRoom", "logs-collector", "victoria-logs"],
  portal: ["portalRoom"],
  metrics: ["metricsRoom", "metrics-exporter", "victoria-metrics"],
};

function namesOf(name: string): readonly string[] {
  if (ordinary[name] !== undefined) return ordinary[name];
  const kebab = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return [name, kebab, `${name[0]?.toUpperCase() ?? ""}${name.slice(1)}`];
}

describe("Shared code", () => {
  const files = execFileSync("git", ["ls-files"], { cwd: root, encoding: "utf8" }).split("\n");
  const shared = files.filter((file) => SHARED.test(file)).map((file) => [file, wordsOf(file)] as const);
  /** The shared files that name a service. */
  const where = (name: string): string[] => {
    const names = namesOf(name);
    return shared.filter(([, words]) => names.some((word) => words.has(word))).map(([file]) => file);
  };

  it("names no more services than it did", () => {
    // "proof" is the spine's own word: a deploy ends with it, a command asks for it, and its program is shared code.
    const services = rooms.filter(({ name }) => name !== "proof");
    for (const { name } of services) {
      const named = where(name);
      expect(named.length, `${name}: ${named.join(", ")}`).to.be.at.most(ceilings[name] ?? 3);
    }
  });

  it("has no command that names a service; the proof, which every deploy ends with, is none", () => {
    const services = rooms.filter(({ name }) => name !== "proof");
    const commands = services.flatMap(({ name }) =>
      where(name)
        .filter((file) => file.startsWith("cli/"))
        .map((file) => `${file} names ${name}`),
    );
    expect(commands).to.deep.equal([]);
  });
});
