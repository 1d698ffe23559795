/** A pattern of an EventBridge rule: objects to look into, and at their ends lists of what fits. */
export type Pattern = { [key: string]: Pattern | Test[] | Pattern[] };

type Value = string | number | boolean | null;
type Test = Value | { [operator: string]: unknown };

/**
 * Whether EventBridge would match an event, by the rules of its user guide ("Creating event patterns"): every field of the
 * pattern must fit, one value of a list is enough, and a list in the event fits where one of its values does. Written apart from
 * the handlers' own parsing. Throws for an operator that it does not know.
 */
export function matches(pattern: Pattern, event: unknown): boolean {
  return Object.entries(pattern).every(([key, wanted]) => {
    if (key === '$or') return (wanted as Pattern[]).some((one) => matches(one, event));
    const values = valuesOf(event, key);
    if (Array.isArray(wanted)) return (wanted as Test[]).some((test) => fits(test, values));
    return values.some((value) => isObject(value) && matches(wanted, value));
  });
}

/** What an event has under a key: a list gives each of its values, and one that is not there none. */
function valuesOf(event: unknown, key: string): unknown[] {
  if (!isObject(event) || !Object.hasOwn(event, key)) return [];
  return [event[key]].flat();
}

function fits(test: Test, values: unknown[]): boolean {
  if (test === null || typeof test !== 'object') return values.some((value) => value === test);
  const [[operator, operand] = ['']] = Object.entries(test);
  switch (operator) {
    case 'exists':
      // It is about leaves: an object is none.
      return values.some((value) => !isObject(value)) === operand;
    case 'prefix':
      return values.some((value) => typeof value === 'string' && value.startsWith(operand as string));
    case 'suffix':
      return values.some((value) => typeof value === 'string' && value.endsWith(operand as string));
    case 'equals-ignore-case':
      return values.some((value) => typeof value === 'string' && value.toLowerCase() === String(operand).toLowerCase());
    case 'anything-but': {
      const unwanted = [operand].flat();
      return values.some((value) => !isObject(value) && !unwanted.includes(value));
    }
    default:
      throw new Error(`nobody here knows the operator ${operator}`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
