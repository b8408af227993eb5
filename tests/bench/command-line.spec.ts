import { expect } from "chai";
import type { Bench } from "../../bench/bench.ts";
import { benches } from "../../bench/benches.ts";
import { readCommandLine } from "../../bench/command-line.ts";
import { readNumbers } from "../../bench/options.ts";
import { UserError } from "../../cli/errors.ts";

const helpFor = (...args: string[]): string => {
  const read = readCommandLine(args, benches);
  return "help" in read ? read.help : "none";
};
const chosen = (...args: string[]): { names: string[]; json: boolean } => {
  const read = readCommandLine(args, benches);
  if ("help" in read) throw new Error(read.help);
  return { names: read.benches.map(({ name }) => name), json: read.json };
};

describe("the command line of bench", () => {
  it("lists every measurement, and the options of the one that is named", () => {
    const all = helpFor("--help");
    for (const { name, summary } of benches)
      expect(all)
        .to.match(new RegExp(`^  ${name} +\\S`, "m"))
        .and.contain(summary);
    for (const { name, options } of benches) {
      const help = helpFor("--only", name, "--help");
      for (const option of Object.keys(options)) expect(help).to.contain(`--${option}`);
      expect(help).to.contain("--json");
    }
  });

  it("gives each measurement a name and options of its own", () => {
    const names = benches.map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
    const taken = benches
      .flatMap(({ options }: Bench) => Object.keys(options))
      .filter((name) => /^(?:only|json|help)$/.test(name));
    expect(taken).to.deep.equal([]);
  });

  it("takes lake and display unless one is named", () => {
    expect(chosen()).to.deep.equal({ names: ["lake", "display"], json: false });
    expect(chosen("--only", "lake", "--json")).to.deep.equal({ names: ["lake"], json: true });
    expect(chosen("--only=display", "--clients", "3").names).to.deep.equal(["display"]);
  });

  it("takes --against with every measurement that makes a platform, and its options only with it", () => {
    for (const { name, onTrial } of benches) {
      if (onTrial === undefined)
        expect(() => chosen("--only", name, "--against", "HEAD")).to.throw(UserError, "--against");
      else
        expect(chosen("--only", name, "--against", "HEAD", "--rounds", "3", "--profile", "core").names).to.deep.equal([
          name,
        ]);
    }
    expect(() => chosen("--only", "lake", "--rounds", "3")).to.throw(
      UserError,
      "--rounds goes with --against <commit>",
    );
    expect(() => chosen("--only", "rest", "--profile", "core")).to.throw(
      UserError,
      "--profile goes with --against <commit>",
    );
    expect(chosen("--only", "start", "--rounds", "3", "--profile", "core").names).to.deep.equal(["start"]);
    expect(() => chosen("--against", "HEAD")).to.throw(
      UserError,
      "--against compares one measurement; name it with --only",
    );
  });

  it("answers a wrong name or option with what there is", () => {
    expect(() => chosen("--only", "lke")).to.throw(UserError, '--only "lke" is not one of lake,');
    expect(() => chosen("--only", "lke")).to.throw(UserError, "did you mean lake?");
    expect(() => chosen("--only")).to.throw(UserError, '--only "" is not one of lake,');
    expect(() => chosen("--only", "lake", "--clients", "3")).to.throw(UserError, "unknown option --clients");
    expect(() => chosen("--ony", "lake")).to.throw(UserError, "did you mean --only?");
  });
});

describe("numbers of a command line", () => {
  const rules = { rate: { byDefault: 1000, least: 1 }, clients: { byDefault: 50, least: 1, whole: true } };

  it("have their defaults", () => {
    expect(readNumbers({ rate: "2.5" }, rules)).to.deep.equal({ rate: 2.5, clients: 50 });
  });

  it("are refused all at once", () => {
    expect(() => readNumbers({ rate: "many", clients: "1.5" }, rules)).to.throw(
      UserError,
      '--rate "many" is not allowed: give a number of at least 1\n--clients "1.5" is not allowed: give a whole number of at least 1',
    );
    expect(() => readNumbers({ rate: "0" }, rules)).to.throw(UserError, '--rate "0"');
  });
});
