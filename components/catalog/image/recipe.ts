import type { Recipe } from "../../../platform/images/recipe.ts";
import { s3aRoots } from "../../spark/image/s3a.ts";
import { sparkVersions } from "../../spark/image/versions.ts";

/** Presto cannot read from metastore 4.x ("Invalid method name: 'get_table'"). */
const METASTORE = "3.1.3";
/** Newest driver of PostgreSQL. */
const POSTGRES_DRIVER = "42.7.14";

const alone = [
  `org.apache.hive:hive-standalone-metastore:${METASTORE}:tar.gz:bin`,
  `org.apache.hadoop:hadoop-client-api:${sparkVersions.hadoop}`,
  `org.apache.hadoop:hadoop-client-runtime:${sparkVersions.hadoop}`,
  `org.postgresql:postgresql:${POSTGRES_DRIVER}`,
  "org.slf4j:slf4j-api:1.7.36",
  "commons-cli:commons-cli:1.2",
  "commons-logging:commons-logging:1.2",
  "commons-collections:commons-collections:3.2.2",
  "commons-io:commons-io:2.16.1",
];

const recipe: Recipe = {
  maven: { roots: [...alone.map((coordinates) => ({ coordinates, transitive: false })), ...s3aRoots] },
};
export default recipe;
