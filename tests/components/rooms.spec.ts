import { execFileSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { hopNames } from "../../check/table.ts";
import { rooms as byName } from "../../components/index.ts";
import { objectStoreContents } from "../../config/buckets.ts";
import { loadConfig } from "../../config/index.ts";
import { imagesOf } from "../../platform/service.ts";
import { profiles, servicesOf } from "../../config/profiles.ts";
import { enabledRooms, rooms, settingsOf, viewOf } from "../../config/rooms.ts";
import { imageNames } from "../../images/index.ts";

const root = join(import.meta.dirname, "..", "..");

describe("The rooms", () => {
  it("are listed by the names that they have in the stack's file", () => {
    expect(rooms.map(({ name }) => name)).to.deep.equal(Object.keys(byName));
  });

  it("come after those that they need, but for the database, which is there on demand", () => {
    for (const { name, needs } of rooms) {
      const after = rooms.slice(rooms.findIndex((room) => room.name === name)).map((room) => room.name);
      const late = needs?.of.filter((of) => after.includes(of.name) && of.onDemand !== true).map((of) => of.name);
      expect(late ?? [], name).to.deep.equal([]);
    }
  });

  it("are on in every profile, or in those that bring their group", () => {
    for (const profile of profiles) {
      const config = loadConfig({ "millrace:profile": profile });
      const on = rooms.filter(({ name }) => settingsOf(name, config).enabled).map(({ name }) => name);
      // The proxy that asks for logins has nothing to guard on the loopback.
      const brought = rooms.filter(({ guards }) => guards !== true);
      const expected = brought.filter(({ name, group }) => group === undefined || servicesOf(profile).includes(name));
      expect(on, profile).to.deep.equal(expected.map(({ name }) => name));
    }
  });

  it("name only rooms that there are, in everything that they say of a config", () => {
    for (const profile of profiles) {
      const config = loadConfig({ "millrace:profile": profile });
      expect(objectStoreContents(config).used, profile).to.include("lake");
      for (const room of rooms) {
        const view = viewOf(room, config);
        expect(() => [room.pods?.(view), room.warnings?.(view), room.topics?.(view.own)], room.name).not.to.throw();
      }
      expect(enabledRooms(config).length, profile).to.be.greaterThan(8);
    }
    const named = rooms.flatMap(({ hops }) => Object.values(hops ?? {}).flat());
    expect(Object.keys(byName)).to.include.members(named);
  });

  it("have settings for the size of each pod that they have", () => {
    const executors = ["sparkConnect", "telemetry", "census"];
    for (const size of ["small", "large"] as const) {
      const config = loadConfig({ "millrace:profile": "full", "millrace:cluster": { sizes: size } });
      for (const room of rooms.filter((one) => one.pods !== undefined)) {
        const view = viewOf(room, config);
        const settable = Object.values(room.sized?.(view.own) ?? {}).map((one) => JSON.stringify(one));
        const spark = rooms.find(({ name }) => name === "spark");
        // Executors, and the driver of a batch, have the sizes that Spark's settings give.
        const shared = executors.includes(room.name)
          ? Object.values(spark?.sized?.(viewOf(spark, config).own) ?? {})
          : [];
        const pods = room.pods?.(view).map(({ resources }) => JSON.stringify(resources)) ?? [];
        expect([...settable, ...shared.map((one) => JSON.stringify(one))], room.name).to.include.members(pods);
        expect(settable.length, room.name).to.be.greaterThan(0);
      }
    }
  });

  it("share no port, bucket, key, topic, table, role, hop, account or answer with another", () => {
    const config = loadConfig({ "millrace:profile": "full" });
    const all = rooms.flatMap((room) => [
      ...Object.entries(room.published ?? {}).flatMap(([key, { nodePort }]) => [`port ${key}`, `port ${nodePort}`]),
      ...Object.values(room.store?.buckets ?? {}).map(({ name }) => `bucket ${name}`),
      ...Object.keys(room.store?.consumers ?? {}).map((consumer) => `key ${consumer}`),
      ...Object.keys(room.topics?.(viewOf(room, config).own) ?? {}).map((topic) => `topic ${topic}`),
      ...Object.entries(room.tables?.(viewOf(room, config).own) ?? {}).flatMap(([keyspace, { tables }]) =>
        Object.keys(tables).map((table) => `table ${keyspace}.${table}`),
      ),
      ...Object.keys(room.tableRoles ?? {}).map((role) => `role ${role}`),
      ...Object.keys(room.hops ?? {}).map((hop) => `hop ${hop}`),
      ...(room.status ?? []).map(({ key }) => `answer ${key}`),
      ...(room.outside ?? []).map(({ key }) => `endpoint ${key}`),
      ...(room.accounts?.kind === "passwords" ? [`secret ${room.accounts.secret}`] : []),
      ...(room.claims === undefined ? [] : [`set ${room.claims.set}`]),
      ...imagesOf(room).map(({ name }) => `image ${name}`),
    ]);
    expect(all.filter((one, index) => all.indexOf(one) !== index)).to.deep.equal([]);
  });

  it("run every image that there is, and have no hop that the proof lacks", () => {
    expect(rooms.flatMap((room) => imagesOf(room).map(({ name }) => name))).to.have.members(imageNames);
    expect(hopNames).to.include.members(rooms.flatMap(({ hops }) => Object.keys(hops ?? {})));
  });

  it("are plain data, and so are their hops: to read them loads nothing of Pulumi", () => {
    const hops = globSync("components/*/hops/**/*.ts", { cwd: root });
    expect(hops).to.not.deep.equal([]);
    const program =
      'import { createRequire } from "node:module";' +
      ["components/index.ts", "config/index.ts", ...hops].map((file) => `await import("./${file}");`).join("") +
      "process.stdout.write(Object.keys(createRequire(import.meta.url).cache).filter((file) => /@pulumi|@grpc/.test(file)).join())";
    const loaded = execFileSync(process.execPath, ["--input-type=module", "--eval", program], { cwd: root });
    expect(loaded.toString()).to.equal("");
  });
});
