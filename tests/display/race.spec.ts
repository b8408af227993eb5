import { expect } from "chai";
import { io, type Socket } from "socket.io-client";
import { livePath, type CarNow, type RaceBatch, type RaceEvents, raceNamespace } from "../../display/protocol.ts";
import { RaceBoard } from "../../display/server/race-board.ts";
import { answerRaceWindows, raceWindowsSource } from "../../display/server/race-windows.ts";
import { formatLap, mapView, RaceStore, toneOf, windowRows } from "../../display/web/src/logic/race.ts";
import { groupsWith } from "../../display/web/src/logic/pages.ts";
import { trackAnswer } from "../../display/server/race-track.ts";
import { trackOf } from "../../components/race-car/programs/track.ts";
import { Race } from "../../components/race-car/programs/race.ts";
import { sampleText, type Sample } from "../../components/race-car/programs/sample.ts";
import { good, NOW } from "../components/race-car/programs/a-sample.ts";
import { startTestServer, type TestServer } from "./fakes.ts";

const at = (ms: number, change: Partial<Sample> = {}): Sample => ({
  ...good,
  ts: new Date(NOW + ms).toISOString(),
  ...change,
});

describe("The board of the race", () => {
  it("tells the newest sample of each car, and each of them once", () => {
    const board = new RaceBoard();
    board.take(at(0), NOW);
    board.take(at(50, { speed: 62 }), NOW);
    board.take(at(20, { speed: 1 }), NOW);
    board.take(at(0, { car: "car-02" }), NOW);
    expect(board.news().map(({ car, speed }) => [car, speed])).to.deep.equal([
      ["car-01", 62],
      ["car-02", 61.234],
    ]);
    expect(board.news()).to.deep.equal([]);
    expect(board.all(NOW + 60_000)).to.have.length(2);
    expect(board.all(NOW + 60_001)).to.deep.equal([]);
  });

  it("computes the times of sectors that it has seen from begin to end, and the best lap", () => {
    const board = new RaceBoard();
    const now = (): CarNow | undefined => board.all(NOW)[0];
    board.take(at(0, { lap: 2, sector: 2, lapTime: 22, lastLapTime: null }), NOW);
    board.take(at(1, { lap: 2, sector: 3, lapTime: 40, lastLapTime: null }), NOW);
    expect(now()?.sectorTimes).to.deep.equal([null, null, null]);
    board.take(at(2, { lap: 3, sector: 1, lapTime: 0.1, lastLapTime: 60.5 }), NOW);
    expect(now()?.sectorTimes).to.deep.equal([null, null, 20.5]);
    board.take(at(3, { lap: 3, sector: 2, lapTime: 19.25, lastLapTime: 60.5 }), NOW);
    board.take(at(4, { lap: 3, sector: 3, lapTime: 40, lastLapTime: 60.5 }), NOW);
    expect(now()?.sectorTimes).to.deep.equal([19.25, 20.75, 20.5]);
    board.take(at(5, { lap: 4, sector: 1, lapTime: 0, lastLapTime: 59 }), NOW);
    board.take(at(6, { lap: 5, sector: 1, lapTime: 0, lastLapTime: 61 }), NOW);
    expect(now()).to.include({ bestLapTime: 59, lastLapTime: 61, lap: 5 });
    expect(now()?.sectorTimes).to.deep.equal([null, null, null]);
  });

  it("agrees with the laps of a real race", () => {
    const board = new RaceBoard();
    const race = new Race({ cars: 1, rate: 20, seed: 3, track: "oval", session: 1 });
    for (let step = 0; step < 20 * 80; step++) for (const sample of race.next(NOW + step * 50)) board.take(sample, NOW);
    const [now] = board.all(NOW);
    expect(now?.lap).to.equal(3);
    expect(now?.lastLapTime).to.be.within(31, 36);
    expect(now?.bestLapTime).to.equal(now?.lastLapTime);
    expect(now?.sectorTimes.every((time) => time !== null && time > 9 && time < 13)).to.equal(true);
  });
});

