import type { Recipe } from "../../../platform/images/recipe.ts";

/** Newest Presto server on Maven Central: later versions have jars there, but no server. */
export const PRESTO = "0.287";
/** First ASM that reads class files of Java 17; Presto 0.287 ships 9.0, which does not. */
const ASM = "9.7.1";

/** Plugins that the image keeps: the catalogs that the platform offers, and what they need. */
export const prestoPlugins = ["hive-hadoop2", "iceberg", "cassandra", "kafka", "tpch", "memory", "jmx"] as const;

const recipe: Recipe = {
  maven: {
    roots: [
      { coordinates: `com.facebook.presto:presto-server:${PRESTO}:tar.gz`, transitive: false },
      { coordinates: `com.facebook.presto:presto-cli:${PRESTO}:jar:executable`, transitive: false },
      ...["asm", "asm-tree", "asm-util", "asm-analysis"].map((part) => ({
        coordinates: `org.ow2.asm:${part}:${ASM}`,
        transitive: false,
      })),
    ],
  },
};
export default recipe;
