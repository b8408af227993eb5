import type { Recipe } from "../../../platform/images/recipe.ts";
import { zookeeperVersions as versions } from "./versions.ts";

const recipe: Recipe = {
  maven: {
    roots: [
      { coordinates: `org.apache.zookeeper:zookeeper:${versions.zookeeper}` },
      // What its own distribution adds: the log, the shell, the admin server with its JSON, and the metrics' sums.
      { coordinates: `ch.qos.logback:logback-classic:${versions.logback}` },
      { coordinates: `commons-cli:commons-cli:${versions.commonsCli}` },
      { coordinates: `org.jline:jline:${versions.jline}` },
      { coordinates: `org.eclipse.jetty:jetty-server:${versions.jetty}` },
      { coordinates: `org.eclipse.jetty:jetty-servlet:${versions.jetty}` },
      { coordinates: `com.fasterxml.jackson.core:jackson-databind:${versions.jackson}` },
      { coordinates: `io.dropwizard.metrics:metrics-core:${versions.metrics}` },
      { coordinates: `org.xerial.snappy:snappy-java:${versions.snappy}` },
    ],
    // Native code for one kind of machine; the server and its shell use Java's own sockets.
    without: ["io.netty:netty-transport-native-epoll", "io.netty:netty-tcnative-boringssl-static"],
  },
};
export default recipe;
