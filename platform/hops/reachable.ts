/** Waits until something takes connections: a new pod may be there before the network's policies let it out. */
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describeError } from "../describe-error.ts";
import { serverWaitMs } from "./limits.ts";

const PAUSE_MS = 500;
const CONNECT_MS = 5000;

/**
 * @param limitMs Most time that it is waited for, in ms. @default `serverWaitMs`
 * @throws Error with the last reason when nothing takes connections by then
 */
export async function untilReachable(url: URL, limitMs = serverWaitMs): Promise<void> {
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  const host = url.hostname.replaceAll(/[[\]]/g, "");
  const deadline = Date.now() + limitMs;
  for (;;) {
    const socket = connect({ host, port, timeout: CONNECT_MS });
    socket.once("timeout", () => socket.destroy(new Error(`no answer within ${CONNECT_MS / 1000} s`)));
    try {
      await once(socket, "connect");
      return;
    } catch (error) {
      if (Date.now() + PAUSE_MS > deadline) {
        throw new Error(`${url.origin} can't be reached within ${limitMs / 1000} s: ${describeError(error)}`, {
          cause: error,
        });
      }
      await sleep(PAUSE_MS);
    } finally {
      socket.destroy();
    }
  }
}
