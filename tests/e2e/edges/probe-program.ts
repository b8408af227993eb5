/**
 * What a probe's pod runs, as text on Node's command line. `listen 9092,9093`: takes connections at these ports until it is
 * ended. `try <ms> 10.0.0.7:9092:1,…`: tries each address until the answer is the one that is told (1: it answers, 0: it
 * is refused) or the time is over, and prints an array of what came out last, 1 or 0. At port 0 it asks for the name only.
 */
import { lookup } from "node:dns/promises";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const [mode, first = "", second = ""] = process.argv.slice(1).filter((word) => word !== "--");
/** An open server of the cluster answers sooner; where policies drop packets, each refusal takes this long. */
const SILENT_MS = 1500;
const PAUSE_MS = 300;

async function ask(host: string, port: number): Promise<number> {
  if (port === 0) {
    return await lookup(host).then(
      () => 1,
      () => 0,
    );
  }
  const { promise, resolve } = Promise.withResolvers<number>();
  const socket = connect({ host, port, timeout: SILENT_MS });
  socket.once("connect", () => {
    resolve(1);
  });
  for (const event of ["timeout", "error"]) {
    socket.once(event, () => {
      resolve(0);
    });
  }
  return await promise.finally(() => socket.destroy());
}

async function insist(target: string, until: number): Promise<number> {
  const [host = "", port, wanted] = target.split(":");
  for (;;) {
    const answer = await ask(host, Number(port));
    if (answer === Number(wanted) || Date.now() > until) return answer;
    await sleep(PAUSE_MS);
  }
}

if (mode === "listen") {
  for (const port of first.split(",")) createServer((socket) => socket.destroy()).listen(Number(port));
} else {
  const until = Date.now() + Number(first);
  const answers = await Promise.all(second.split(",").map((target) => insist(target, until)));
  process.stdout.write(JSON.stringify(answers));
}
