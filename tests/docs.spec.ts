import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { expect } from "chai";

import { findCommand } from "../cli/main.ts";
import { parseOptions } from "../cli/options.ts";
import { projectDir } from "../cli/paths.ts";
import {
  auditPage,
  auditReference,
  componentPages,
  policiesPage,
  policyReference,
  pythonPage,
  pythonReference,
  writtenPages,
} from "../docs/generate.ts";
import { networkPages } from "../docs/network-pages.ts";

const documents = ["README.md", "AGENTS.md", "images/README.md", ...pagesBelow("docs")];

function pagesBelow(folder: string): string[] {
  return readdirSync(join(projectDir, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => join(folder, file));
}

const read = (file: string): string => readFileSync(join(projectDir, file), "utf8");

/** Lines beyond which a page has a table of contents. */
const LONG = 120;

/** A text without its blocks of code. */
const prose = (text: string): string => text.replaceAll(/^```[^]*?^```$/gm, "");

/** Headings of a page. @param level @default - all */
function headingsOf(text: string, level?: number): string[] {
  const heading = level === undefined ? /^#+ (.*)$/gm : new RegExp(`^#{${level}} (.*)$`, "gm");
  return [...prose(text).matchAll(heading)].map(([, words = ""]) => words);
}

/** The anchor that GitHub gives a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

/** Every `npm run` command line in a text, comments left out. */
function commandLines(text: string): { command: string; args: string[] }[] {
  return [...text.matchAll(/npm run (?:--silent )?([a-z0-9]+)(?: -- ([^\n`#]+))?/g)].map((match) => ({
    command: match[1] ?? "",
    args: (match[2] ?? "")
      .split(/[);,>]/)[0]!
      .trim()
      .split(/\s+/)
      .filter((word) => word !== ""),
  }));
}

describe("the documentation", () => {
  it("has a page of every component as its docstrings are now (node docs/generate.ts)", async () => {
    const pages = await componentPages();
    const written = writtenPages();
    expect([...written.keys()], "pages in docs/components").to.deep.equal([...pages.keys()]);
    for (const [file, text] of pages) expect(written.get(file), file).to.equal(text);
  });

  it("has the reference of the Python library as its docstrings are now (node docs/generate.ts)", async () => {
    expect(readFileSync(pythonPage, "utf8")).to.equal(await pythonReference());
  });

  it("has the pictures and the table of the network as the program's edges are now (node docs/generate.ts)", async function () {
    this.timeout(60_000);
    for (const [file, text] of await networkPages()) expect(readFileSync(file, "utf8"), file).to.equal(text);
  });

  it("has the rules of the audit as its waivers and severities are now (node docs/generate.ts)", async () => {
    expect(readFileSync(auditPage, "utf8")).to.equal(await auditReference());
  });

  it("has every rule of the policy pack as it is now (node docs/generate.ts)", async () => {
    expect(readFileSync(policiesPage, "utf8")).to.equal(await policyReference());
  });

  for (const file of documents) {
    it(`${file} names only commands and options that exist`, async () => {
      for (const { command, args } of commandLines(read(file))) {
        const found = await findCommand(command);
        if (found.passThrough !== true) parseOptions(command, args, found.options);
      }
    });

    it(`${file} links only to files that exist`, () => {
      for (const [, link = ""] of read(file).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
        if (!/^[a-z]+:/.test(link)) expect(existsSync(join(projectDir, dirname(file), link)), link).to.equal(true);
      }
    });

    it(`${file} links only to headings that exist`, () => {
      for (const [, link = "", anchor = ""] of prose(read(file)).matchAll(/\]\(([^)#]*)#([^)]+)\)/g)) {
        if (/^[a-z]+:/.test(link)) continue;
        const page = link === "" ? file : join(dirname(file), link);
        expect(headingsOf(read(page)).map(anchorOf), `${link}#${anchor}`).to.include(anchor);
      }
    });

    it(`${file} begins with a table of contents if it is long`, () => {
      const text = read(file);
      if (text.split("\n").length <= LONG) return;
      const sections = headingsOf(text, 2).filter((heading) => heading !== "Contents");
      const listed = [...prose(text).matchAll(/^ *- \[.*\]\(#([^)]+)\)$/gm)].map(([, anchor = ""]) => anchor);
      expect(listed).to.include.members(sections.map(anchorOf));
      expect(text.indexOf("](#"), "place of the first entry").to.be.lessThan(text.indexOf(`\n## ${sections[0]}`));
    });
  }

  it("makes anchors as GitHub does", () => {
    expect(anchorOf("What `npm run up` does")).to.equal("what-npm-run-up-does");
    expect(anchorOf("`sql(query: str, /, *, chunksize: int | None=None)`")).to.equal(
      "sqlquery-str---chunksize-int--nonenone",
    );
    expect(headingsOf("# One\n\n```sh\n# none\n```\n\n## Two `2`\n")).to.deep.equal(["One", "Two `2`"]);
  });

  it("name for each promise tests that there are", () => {
    const joined = (text: string): string => text.replaceAll(/\s+/g, " ");
    const held = /((?:tests|python)\/[\w./-]+\.(?:spec\.ts|py))((?:,? "[^"]+")*)/g;
    const references = [...joined(read("docs/promises.md")).matchAll(held)];
    expect(references.length).to.be.greaterThan(60);
    const missing = references.flatMap(([, file = "", quoted = ""]) => {
      if (!existsSync(join(projectDir, file))) return [file];
      const text = joined(read(file)).replaceAll("\\`", "`");
      return [...quoted.matchAll(/"([^"]+)"/g)].flatMap(([, name = ""]) => {
        const begin = name.split(/\.\.\.|…/)[0]?.trim() ?? "";
        const isThere = text.includes(begin) || text.includes(`def test_${begin.toLowerCase().replaceAll(" ", "_")}`);
        return isThere ? [] : [`${file} "${name}"`];
      });
    });
    expect(missing).to.deep.equal([]);
  });
});
