/** Ends a switch: a case added to a union and forgotten here is a compile error. Throws when reached all the same. */
export function assertNever(value: never): never {
  throw new Error(`unexpected case: ${JSON.stringify(value)}`);
}
