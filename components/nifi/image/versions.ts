/** Versions of NiFi and of what its distribution brings along; its poms name them. */
export const nifiVersions = {
  nifi: "2.3.0",
  /** The API of extensions has releases of its own; the framework was tried with this one. */
  api: "2.1.0",
  logback: "1.5.16",
  slf4j: "2.0.17",
  /** NiFi 2 needs Java 21; Debian 12 has 17. */
  java: "25.0.2.1",
  /** Java 17's own compiler can't read the classes of NiFi's API. */
  compiler: "3.46.0",
  jackson: "2.18.3",
} as const;
