import type { Recipe } from "../../../platform/images/recipe.ts";

/** Newest release; 6.0 is an alpha. */
const CASSANDRA = "5.0.9";

const recipe: Recipe = {
  maven: { roots: [{ coordinates: `org.apache.cassandra:cassandra-all:${CASSANDRA}` }] },
};
export default recipe;
