/**
 * Writes `docs/components/*.md` from the docstrings of components in `components/`, `platform/` and `images/`: what each
 * component is, its arguments with types, defaults and meaning, and what it offers to others. Writes `docs/python-api.md`
 * from the docstrings of the Python library, the pictures and the table of docs/network.md from the program's edges,
 * `docs/audit-rules.md` from what the audit decides by, and `docs/policies.md` from the rules of the policy pack.
 * `node docs/generate.ts`; a spec fails when they are out of date.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";

import { format } from "prettier";
import { fixedUsers, LOWEST_USER } from "../platform/confinement.ts";
import { rules, stackRules } from "../policies/rules/index.ts";
import { sharedSecrets } from "../policies/rules/secret-one-consumer.ts";
import ts from "typescript";
import { readWaivers } from "../audit/decisions.ts";
import { rows as severityRows } from "../audit/severities.ts";

import { networkPages } from "./network-pages.ts";

const root = join(import.meta.dirname, "..");
const target = join(import.meta.dirname, "components");

interface Field {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly fallback: string;
  readonly text: string;
}

/** Text of a declaration's docstring, links reduced to their words. */
function docOf(node: ts.Node): string {
  const [doc] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  return flat(ts.getTextOfJSDocComment(doc?.comment));
}

function tagOf(node: ts.Node, name: string): string {
  const tag = ts.getJSDocTags(node).find((candidate) => candidate.tagName.text === name);
  return flat(ts.getTextOfJSDocComment(tag?.comment));
}

const flat = (text: string | undefined): string => (text ?? "").replaceAll(/\s*\n\s*/g, " ").trim();

const isExported = (node: ts.HasModifiers): boolean =>
  ts.getModifiers(node)?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword) ?? false;

function fieldsOf(declaration: ts.InterfaceDeclaration, source: ts.SourceFile): Field[] {
  return declaration.members.filter(ts.isPropertySignature).map((member) => ({
    name: member.name.getText(source),
    type: flat(member.type?.getText(source).replaceAll(/\/\*\*.*?\*\//gs, "")),
    required: member.questionToken === undefined,
    fallback: tagOf(member, "default"),
    text: docOf(member),
  }));
}

/** A cell of a Markdown table. */
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll(/<(?=[a-z])/gi, "\\<");
const code = (text: string): string => (text === "" ? "" : `\`${text.replaceAll("|", "\\|")}\``);

/** `@default - words` describes a behaviour, anything else is a value. */
function fallbackCell(field: Field): string {
  if (field.required) return "required";
  if (field.fallback.startsWith("-")) return cell(field.fallback.replace(/^-\s*/, ""));
  return field.fallback === "" ? "" : code(field.fallback.replaceAll("`", ""));
}

function fieldTable(fields: readonly Field[]): string[] {
  const rows = fields.map(
    (field) => `| ${code(field.name)} | ${code(field.type)} | ${fallbackCell(field)} | ${cell(field.text)} |`,
  );
  return ["| field | type | default | meaning |", "| --- | --- | --- | --- |", ...rows];
}

/** The page of one file; `undefined` when it declares no component. */
function page(file: string): string | undefined {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ES2024, true);
  const classes: ts.ClassDeclaration[] = [];
  const interfaces: ts.InterfaceDeclaration[] = [];
  for (const statement of source.statements) {
    if (ts.isClassDeclaration(statement) && isExported(statement) && extendsComponent(statement, source)) {
      classes.push(statement);
    } else if (ts.isInterfaceDeclaration(statement) && isExported(statement)) {
      interfaces.push(statement);
    }
  }
  if (classes.length === 0) return undefined;
  const lines: string[] = [`<!-- Written by docs/generate.ts from ${relative(root, file)}; do not edit. -->`, ""];
  for (const component of classes) {
    lines.push(`# ${component.name?.text ?? ""}`, "", docOf(component), "");
    const offered = component.members.filter(ts.isPropertyDeclaration).filter((member) => docOf(member) !== "");
    if (offered.length > 0) {
      lines.push("## Offers", "");
      for (const member of offered) lines.push(`- ${code(member.name.getText(source))}: ${docOf(member)}`);
      lines.push("");
    }
  }
  for (const declaration of interfaces) {
    const fields = fieldsOf(declaration, source);
    if (fields.length === 0) continue;
    lines.push(`## ${declaration.name.text}`, "", docOf(declaration), "", ...fieldTable(fields), "");
  }
  return lines.join("\n");
}

function extendsComponent(declaration: ts.ClassDeclaration, source: ts.SourceFile): boolean {
  return declaration.heritageClauses?.some((clause) => /\bComponent\b/.test(clause.getText(source))) ?? false;
}

/** Every page by its file name in `docs/components`. @param folders Where components are, from the project's folder. */
export async function componentPages(folders = ["components", "platform"]): Promise<Map<string, string>> {
  const pages = new Map<string, string>();
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) => join(root, folder, file)),
  );
  files.push(join(root, "images/platform-images.ts"));
  for (const file of files.sort((a, b) => basename(a).localeCompare(basename(b)))) {
    if (!file.endsWith(".ts")) continue;
    const text = page(file);
    if (text !== undefined) {
      const name = basename(file).replace(/\.ts$/, ".md");
      pages.set(name, await format(text, { parser: "markdown", printWidth: 120 }));
    }
  }
  return pages;
}

