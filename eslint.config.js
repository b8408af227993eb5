import { existsSync } from "node:fs";
import tseslint from "typescript-eslint";

// The display's pages have packages of their own, which `npm test` links into their folder; without them there are no types.
const hasPagePackages = existsSync(new URL("display/web/node_modules/@angular/core", import.meta.url));
const pages = ["display/web/src/main.ts", "display/web/src/app/"];

export default tseslint.config(
  {
    ignores: [
      "node_modules/",
      ".millrace/",
      "node24.js",
      "policies/*.js",
      "eslint.config.js",
      "display/web/dist/",
      "display/web/.angular/",
      ...(hasPagePackages ? [] : pages),
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-extraneous-class": ["error", { allowWithDecorator: true }],
    },
  },
  {
    // What a room says of itself is read by config, CLI, clusters and the proof, which must not wait for Pulumi.
    files: ["components/*/{service,hops}.ts", "components/{index,hops}.ts", "components/*/{hops,programs}/**/*.ts"],
    rules: {
      "no-restricted-imports": ["error", { patterns: [{ regex: "^@pulumi/|/(config|cli|clusters|engine|check)/" }] }],
    },
  },
  {
    // What every room stands on knows no room and no config.
    files: ["platform/**/*.ts"],
    rules: {
      "no-restricted-imports": ["error", { patterns: [{ regex: "/(components|config|cli|clusters|engine)/" }] }],
    },
  },
  {
    // A wire costs its consumers nothing: types, and no classes.
    files: ["components/*/endpoint.ts", "platform/endpoints.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector: 'Program > :not(ImportDeclaration[importKind="type"], ExportNamedDeclaration[exportKind="type"])',
          message: "Types only.",
        },
      ],
    },
  },
  {
    files: ["components/**/*.ts"],
    ignores: ["components/*/{service,hops}.ts", "components/{index,hops}.ts", "components/*/{hops,programs}/**/*.ts"],
    rules: { "no-restricted-imports": ["error", { patterns: [{ regex: "/(config|cli|clusters|engine|check)/" }] }] },
  },
  {
    // The program takes the types of what the proof asks, and loads none of its clients.
    files: ["components/*/*.ts"],
    ignores: ["components/*/hops.ts"],
    rules: {
      "@typescript-eslint/no-restricted-imports": [
        "error",
        { patterns: [{ regex: "/hops\\.ts$", allowTypeImports: true, message: "Import its types only." }] },
      ],
    },
  },
  {
    // Shared code loops over the list of rooms.
    files: ["{audit,config,cli,clusters,images,check,engine,policies}/**/*.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [{ regex: "/components/(?!(index|hops)\\.ts)", message: "Loop over the rooms." }] },
      ],
    },
  },
  {
    // chai's assertions are property reads (`expect(x).to.be.true`); floating outputs stay errors.
    files: ["tests/**/*.ts"],
    rules: { "@typescript-eslint/no-unused-expressions": "off", "@typescript-eslint/no-non-null-assertion": "off" },
  },
);
