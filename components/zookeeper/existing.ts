/** An ensemble of somebody else's, as the stack's file describes it. */
import { portProblems } from "../../platform/server-list.ts";

/** Key of the password in a Secret. */
export const PASSWORD_KEY = "password";

/** The setting `existing`, all defaults filled in. */
export interface ExistingSettings {
  /** `host:port,host:port` */
  readonly servers: string;
  readonly path: string;
  readonly username: string;
  readonly password?: string | undefined;
  readonly secretName?: string | undefined;
}

const AT = "millrace:services.zookeeper.existing";

/** What is wrong with it; empty when nothing is. No password is repeated. */
export function existingProblems({ servers, password, secretName }: ExistingSettings): string[] {
  const ports = portProblems(`${AT}.servers`, servers);
  if (password !== undefined && secretName !== undefined) {
    return [...ports, `${AT}: has both password and secretName; give one of them`];
  }
  if (password === undefined && secretName === undefined) {
    return [
      ...ports,
      `${AT}: has no password; give password, set encrypted, or secretName, a Secret with key ${PASSWORD_KEY}`,
    ];
  }
  return ports;
}
