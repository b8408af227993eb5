import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { type Ground, House, defineRoom } from "../../platform/place.ts";
import { ownQuarters } from "../../platform/quarters.ts";
import { proven } from "../../platform/proven.ts";
import type { Service, SettingsOf } from "../../platform/service.ts";
import { Storage } from "../../platform/storage.ts";
import type { weatherHops } from "../support/made-up/weather/hops.ts";
import { weather } from "../support/made-up/weather/service.ts";
import { mock, valueOf } from "../support/mocks.ts";

const ground = (enabled = true): Ground => ({
  namespace: pulumi.output("millrace"),
  quarters: () => ownQuarters("millrace"),
  image: (name) => pulumi.output(`registry/${name}:1`),
  storage: new Storage({ storageClass: "none" }),
  exposure: { kind: "none" },
  bucket: (use) => use,
  homes: {},
  of: <S extends Service>() => ({ enabled, stations: 3 }) as unknown as SettingsOf<S>,
  opts: {},
});

interface Wires {
  readonly wind: { readonly knots: number };
  readonly rain: { readonly drops: number } | undefined;
}

class Station extends pulumi.ComponentResource {
  constructor(name: string) {
    super("spec:index:Station", name);
  }
}

/** What a room of somebody's looks like. */
const weatherRoom = defineRoom({
  service: weather,
  without: ["rain"],
  build: ({ own, image }, { wind, rain }: Wires) => ({
    image: image("weather"),
    report: `${own.stations} stations, ${wind.knots} knots, ${rain?.drops ?? "no"} drops`,
  }),
  offers: ({ report }) => ({
    addresses: { weather: { title: "Weather", url: pulumi.output<string | undefined>("http://weather") } },
    logins: [{ title: "Weather", service: "weather", users: ["ana"] }],
    proves: [
      proven<typeof weatherHops>("weather", {
        settings: { url: pulumi.output("http://weather"), stations: report.length },
        secrets: { token: { secretName: pulumi.output("weather"), key: "token" } },
      }),
    ],
    waitFor: [new Station("weather")],
  }),
});

describe("A house", () => {
  beforeEach(async () => {
    await mock();
  });

  it("builds a room with its own settings and what it is wired to", async () => {
    const built = new House(ground()).place(weatherRoom, { wind: { knots: 12 }, rain: { drops: 7 } });
    expect(built?.report).to.equal("3 stations, 12 knots, 7 drops");
    expect(built && (await valueOf(built.image))).to.equal("registry/weather:1");
  });

  it("builds none whose service is off, or whose wire leads nowhere", () => {
    expect(new House(ground(false)).place(weatherRoom, { wind: { knots: 1 }, rain: undefined })).to.equal(undefined);
    expect(new House(ground()).place(weatherRoom, { wind: undefined, rain: { drops: 1 } })).to.equal(undefined);
  });

  it("builds one that can do without a wire", () => {
    const built = new House(ground()).place(weatherRoom, { wind: { knots: 1 }, rain: undefined });
    expect(built?.report).to.equal("3 stations, 1 knots, no drops");
  });

  it("takes no wire of another kind, and asks for each", () => {
    const { place } = new House(ground(false));
    // @ts-expect-error -- rain is no wind
    expect(place(weatherRoom, { wind: { drops: 1 }, rain: undefined })).to.equal(undefined);
  });

  it("takes no wire that the room does not declare", () => {
    const { place } = new House(ground(false));
    // @ts-expect-error -- the room has declared no sun
    expect(place(weatherRoom, { wind: { knots: 1 }, rain: undefined, sun: { hours: 2 } })).to.equal(undefined);
  });

  it("places a room once, and says which have no place", () => {
    const house = new House(ground());
    expect(house.unplaced([weather])).to.deep.equal(["weather"]);
    house.place(weatherRoom, { wind: undefined, rain: undefined });
    expect(house.unplaced([weather])).to.deep.equal([]);
    expect(() => house.place(weatherRoom, { wind: undefined, rain: undefined })).to.throw("weather is placed twice");
  });

  it("keeps what its rooms offer, and of none that is not built", () => {
    const house = new House(ground());
    house.place(weatherRoom, { wind: { knots: 2 }, rain: undefined });
    expect(house.addresses(weather.published ?? {}).map(({ title }) => title)).to.deep.equal(["Weather"]);
    expect(house.logins).to.deep.equal([{ title: "Weather", service: "weather", users: ["ana"] }]);
    expect(house.proves.map(({ room, seesJobs }) => [room, seesJobs])).to.deep.equal([["weather", false]]);
    expect(house.proves[0]?.settings).to.have.property("stations", "3 stations, 2 knots, no drops".length);
    expect(house.waitFor).to.have.length(1);
    const off = new House(ground(false));
    off.place(weatherRoom, { wind: { knots: 2 }, rain: undefined });
    expect([off.logins, off.proves, off.waitFor]).to.deep.equal([[], [], []]);
  });
});
