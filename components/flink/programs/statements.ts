/** Statements of a text in SQL. */

/** One statement, and the line of the text that it begins in. */
export interface Statement {
  readonly sql: string;
  readonly line: number;
}

/** What semicolons in it end nothing: texts, quoted names, comments, and sets of statements. */
const TOKEN = /'(?:[^']|'')*'|`(?:[^`]|``)*`|--[^\n]*|\/\*[^]*?\*\/|;|\b[A-Za-z_]+\b/g;

/** Splits a text at the semicolons that end statements; a set of statements is one. */
export function statementsOf(text: string): Statement[] {
  const found: Statement[] = [];
  let begin = 0;
  let isSet = false;
  let [last, words] = ["", 0];
  const add = (end: number): void => {
    const part = text.slice(begin, end);
    const sql = part.trim();
    const line = text.slice(0, begin + part.length - part.trimStart().length).split("\n").length;
    if (withoutComments(sql) !== "") found.push({ sql, line });
    [begin, isSet, last, words] = [end + 1, false, "", 0];
  };
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (/^['`/]|^--/.test(token)) continue;
    if (token === ";") {
      if (!isSet) add(index);
      last = ";";
      continue;
    }
    const word = token.toUpperCase();
    words += 1;
    // EXECUTE STATEMENT SET BEGIN … END, or BEGIN STATEMENT SET … END.
    if (word === "BEGIN" && (last === "SET" || words === 1)) isSet = true;
    else if (word === "END" && isSet && last === ";") isSet = false;
    last = word;
  }
  add(text.length);
  return found;
}

function withoutComments(sql: string): string {
  return sql.replaceAll(/--[^\n]*|\/\*[^]*?\*\//g, "").trim();
}

/** Whether a statement is what a job runs; those before it prepare it. */
export function isWork(sql: string): boolean {
  return /^(INSERT|EXECUTE|BEGIN)\b/i.test(withoutComments(sql));
}

/** The same statement as a question whether it can run, which changes nothing. */
export function asQuestion(sql: string): string {
  return `EXPLAIN ${sql.replace(/^((?:--[^\n]*\n|\/\*[^]*?\*\/|\s)*)EXECUTE\s+/i, "$1")}`;
}

/** What is wrong with a job's text; empty when nothing is. */
export function textProblems(statements: readonly Statement[]): string[] {
  const work = statements.filter(({ sql }) => isWork(sql));
  const last = statements.at(-1);
  if (last === undefined)
    return ["its SQL is empty; end it with an INSERT, or EXECUTE STATEMENT SET BEGIN … END for several"];
  if (work.length === 1 && work[0] === last) return [];
  if (work.length === 0) {
    return [`line ${last.line}: it ends with a statement that writes nothing; end it with an INSERT`];
  }
  const extra = work.find((one) => one !== last) ?? last;
  return [`line ${extra.line}: a job has one INSERT, at its end; put several into EXECUTE STATEMENT SET BEGIN … END`];
}
