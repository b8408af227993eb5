/** Bad input of the race cars' ingest: each is named or counted, and the cars go on. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { WebSocket } from "ws";
import { Race } from "../../../components/race-car/programs/race.ts";
import { packedBytes, packSample } from "../../../components/race-car/programs/packed.ts";
import type { Told } from "../../../components/race-car/programs/protocol.ts";
import { type Sample, sampleText } from "../../../components/race-car/programs/sample.ts";
import { serviceNames } from "../../support/service-names.ts";
import { addressOf, ready, fingerprints, secret } from "../platform.ts";
import { must, type Runner, until } from "../runner.ts";

const MINUTE = 60_000;
const CARS = { cars: 1, rate: 50, seed: 1, track: "mill" } as const;

type Settled = Extract<Told, { readonly type: "settled" }>;

type Health = Readonly<Record<"samples" | "stored" | "refused" | "deadLetters" | "dropped" | "strangers", number>>;

async function health(): Promise<Health> {
  const response = await fetch(`http://${addressOf("raceCar")}/healthz`);
  must(response.ok, `the ingest is not well: status ${response.status}`);
  return (await response.json()) as Health;
}

/** Samples of a car of its own, under a run: readers of ordinary ones leave them out. */
function samples(count: number): Sample[] {
  const race = new Race({ ...CARS, session: Math.floor(Date.now() / 1000) });
  return Array.from({ length: count }, () => race.next(Date.now()))
    .flat()
    .map((sample) => ({ ...sample, id: `e2e-${sample.id}`, car: "e2e-01", run: "e2e-race" }));
}

async function connected(): Promise<{ socket: WebSocket; told: Told[]; settled: (count: number) => Promise<Settled> }> {
  const token = await secret("race-car-token", "token");
  const socket = new WebSocket(`ws://${addressOf("raceCar")}/samples`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const told: Told[] = [];
  socket.on("message", (data) => told.push(JSON.parse((data as Buffer).toString()) as Told));
  await once(socket, "open");
  const settled = (count: number): Promise<Settled> =>
    until(`${count} messages to be settled`, MINUTE, () => {
      const last = told.findLast((one): one is Settled => one.type === "settled");
      return Promise.resolve(last !== undefined && last.settled >= count ? last : undefined);
    });
  return { socket, told, settled };
}

export async function malformed(runner: Runner): Promise<void> {
  await ready(`${serviceNames.raceCar}/ingest`, 2 * MINUTE);
  await runner.step("malformed samples become dead letters with reasons, and the cars go on", 2 * MINUTE, async () => {
    const [before, pods] = [await health(), await fingerprints(serviceNames.raceCar)];
    const { socket, told, settled } = await connected();
    const [good] = samples(1);
    if (good === undefined) throw new Error("there is no sample");
    const bad: readonly [string | Uint8Array, RegExp][] = [
      ["no JSON", /^not JSON$/],
      [sampleText(good).slice(0, 99), /^not JSON$/],
      [JSON.stringify({ ...good, v: 9 }), /^unknown version: 9/],
      [JSON.stringify({ ...good, padding: "x".repeat(5000) }), /^value too big/],
      [packSample(good, 1).subarray(0, 60), new RegExp(`^packed sample of 60 bytes, right are ${packedBytes}$`)],
    ];
    for (const [message] of bad) socket.send(message);
    socket.send(sampleText(good));
    const last = await settled(bad.length + 1);
    must(last.stored === 1 && last.refused === bad.length, JSON.stringify(last));
    const reasons = told.flatMap((one) => (one.type === "refused" ? one.reason : []));
    for (const [index, [, says]] of bad.entries())
      must(says.test(reasons[index] ?? ""), `it says: ${reasons.join("; ")}`);
    socket.close();
    const after = await until("the cars' samples to go on", MINUTE, async () => {
      const now = await health();
      return now.stored > before.stored + 20 ? now : undefined;
    });
    must(after.deadLetters >= before.deadLetters + bad.length, `${after.deadLetters} dead letters`);
    const left = await fingerprints(serviceNames.raceCar);
    must(JSON.stringify(left) === JSON.stringify(pods), "a pod of the race cars was started anew");
    return reasons.join("; ");
  });

  await runner.step("a client that sends 10,000 samples a second is told what was dropped", 2 * MINUTE, async () => {
    const { socket, told, settled } = await connected();
    const count = 10_000;
    for (const sample of samples(count)) socket.send(sampleText(sample));
    const last = await settled(count);
    must(last.dropped > 0, JSON.stringify(last));
    must(
      told.some((one) => one.type === "dropped" && one.reason.startsWith("more than 1000 messages a second")),
      "it was not told why",
    );
    socket.close();
    return `${last.stored} stored, ${last.dropped} dropped`;
  });

  await runner.step("UDP packets with the token are taken, and others counted as strangers", MINUTE, async () => {
    const before = await health();
    const token = await secret("race-car-token", "token");
    const udp = createSocket("udp4");
    const { hostname, port } = new URL(`tcp://${addressOf("raceCar")}`);
    const [one, two] = samples(2);
    if (one === undefined || two === undefined) throw new Error("there are not two samples");
    for (const parts of [
      [token, sampleText(one)],
      [token, packSample({ ...two, seq: 2 }, 1)],
      [token, "half a pack"],
      ["x".repeat(token.length), sampleText(one)],
    ]) {
      udp.send(Buffer.concat(parts.map((part) => Buffer.from(part))), Number(port), hostname);
    }
    await until("the packets to be counted", 20_000, async () => {
      const { refused, strangers } = await health();
      return refused > before.refused && strangers > before.strangers ? true : undefined;
    });
    udp.close();
    return undefined;
  });
}
