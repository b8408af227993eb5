/** A program with a line for the made-up service, run by mocks; prints as JSON what it has made and what it offers. */
import * as pulumi from "@pulumi/pulumi";
import { publishedPorts } from "../../../clusters/embedded/container-spec.ts";
import { kafkaRoom } from "../../../components/kafka/room.ts";
import { loadConfig } from "../../../config/index.ts";
import { rooms, settingsIn, topicsOf } from "../../../config/rooms.ts";
import { House } from "../../../platform/place.ts";
import { ownQuarters } from "../../../platform/quarters.ts";
import { Storage } from "../../../platform/storage.ts";
import { mock, valueOf } from "../mocks.ts";
import { weatherRoom } from "./weather/room.ts";

const mocked = await mock();
const config = loadConfig({ "millrace:profile": "studio" });
const house = new House({
  namespace: pulumi.output("millrace"),
  quarters: () => ownQuarters("millrace"),
  image: (name) => pulumi.output(`registry/${name}:1`),
  storage: new Storage({ storageClass: "none" }),
  exposure: { kind: "none" },
  bucket: (use) => use,
  homes: {},
  of: settingsIn(config),
  opts: {},
});
const unplaced = (): boolean => house.unplaced(rooms).includes("weather");
const before = unplaced();
const kafka = house.place(kafkaRoom, { topics: topicsOf(config) });
house.place(weatherRoom, { kafka });

const stations = await mocked.get("kubernetes:apps/v1:Deployment", "weather");
const [address] = house.addresses(publishedPorts).filter(({ title }) => title === "Weather");
const topics = await mocked.get("kubernetes:batch/v1:Job", "kafka-topics");
console.log(
  JSON.stringify({
    unplaced: [before, unplaced()],
    replicas: stations.inputs.spec.replicas,
    image: stations.inputs.spec.template.spec.containers[0].image,
    topic: JSON.stringify(topics.inputs).includes('\\"name\\":\\"weather\\"'),
    address: address && (await valueOf(address.url)),
    proves: house.proves.map(({ room, secrets }) => [room, Object.keys(secrets)]),
    waits: house.waitFor.length,
  }),
);
