import type { Recipe } from "../../../platform/images/recipe.ts";
import { kafkaVersions } from "./versions.ts";

const { kafka, log4j } = kafkaVersions;

const recipe: Recipe = {
  maven: {
    roots: [
      { coordinates: `org.apache.kafka:kafka_2.13:${kafka}` },
      { coordinates: `org.apache.kafka:kafka-tools:${kafka}` },
      { coordinates: `org.apache.logging.log4j:log4j-slf4j-impl:${log4j}` },
      { coordinates: `org.apache.logging.log4j:log4j-1.2-api:${log4j}` },
    ],
  },
};
export default recipe;
