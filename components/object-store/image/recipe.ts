import type { Recipe } from "../../../platform/images/recipe.ts";

const recipe: Recipe = {
  /** Newest S3 server to be had as source from a registry that has several keys with rights per bucket. */
  crate: { name: "garage", version: "2.5.0" },
};
export default recipe;
