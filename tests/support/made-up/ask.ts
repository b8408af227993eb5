/** Asks the shared code what it knows of the made-up service, and prints it as JSON. */
import { topicBounds } from "../../../components/kafka/declared-topics.ts";
import { defaultPorts } from "../../../clusters/embedded/container-spec.ts";
import { clashMessage } from "../../../clusters/embedded/ports.ts";
import { portOf } from "../../../cli/addresses.ts";
import { publishedEndpoints } from "../../../cli/endpoints.ts";
import { findPassword, password } from "../../../cli/password.ts";
import { diskNeeded } from "../../../cli/preflight.ts";
import { servicesWithData } from "../../../cli/removal.ts";
import { announcement, restoreChoice } from "../../../cli/restore.ts";
import { askRooms, roomNotes } from "../../../cli/status.ts";
import { objectStoreContents } from "../../../config/buckets.ts";
import { generated } from "../../../config/documents.ts";
import { fit, footprint } from "../../../config/fit.ts";
import { wantedImages } from "../../../config/images.ts";
import { configWarnings, loadConfig } from "../../../config/index.ts";
import { skippedHops } from "../../../config/proof-hops.ts";
import { topicsOf } from "../../../config/rooms.ts";
import { declaredTables } from "../../../config/tables.ts";
import { branchesOf, skippedHops as notAsked } from "../../../check/branches.ts";
import { readConfig } from "../../../check/config.ts";
import { hopNames } from "../../../check/table.ts";
import { startRun } from "../../../platform/hops/run.ts";
import { transitionProblems } from "../../../config/transitions.ts";
import { componentPages } from "../../../docs/generate.ts";
import { ownerOf } from "../../e2e/selection/owners.ts";

const config = (stations: number, profile = "studio") =>
  loadConfig({ "millrace:profile": profile, "millrace:services": { weather: { stations } } });
const refused = (raw: Record<string, unknown>): string => {
  try {
    loadConfig(raw);
    return "accepted";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};
const live = {
  claims: [],
  sets: [{ namespace: "millrace", service: "weather", replicas: 1, hasClaims: false }],
};
const fewer = {
  claims: [],
  sets: [{ namespace: "millrace", service: "weather", replicas: 3, hasClaims: true }],
};
const told = (variables: Record<string, string>, more: object = {}) =>
  readConfig({
    PROOF_CONFIG: JSON.stringify({
      skipped: skippedHops(config(2, "core")),
      rooms: { kafka: { bootstrapServers: "kafka:9092" }, weather: { url: "http://weather", ...more } },
    }),
    ...variables,
  });
const asked = (variables: Record<string, string>, more: object = {}): unknown => {
  try {
    return branchesOf(told(variables, more), startRun()).map(({ hops }) => hops.map(({ name }) => name));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};
const mine = (texts: readonly string[]): string[] => texts.filter((text) => /weather|stations/.test(text));
const documents = await generated();
const two = config(2);
const account = { data: { sun: Buffer.from("shine").toString("base64") } };
const kube = { get: <T>(path: string) => Promise.resolve((path.endsWith("/weather-users") ? account : {}) as T) };
const running = {
  namespace: "data",
  exposure: { kind: "none" as const },
  address: () => undefined,
  secret: () => Promise.resolve(undefined),
  text: () => Promise.reject(new Error("nobody")),
  ask: () => Promise.reject(new Error("nothing is asked")),
};
const disk = (profile: string): number => diskNeeded(config(2, profile)).cold / 2 ** 30;
const { need } = fit(two, { cpuMillis: 0, memoryMi: 0 });

console.log(
  JSON.stringify({
    settings: (two.services as unknown as Record<string, unknown>)["weather"],
    inCore: (config(2, "core").services as unknown as Record<string, { enabled: boolean }>)["weather"]?.enabled,
    unknown: refused({ "millrace:services": { weather: { statoins: 1 } } }),
    needs: refused({ "millrace:profile": "studio", "millrace:services": { kafka: { enabled: false } } }),
    problem: refused({ "millrace:profile": "studio", "millrace:services": { weather: { stations: 7 } } }),
    warning: mine(configWarnings(config(6))),
    schema: documents.find(({ file }) => file.endsWith(".json"))?.text.includes('"stations"'),
    profiles: documents
      .find(({ file }) => file.endsWith(".md"))
      ?.text.match(/with the services that users work with: [^;]*/)?.[0],
    page: documents
      .find(({ file }) => file.endsWith(".md"))
      ?.text.match(/\| `(weather.stations|nodePorts.weather)` .*/g),
    footprint: footprint(two).find(({ service }) => service === "weather"),
    fit: fit(two, { cpuMillis: need.cpuMillis, memoryMi: need.memoryMi - 100 })
      .proposal.split("; ")
      .at(-1),
    image: (wantedImages(two) as Record<string, unknown>)["weather"] !== false,
    port: defaultPorts["weather"],
    clash: clashMessage([{ key: "weather", port: 30555 }]),
    key: (objectStoreContents(two).keys as Record<string, unknown>)["weather-station"],
    bucket: objectStoreContents(two).used.includes("forecasts"),
    topic: topicsOf(two)["weather"],
    topicInCore: topicsOf(config(2, "core"))["weather"],
    bounds: [two, config(2, "core")].map((of) => topicBounds(of.services.kafka, topicsOf(of))["retention.bytes"]),
    tables: declaredTables(two).keyspaces["weather"],
    role: (declaredTables(two).roles as Record<string, unknown>)["forecaster"],
    claims: servicesWithData(two).includes("weather"),
    transition: mine(transitionProblems({ live, config: two, storageClass: "default" })),
    services: password.options["service"]?.choices,
    password: (await findPassword(kube, "data", "weather", undefined)).password,
    endpoints: publishedEndpoints(two, [{ title: "Weather station", url: "127.0.0.1:30555" }]),
    greeting: portOf({ title: "Weather station" })?.greeting?.by,
    disk: disk("studio") - disk("core"),
    restore: [undefined, "weather"].map((database) => announcement(restoreChoice("latest", database), "data")),
    sky: (await askRooms(config(2, "core"), running, []))["sky"],
    notes: roomNotes({ config: two }, [{ name: "weather" }]),
    fewer: mine(transitionProblems({ live: fewer, config: two, storageClass: "default" })),
    component: (await componentPages(["tests/support/made-up"])).get("weather.md"),
    owners: ["components/weather/weather.ts", "dags/weather_report.py", "images/weather/Dockerfile", "sky/blue.ts"].map(
      ownerOf,
    ),
    skipped: skippedHops(config(2, "core"))["weather"],
    hop: hopNames.slice(hopNames.indexOf("notebooks"), hopNames.indexOf("notebooks") + 3),
    asked: asked({ WEATHER_TOKEN: "secret" }),
    untold: [asked({}), asked({ WEATHER_TOKEN: "secret" }, { url: "weather" })],
    notAsked: notAsked(told({ WEATHER_TOKEN: "secret" }), []).find(({ hop }) => hop === "weather"),
  }),
);
