/** Own property of an object of unknown shape; inherited ones such as `constructor` are none. */
export function child(of: unknown, key: PropertyKey): unknown {
  return typeof of === "object" && of !== null && Object.hasOwn(of, key)
    ? (of as Record<PropertyKey, unknown>)[key]
    : undefined;
}
