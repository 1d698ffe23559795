/** The IAM actions behind each verb of a port. Roles and their test are made of these. */
export type Calls<Port> = Record<keyof Port, readonly string[]>;

/** All of them, each once. */
export function actionsOf(calls: Record<string, readonly string[]>): string[] {
  return [...new Set(Object.values(calls).flat())];
}
