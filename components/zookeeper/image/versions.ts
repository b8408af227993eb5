/** Versions of ZooKeeper and of what its distribution brings along; its pom names them. */
export const zookeeperVersions = {
  zookeeper: "3.9.5",
  logback: "1.3.15",
  commonsCli: "1.5.0",
  jline: "3.25.1",
  jetty: "9.4.58.v20250814",
  jackson: "2.15.2",
  metrics: "4.1.12.1",
  snappy: "1.1.10.5",
} as const;