/** The pages as they are on disk. */
export function writtenPages(): Map<string, string> {
  const files = readdirSync(target).filter((file) => file.endsWith(".md"));
  return new Map(files.sort().map((file) => [file, readFileSync(join(target, file), "utf8")]));
}

export const pythonPage = join(import.meta.dirname, "python-api.md");

/** The reference of the Python library. */
export async function pythonReference(): Promise<string> {
  const text = execFileSync("python3", ["-B", join(import.meta.dirname, "python_api.py")], { encoding: "utf8" });
  const head = "<!-- Written by docs/generate.ts from python/millrace; do not edit. -->\n\n";
  return await format(head + text, { parser: "markdown", printWidth: 120 });
}

export const auditPage = join(import.meta.dirname, "audit-rules.md");

/** What is waived of the audit and why, and how much each rule matters. */
export async function auditReference(): Promise<string> {
  const waived = readWaivers().map(({ rule, objects, reason, expires }) => [
    code(rule),
    objects.map(code).join(", "),
    cell(reason),
    expires,
  ]);
  const ranked = severityRows.map(({ severity, why, rules }) => [severity, cell(why), rules.map(code).join(", ")]);
  const lines = [
    "<!-- Written by docs/generate.ts from audit/waivers.yaml and audit/severities.ts; do not edit. -->",
    "",
    "# Rules of the audit",
    "",
    "[audit.md](audit.md) tells what they are for.",
    "",
    "## What is waived",
    "",
    ...tableOf(["rule", "objects", "reason", "until"], waived),
    "",
    "## How much each rule matters",
    "",
    ...tableOf(["severity", "why", "rules"], ranked),
  ];
  return await format(lines.join("\n"), { parser: "markdown", printWidth: 120 });
}

export const policiesPage = join(import.meta.dirname, "policies.md");

/** The rules of the policy pack, and what stays as it is in spite of one. */
export async function policyReference(): Promise<string> {
  const all = [...rules, ...stackRules].sort((one, other) => one.name.localeCompare(other.name));
  const lines = [
    "<!-- Written by docs/generate.ts from policies/rules; do not edit. -->",
    "",
    "# Policies",
    "",
    "`npm run up` and `npm run preview` ask these rules about every object before it is made. Those about the stack as a whole are asked at " +
      "the end, which in a preview is before anything is made. All are mandatory: a violation ends the deploy, and its message says what to change. They also judge the pods that others make from " +
      "a template in a ConfigMap: Spark's executors, Airflow's tasks, users' servers. What they demand is checked by the same functions that the " +
      "components' own specs use (`platform/hardening.ts`, `platform/confinement.ts`, `platform/rights.ts`).",
    "",
    "With the official CLI: `pulumi up --policy-pack policies`. There each rule takes a list of names of resources that it leaves alone, in a " +
      "file for `--policy-pack-config`:",
    "",
    "```json",
    '{ "kubernetes-workload-limit-scratch": { "exempt": ["my-deployment"] } }',
    "```",
    "",
    "| rule | demand | way out |",
    "| --- | --- | --- |",
    ...all.map(({ name, description, remediationSteps = "" }) =>
      ["", code(name), cell(description), cell(remediationSteps), ""].join(" | ").trim(),
    ),
    "",
    `## Users below ${LOWEST_USER}`,
    "",
    "| user | why it stays |",
    "| --- | --- |",
    ...Object.entries(fixedUsers).map(([user, why]) => `| ${user} | ${cell(why)} |`),
    "",
    "## Credentials with two consumers",
    "",
    "| Secret | why |",
    "| --- | --- |",
    ...Object.entries(sharedSecrets).map(([secret, why]) => `| ${code(secret)} | ${cell(why)} |`),
  ];
  return await format(lines.join("\n"), { parser: "markdown", printWidth: 120 });
}

function tableOf(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}

if (import.meta.main) {
  const pages = await componentPages();
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  for (const [file, text] of pages) writeFileSync(join(target, file), text);
  writeFileSync(pythonPage, await pythonReference());
  for (const [file, text] of await networkPages()) writeFileSync(file, text);
  writeFileSync(auditPage, await auditReference());
  writeFileSync(policiesPage, await policyReference());
  const others = "docs/python-api.md, docs/network.md, docs/audit-rules.md and docs/policies.md";
  console.log(`${pages.size} pages written to docs/components, and ${others}`);
}
