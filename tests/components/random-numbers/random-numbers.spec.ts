import { expect } from "chai";
import { podProblems } from "../../../platform/hardening.ts";
import {
  RandomNumbers,
  type RandomNumbersArgs,
  randomNumbersProblems,
} from "../../../components/random-numbers/random-numbers.ts";
import { envOf, resources, topic } from "../../support/fixtures.ts";
import { mock, type Mocked, namesOf, valueOf } from "../../support/mocks.ts";

describe("RandomNumbers", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  const make = (args: Partial<RandomNumbersArgs> = {}) =>
    new RandomNumbers("random-numbers", { namespace: "data", image: "tools:1", topic: topic(), resources, ...args });

  it("runs the pumps with their rate, their own names and the token", async () => {
    make({ rate: 1000, replicas: 3 });
    const { inputs } = await mocked.get("kubernetes:apps/v1:Deployment", "random-numbers");
    expect(inputs.spec.replicas).to.equal(3);
    expect(envOf(inputs)).to.deep.equal({
      KAFKA_BOOTSTRAP: "kafka.example:9092",
      KAFKA_SECURITY_PROTOCOL: "PLAINTEXT",
      TOPIC: "telemetry",
      RATE: "1000",
      NODE_NAME: "metadata.name",
      PUMP_TOKEN: "random-numbers-token/token",
      HEALTH_PORT: "8080",
    });
    const { containers } = inputs.spec.template.spec;
    expect(containers[0].command).to.deep.equal([
      "node",
      "/opt/millrace/components/random-numbers/programs/random-numbers.ts",
    ]);
    expect(podProblems(inputs.spec.template.spec, true)).to.deep.equal([]);
  });

  it("is one pump of ten numbers a second where nothing else is said", async () => {
    make();
    const { inputs } = await mocked.get("kubernetes:apps/v1:Deployment", "random-numbers");
    expect([inputs.spec.replicas, envOf(inputs)["RATE"]]).to.deep.equal([1, "10"]);
  });

  it("is ready when numbers are acknowledged, and is not restarted while a broker is away", async () => {
    make();
    const { inputs } = await mocked.get("kubernetes:apps/v1:Deployment", "random-numbers");
    const [{ readinessProbe, startupProbe, livenessProbe }] = inputs.spec.template.spec.containers;
    expect(readinessProbe.httpGet).to.deep.equal({ port: 8080, path: "/healthz" });
    expect(startupProbe).to.deep.include({ tcpSocket: { port: 8080 } });
    expect(livenessProbe).to.deep.include({ tcpSocket: { port: 8080 } });
  });

  it("offers its address and a reference to its token, which is generated and secret", async () => {
    const { endpoint } = make();
    expect(endpoint.kind).to.equal("random-numbers");
    expect(await valueOf(endpoint.url)).to.equal("http://random-numbers.data.svc:8080");
    expect(await valueOf(endpoint.token.secretName)).to.equal("random-numbers-token");
    expect(endpoint.token.key).to.equal("token");
    expect(await namesOf(endpoint.ready)).to.deep.equal(["random-numbers"]);
    const { inputs, secrets } = await mocked.get("kubernetes:core/v1:Secret", "random-numbers-token");
    expect(inputs.stringData["token"]).to.have.length(32);
    expect(secrets).to.deep.equal(["stringData"]);
    const { inputs: service } = await mocked.get("kubernetes:core/v1:Service", "random-numbers");
    expect(service.spec.ports[0].port).to.equal(8080);
  });

  const wrong: [string, Partial<RandomNumbersArgs>, RegExp][] = [
    [
      "a rate of nothing",
      { rate: 0 },
      /random numbers: rate is 0; give a whole number from 1 to 5000, and more replicas/,
    ],
    ["a rate that one pump does not reach", { rate: 5001 }, /rate is 5001/],
    ["half a number", { rate: 1.5 }, /rate is 1\.5/],
    ["no pump", { replicas: 0 }, /replicas is 0; give a whole number from 1/],
  ];
  for (const [what, args, message] of wrong) {
    it(`refuses ${what}`, () => {
      expect(randomNumbersProblems(args).join()).to.match(message);
      expect(() => make(args)).to.throw(message);
    });
  }

  it("tells all problems together", () => {
    expect(randomNumbersProblems({ rate: 0, replicas: -1 })).to.have.length(2);
  });
});
