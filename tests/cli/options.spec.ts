import { expect } from "chai";

import { UserError } from "../../cli/errors.ts";
import { main, overview } from "../../cli/main.ts";
import { nearest } from "../../platform/nearest.ts";
import { engineOption, helpText, parseOptions, stackArgs, stackOptions } from "../../cli/options.ts";

const specs = { ...stackOptions, ...engineOption };
const parse = (...args: string[]): ReturnType<typeof stackArgs> => stackArgs(parseOptions("up", args, specs));

describe("command line options", () => {
  it("default to the stack dev, its own target, no JSON and no forced engine", () => {
    expect(parse()).to.deep.equal({
      stack: "dev",
      target: undefined,
      profile: undefined,
      name: undefined,
      json: false,
      engine: undefined,
    });
  });

  it("are read with a space or an equals sign", () => {
    expect(
      parse("--stack", "prod", "--target=minikube", "--profile", "studio", "--json", "--engine", "local"),
    ).to.deep.equal({
      stack: "prod",
      target: "minikube",
      profile: "studio",
      name: undefined,
      json: true,
      engine: "local",
    });
  });

  const refused: readonly (readonly [string[], RegExp])[] = [
    [["--stak", "prod"], /unknown option --stak; did you mean --stack\?/],
    [["--frobnicate"], /unknown option --frobnicate; it takes --stack, --target, --profile, --name, --json, --engine/],
    [["-x"], /unknown option -x/],
    [["--target", "minikub"], /--target "minikub" is not one of embedded, .*; did you mean minikube\?/],
    [
      ["--profile", "studoi"],
      /--profile "studoi" is not one of core, studio, pipeline, streams, full; did you mean studio\?/,
    ],
    [["--engine", "terraform"], /--engine "terraform" is not one of pulumi, local/],
    [["--stack"], /--stack needs a value: --stack <name>/],
    [["--target"], /--target needs a value: --target embedded \| minikube/],
    [["--json=yes"], /--json takes no value, but got "yes"/],
    [["--name", "Second"], /--name "Second" is not a cluster's name; use 2 to 32 lower-case letters/],
    [["prod"], /"prod" is not an option/],
    [["--stack", "../etc"], /is not a stack name/],
  ];
  for (const [args, message] of refused) {
    it(`refuse ${args.join(" ")} in the user's words`, () => {
      expect(() => parse(...args)).to.throw(UserError, message);
    });
  }

  it("are listed by --help with their values", () => {
    const text = helpText("up", "brings it up", specs);
    expect(text).to.contain("--stack <name>").and.contain("embedded, minikube").and.contain("brings it up");
  });
});

describe("the nearest word", () => {
  it("is found for a misspelling and not for another word", () => {
    expect(nearest("chekc", ["up", "check", "down"])).to.equal("check");
    expect(nearest("zzzzzz", ["up", "check", "down"])).to.equal(undefined);
  });
});

describe("the command line", () => {
  it("answers an unknown command with the nearest one", async () => {
    const error = await main(["chek"]).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(UserError);
    expect((error as Error).message).to.contain("did you mean check?");
  });

  it("lists every command that package.json offers", async () => {
    const { default: manifest } = (await import("../../package.json", { with: { type: "json" } })) as {
      default: { scripts: Record<string, string> };
    };
    for (const [name, script] of Object.entries(manifest.scripts)) {
      if (script.startsWith("sh cli/millrace")) expect(overview()).to.contain(`  ${name} `);
    }
  });
});
