/** What an image takes from the registries, before resolution: each room's `image/recipe.ts` says it, `node images/lock.ts` reads it. */

export interface MavenRoot {
  /** `group:artifact:version[:type[:classifier]]`. */
  readonly coordinates: string;
  /** Whether its dependencies are taken too. @default true */
  readonly transitive?: boolean;
}

export interface MavenRecipe {
  readonly roots: readonly MavenRoot[];
  /** `group:artifact` left out although something depends on it; `*` stands for any text. @default - none */
  readonly without?: readonly string[];
}

export interface PythonRecipe {
  /** What is asked for, as pip writes it: `name`, `name==1`, `name<2`. */
  readonly requirements: readonly string[];
  /** Packages left out although something depends on them. @default - none */
  readonly without?: readonly string[];
  /** Day up to which uploads are taken, so that nothing comes in that a release was never tried with. */
  readonly until: string;
}

/** The default export of an image's `recipe.ts`. An image whose packages are those of npm alone has none. */
export interface Recipe {
  readonly maven?: MavenRecipe;
  readonly python?: PythonRecipe;
  /** One source package of the Python index, taken as a file: `name==version`. */
  readonly pypiSource?: string;
  /** One wheel of the Python index, taken as a file: `name==version`. */
  readonly pypiWheel?: string;
  /** A program compiled from its crate. */
  readonly crate?: { readonly name: string; readonly version: string };
}
