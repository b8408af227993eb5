/** Whom people log in as, as the program's stack outputs carry it: names only, never a password. */

export interface Login {
  /** What one logs in to, in the user's words. */
  readonly title: string;
  /** Name of the service for `npm run password`. */
  readonly service: string;
  readonly users: readonly string[];
}

/** Reads the stack output `logins`. */
export function readLogins(outputs: Readonly<Record<string, unknown>>): Login[] {
  const listed = outputs["logins"];
  if (!Array.isArray(listed)) return [];
  return listed.flatMap((entry: unknown) => {
    const { title, service, users } = (typeof entry === "object" && entry !== null ? entry : {}) as Partial<Login>;
    if (typeof title !== "string" || typeof service !== "string" || !Array.isArray(users)) return [];
    return [{ title, service, users: users.map(String) }];
  });
}

/** A line for each service that asks who one is, with the command that prints the password. */
export function renderLogins(logins: readonly Login[]): string {
  return logins
    .map(({ title, service, users }) => {
      const [first = ""] = users;
      const who = users.length > 1 ? ` --user ${first}` : "";
      const more = users.length > 1 ? ` (or ${users.slice(1).join(", ")})` : "";
      return `log in to ${title} as ${first}${more}: npm run password -- --service ${service}${who}`;
    })
    .join("\n");
}
