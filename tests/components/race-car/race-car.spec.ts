import { expect } from "chai";
import { RaceCar, type RaceCarArgs, raceCarProblems } from "../../../components/race-car/race-car.ts";
import { podProblems } from "../../../platform/hardening.ts";
import { envOf, resources, topic } from "../../support/fixtures.ts";
import { mock, type Mocked, valueOf } from "../../support/mocks.ts";

describe("RaceCar", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  const make = (args: Partial<RaceCarArgs> = {}) =>
    new RaceCar("race-car", {
      namespace: "data",
      image: "tools:1",
      exposure: { kind: "nodePort", host: "127.0.0.1", ports: { raceCar: 30310 } },
      topics: { samples: topic(), deadLetters: topic() },
      simulation: {},
      ingestResources: resources,
      carsResources: resources,
      ...args,
    });
  const deployed = async (name: string) => (await mocked.get("kubernetes:apps/v1:Deployment", name)).inputs;

  it("runs an ingest with its topics and token, and the cars as its clients", async () => {
    make({ messagesPerSecond: 500, simulation: { cars: 5, rate: 50, seed: 7, track: "oval" } });
    const [ingest, cars] = [await deployed("race-car-ingest"), await deployed("race-car")];
    expect(envOf(ingest)).to.deep.equal({
      KAFKA_BOOTSTRAP: "kafka.example:9092",
      KAFKA_SECURITY_PROTOCOL: "PLAINTEXT",
      TOPIC: "telemetry",
      DEAD_LETTER_TOPIC: "telemetry",
      MESSAGES_PER_SECOND: "500",
      INGEST_TOKEN: "race-car-token/token",
      PORT: "8080",
    });
    expect(envOf(cars)).to.deep.equal({
      INGEST_URL: "ws://race-car-ingest.data.svc:8080",
      INGEST_TOKEN: "race-car-token/token",
      CARS: "5",
      RATE: "50",
      SEED: "7",
      TRACK: "oval",
      HEALTH_PORT: "8080",
    });
    for (const { spec } of [ingest, cars]) expect(podProblems(spec.template.spec, true)).to.deep.equal([]);
  });

  it("is three cars on the mill at 15 samples a second where nothing else is said", async () => {
    make();
    expect(envOf(await deployed("race-car"))).to.include({ CARS: "3", RATE: "15", SEED: "1", TRACK: "mill" });
    expect(envOf(await deployed("race-car-ingest"))).to.include({ MESSAGES_PER_SECOND: "1000" });
  });

  it("is only the ingest without cars", async () => {
    make({ simulation: { cars: 0 } });
    const deployments = await mocked.ofType("kubernetes:apps/v1:Deployment");
    expect(deployments.map(({ name }) => name)).to.deep.equal(["race-car-ingest"]);
  });

  it("publishes TCP and UDP at one number, and lets both through", async () => {
    const cars = make();
    expect(await valueOf(cars.address.url)).to.equal("http://127.0.0.1:30310");
    const { inputs } = await mocked.get("kubernetes:core/v1:Service", "race-car-ingest-published");
    expect(inputs.spec.ports).to.deep.equal([
      { name: "published", port: 8080, targetPort: 8080, nodePort: 30310 },
      { name: "published-udp", protocol: "UDP", port: 8080, targetPort: 8080, nodePort: 30310 },
    ]);
    expect(cars.edges.find(({ from }) => from.kind === "published")).to.deep.include({ ports: [8080], udp: true });
  });

  it("refuses wrong arguments before it makes anything", () => {
    expect(() => make({ simulation: { cars: 101 } })).to.throw(
      "race cars: cars is 101; give a whole number from 0 to 100",
    );
  });
});

describe("raceCarProblems", () => {
  it("finds nothing wrong with the defaults", () => {
    expect(raceCarProblems({ simulation: {} })).to.deep.equal([]);
  });

  it("tells all that is wrong at once", () => {
    const simulation = { cars: -1, rate: 101, seed: 1.5, track: "lake" as "mill" };
    expect(raceCarProblems({ messagesPerSecond: 0, simulation })).to.deep.equal([
      "race cars: cars is -1; give a whole number from 0 to 100",
      "race cars: rate is 101; give a whole number from 1 to 100",
      "race cars: seed is 1.5; give a whole number from 0 to 4294967295",
      "race cars: messagesPerSecond is 0; give a whole number from 1 to 100000",
      'race cars: there is no track "lake"; give one of mill, oval',
    ]);
  });
});
