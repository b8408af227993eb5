import { expect } from "chai";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findFlows, pullFlows, renderFlows } from "../../cli/flows.ts";
import { loadConfig } from "../../config/index.ts";
import { ownFolder } from "../support/own-folder.ts";

describe("npm run flows", () => {
  const folder = ownFolder("MILLRACE_FLOWS_SPEC");
  const config = loadConfig({ "millrace:profile": "streams" }, "Pulumi.test.yaml");
  const definition = (name: string) => JSON.stringify({ flowContents: { identifier: "g", name } });
  const secret = JSON.stringify({
    flowContents: {
      identifier: "g",
      name: "odd",
      processors: [
        {
          identifier: "p",
          name: "send",
          type: "t",
          bundle: { group: "g", artifact: "a", version: "1" },
          properties: { Password: "hush" },
        },
      ],
    },
  });
  const before = definition("before");
  const hash = createHash("sha256").update(before).digest("hex").slice(0, 16);
  const flow = (name: string, condition: string, own: object = {}) => ({ name, condition, problems: [], ...own });
  const report = {
    seen: "2026-11-29T10:00:00.000Z",
    rejected: { count: 0 },
    flows: [
      flow("mine", "drifted", { file: "flows/mine.json", hash }),
      flow("intake", "same", { file: "flows/intake.json", hash }),
      flow("Their own!", "without file"),
      flow("odd", "without file"),
    ],
  };
  const running = {
    ask: (_: string, __: string, path: string) =>
      Promise.resolve(
        path === "/flows"
          ? report
          : { text: path.endsWith("odd") ? secret : definition(decodeURIComponent(path.slice("/flows/".length))) },
      ),
  } as never;
  const asking = { yes: false, again: "npm run flows -- --pull --yes", only: undefined };
  const pull = async (given: { yes?: boolean; only?: string } = {}) =>
    pullFlows(await findFlows(config, running), running, { ...asking, ...given }, folder());
  const has = (file: string) => readFileSync(join(folder(), file), "utf8");
  const write = (file: string, text: string) => {
    mkdirSync(join(folder(), "flows"), { recursive: true });
    writeFileSync(join(folder(), file), text);
  };

  it("shows each flow beside its file", async () => {
    const flows = (await findFlows(config, running)).map(({ room, name, file, state }) => ({
      service: room.name,
      name,
      file: file ?? null,
      state,
    }));
    expect(
      renderFlows({ flows, written: [] }, false)
        .split("\n")
        .map((line) => line.trim().split(/ {2,}/)),
    ).to.deep.equal([
      ["flow", "file", "state"],
      ["mine", "flows/mine.json", "drawn anew"],
      ["intake", "flows/intake.json", "as its file"],
      ["Their own!", "-", "no file"],
      ["odd", "-", "no file"],
    ]);
  });

  it("is refused where no service has flows", async () => {
    const core = loadConfig({ "millrace:profile": "core" }, "Pulumi.test.yaml");
    expect(String(await findFlows(core, running).catch((error: unknown) => error))).to.contain(
      "NiFi is off in this stack",
    );
  });

  it("--pull writes what was drawn, and nothing else", async () => {
    write("flows/mine.json", before);
    expect(await pull()).to.deep.equal(["flows/mine.json"]);
    expect(has("flows/mine.json")).to.equal(definition("mine"));
    expect(renderFlows({ flows: [], written: ["flows/mine.json"] }, true)).to.equal(
      "flows/mine.json: written\nnpm run up makes the platform take them.",
    );
  });

  it("--pull --flow makes a file of what has none, and names those that there are", async () => {
    expect(await pull({ only: "Their own!" })).to.deep.equal(["flows/their-own.json"]);
    expect(has("flows/their-own.json")).to.equal(definition("Their own!"));
    expect(String(await pull({ only: "other" }).catch((error: unknown) => error))).to.contain(
      "there is no such flow; there are mine, intake, Their own!, odd",
    );
  });

  it("--pull asks where the file was changed as well, and takes no file of another flow", async () => {
    const both = {
      ...report,
      flows: [flow("mine", "both", { file: "flows/mine.json", hash }), flow("Mine!", "without file")],
    };
    const asked = {
      ask: (_: string, __: string, path: string) =>
        Promise.resolve(path === "/flows" ? both : { text: definition("mine") }),
    } as never;
    const pulling = async (given: { yes?: boolean; only?: string }) =>
      pullFlows(await findFlows(config, asked), asked, { ...asking, ...given }, folder());
    write("flows/mine.json", before);
    expect(String(await pulling({}).catch((error: unknown) => error))).to.contain(
      "flows/mine.json was changed as well: what was changed there goes.",
    );
    expect(has("flows/mine.json")).to.equal(before);
    expect(await pulling({ yes: true })).to.deep.equal(["flows/mine.json"]);
    expect(String(await pulling({ only: "Mine!", yes: true }).catch((error: unknown) => error))).to.contain(
      "flow Mine!: its file would be flows/mine.json, which is another flow's; give the group another name on the canvas",
    );
  });

  it("--pull writes no secret, and asks before it takes the place of what was written in the file", async () => {
    expect(String(await pull({ only: "odd" }).catch((error: unknown) => error))).to.match(
      /flow flows\/odd\.json has a secret in clear: property "Password" of "send".*\nNothing was written\.$/,
    );
    write("flows/mine.json", "my own words");
    expect(String(await pull().catch((error: unknown) => error))).to.match(
      /flows\/mine\.json is not what the platform has: .*\nThere is no terminal to ask on, .* npm run flows -- --pull --yes$/,
    );
    expect(has("flows/mine.json")).to.equal("my own words");
    expect(await pull({ yes: true })).to.deep.equal(["flows/mine.json"]);
  });
});