describe("The windows of the race", () => {
  const row = {
    window_start: new Date(NOW),
    window_seconds: 10,
    count: 200n,
    speed_mean: 50.5,
    speed_min: 10,
    speed_max: 80,
    battery_min: null,
    engine_temp_max: 99,
    tyre_temp_max: 101,
    distance_max: 1234.5,
    lap_max: 3,
  };

  it("are read from Cassandra by engine, car and hour, the newest first", async () => {
    const asked: unknown[][] = [];
    const source = raceWindowsSource({
      now: () => NOW,
      run: (_, values) => {
        asked.push([...values]);
        return Promise.resolve(values[0] === "flink" ? [row] : []);
      },
    });
    const answer = await answerRaceWindows({ car: "car-01", minutes: 5 }, { source, now: () => NOW });
    const hour = new Date(NOW);
    const [since, before] = [new Date(NOW - 300_000), new Date(NOW - 3_600_000)];
    expect(asked).to.have.deep.members([
      ["flink", "car-01", before, since],
      ["flink", "car-01", hour, since],
      ["spark", "car-01", before, since],
      ["spark", "car-01", hour, since],
    ]);
    expect(answer.windows.spark).to.deep.equal([]);
    expect(answer.windows.flink[0]).to.deep.equal({
      start: new Date(NOW).toISOString(),
      windowSeconds: 10,
      count: 200,
      speedMean: 50.5,
      speedMin: 10,
      speedMax: 80,
      batteryMin: null,
      engineTempMax: 99,
      tyreTempMax: 101,
      distanceMax: 1234.5,
      lapMax: 3,
    });
  });

  it("stand side by side, and are the same only when every figure is", async () => {
    const source = raceWindowsSource({ now: () => NOW, run: () => Promise.resolve([row]) });
    const { windows } = await answerRaceWindows({ car: "car-01" }, { source, now: () => NOW });
    const [one] = windows.flink;
    if (one === undefined) throw new Error("there is no window");
    const same = (spark: typeof one | null) => windowRows({ flink: [one], spark: spark === null ? [] : [spark] })[0];
    expect(same(one)).to.include({ isSame: true, start: NOW });
    expect(same({ ...one, speedMean: 50.500001 })?.isSame).to.equal(false);
    expect(same(null)).to.deep.include({ isSame: null, by: { flink: one, spark: null } });
    const later = { ...one, start: new Date(NOW + 10_000).toISOString() };
    expect(windowRows({ flink: [one], spark: [later] }).map(({ start }) => start)).to.deep.equal([NOW + 10_000, NOW]);
  });
});

describe("The page of the race", () => {
  const now = (change: Partial<CarNow>): CarNow =>
    ({ car: "car-01", lap: 1, distance: 0, ts: NOW, ...change }) as unknown as CarNow;
  const batch = (...cars: CarNow[]): RaceBatch => ({ at: NOW, cars, unreadable: 0 });

  it("has the car ahead first, and forgets those that are quiet", () => {
    const store = new RaceStore();
    store.add(batch(now({ car: "b", lap: 2, distance: 10 }), now({ car: "a", lap: 2, distance: 9 })), NOW);
    store.add(batch(now({ car: "c", lap: 3 })), NOW + 30_000);
    expect(store.cars(NOW + 60_000).map(({ car }) => car)).to.deep.equal(["c", "b", "a"]);
    expect(store.cars(NOW + 60_001).map(({ car }) => car)).to.deep.equal(["c"]);
  });

  it("says how far the last batch was behind its newest sample", () => {
    const store = new RaceStore();
    expect(store.behind).to.equal(null);
    store.add({ ...batch(now({ car: "a", ts: NOW - 5000 }), now({ car: "b", ts: NOW - 80 })), at: NOW }, NOW + 900);
    expect(store.behind).to.equal(80);
    store.add({ ...batch(), at: NOW + 1000 }, NOW + 1000);
    expect(store.behind).to.equal(80);
    store.add({ ...batch(now({ car: "a", ts: NOW + 1020 })), at: NOW + 1000 }, NOW + 1000);
    expect(store.behind).to.equal(0);
  });

  it("gives each car a colour that it keeps", () => {
    const cars = ["b", "a", "c"].map((car) => now({ car }));
    expect(["a", "b", "c"].map((car) => toneOf(car, cars))).to.deep.equal([0, 1, 2]);
  });

  it("writes lap times as people do", () => {
    expect([null, 57.188, 62.3456, 600].map(formatLap)).to.deep.equal(["–", "57.188", "1:02.346", "10:00.000"]);
  });

  it("draws the whole track with its sectors, north above", () => {
    const answer = trackAnswer(trackOf("oval"));
    expect(answer.sectors).to.have.length(3);
    const view = mapView(answer);
    const [left = 0, top = 0, width = 0, height = 0] = view.viewBox.split(" ").map(Number);
    for (const [x, y] of answer.points) {
      expect(x).to.be.within(left + 39, left + width - 39);
      expect(-y).to.be.within(top + 39, top + height - 39);
    }
    expect(view.lines).to.have.length(3);
    expect(view.path).to.match(/^M0 -?0L.*Z$/);
  });

  it("is in the menu where there are cars, and pages of others where something fills them", () => {
    const routes = (parts: readonly string[]) =>
      groupsWith(parts).flatMap(({ pages }) => pages.map(({ route }) => route));
    expect(routes(["race"])).to.deep.equal(["/socket.io/monitoring", "/race"]);
    expect(routes(["random-numbers", "windows", "census"]))
      .to.have.length(8)
      .and.not.include("/race");
    expect(routes(["windows"]))
      .to.include("/spark-streaming/disk/monitoring")
      .and.not.include("/socket.io/random-numbers");
  });
});

