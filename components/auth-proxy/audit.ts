/** Who opened which page behind the platform's own login, and who was refused: lines of nginx. */
import type { AuditedLines } from "../../platform/auditing.ts";

/** What nginx's lines of people begin with. */
export const OPENED = "opened:";

const room = "authProxy";
const filter = `service:="auth-proxy" "${OPENED}"`;
const line = (status: string): RegExp => new RegExp(`^${OPENED} "(?<user>[^"]+)" "(?<object>[^"]*)" ${status}$`);

export const authProxyLines: readonly AuditedLines[] = [
  { room, action: "opened a page", filter, pattern: line(String.raw`[23]\d\d`) },
  { room, action: "was refused", filter, pattern: line("401"), outcome: "wrong password" },
];