describe("The server of the race", () => {
  let server: TestServer;
  let socket: Socket<RaceEvents, Record<string, never>>;
  beforeEach(async () => {
    server = await startTestServer();
    socket = io(`${server.url}${raceNamespace}`, { path: livePath, transports: ["websocket"], forceNew: true });
  });
  afterEach(async () => {
    socket.disconnect();
    await server.stop();
  });

  const message = (sample: Sample) => ({ value: Buffer.from(sampleText(sample)), timestamp: String(NOW + 60_000) });

  it("sends cars as they come, all to whoever comes later, and nothing of a proof", async () => {
    const batches: RaceBatch[] = [];
    const first = new Promise<void>((resolve) => {
      socket.on("cars", (one) => {
        batches.push(one);
        if (one.cars.length > 0) resolve();
      });
    });
    await new Promise<void>((resolve) => socket.on("connect", resolve));
    server.race.take(message(at(0, { run: "proof-1", car: "proof-01" })));
    server.race.take({ value: Buffer.from("{"), timestamp: "0" });
    server.race.take(message(at(0)));
    await first;
    const seen = batches.find(({ cars }) => cars.length > 0);
    expect(seen?.cars.map(({ car }) => car)).to.deep.equal(["car-01"]);
    expect(batches.reduce((sum, { unreadable }) => sum + unreadable, 0)).to.equal(1);
    expect(server.race.figures).to.deep.equal({ samples: 1, unreadable: 1 });
    const other: Socket<RaceEvents> = io(`${server.url}${raceNamespace}`, {
      path: livePath,
      transports: ["websocket"],
      forceNew: true,
    });
    const told = await new Promise<RaceBatch>((resolve) => other.on("cars", resolve));
    other.disconnect();
    expect(told.cars.map(({ car }) => car)).to.deep.equal(["car-01"]);
  });

  it("answers with the track and with windows, and says what is wrong with a question", async () => {
    const ask = async (path: string) => {
      const response = await fetch(`${server.url}${path}`, { headers: { accept: "application/json" } });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    expect((await ask("/api/race/track")).body).to.include({ name: "mill", length: 2347.2 });
    expect((await ask("/api/race/windows?car=car-01")).body).to.deep.include({ windows: { flink: [], spark: [] } });
    expect(await ask("/api/race/windows")).to.deep.equal({
      status: 400,
      body: { error: "car is missing; give the name of a car, such as car-01" },
    });
    expect((await ask("/api/race/windows?car=a&minutes=0")).status).to.equal(400);
    expect((await ask("/api/race/track?car=a")).status).to.equal(400);
  });
});
