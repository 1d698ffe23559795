import * as z from 'zod';
import type { Read } from './domain/money.ts';
import { distance } from './domain/spelling.ts';

/** What the forms of the policy's keys are made of: each says what is wrong, and what would be right. */

type Fail = { addIssue(issue: { code: 'custom'; message: string }): void };

/** Reads a scalar by a function that gives undefined for what it cannot read. */
export function read<T>(right: string, parse: (text: string) => T | undefined) {
  return z
    .union([z.string(), z.number(), z.boolean()], { error: `expected ${right}` })
    .transform((value, context: Fail): T => {
      const parsed = parse(String(value));
      if (parsed === undefined)
        context.addIssue({ code: 'custom', message: `${JSON.stringify(value)} is not ${right}` });
      return parsed as T;
    });
}

/** The same, by a function that says what is wrong. */
export function readOr<T>(right: string, parse: (text: string) => Read<T>) {
  return z
    .union([z.string(), z.number(), z.boolean()], { error: `expected ${right}` })
    .transform((value, context: Fail): T => {
      const parsed = parse(String(value));
      if ('value' in parsed) return parsed.value;
      context.addIssue({ code: 'custom', message: refusal(value, right, parsed.wrong) });
      return z.NEVER;
    });
}

export function refusal(value: unknown, right: string, wrong: string): string {
  return `${JSON.stringify(value)} ${wrong === '' ? `is not ${right}` : `${wrong}; write ${right}`}`;
}

/** Keys that may stand here and no others: an unknown one is told with the nearest known, or with `why` there are no others. */
export function section<T extends z.ZodRawShape>(shape: T, why?: string) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys') return issue.keys!.map((key) => unknownKey(key, known, why)).join('; ');
      return issue.code === 'invalid_type' ? `expected the keys ${known.join(', ')}` : undefined;
    },
  });
}

function unknownKey(key: string, known: string[], why = `the keys here are ${known.join(', ')}`): string {
  const near = known.find((candidate) => distance(candidate, key.toLowerCase().replaceAll('_', '-')) <= 2);
  return `unknown key "${key}"; ${near ? `did you mean "${near}"?` : why}`;
}

export function oneOf<const T extends string>(...values: T[]) {
  return z.enum(values, { error: (issue) => `${JSON.stringify(issue.input)} is not one of ${values.join(', ')}` });
}

/** One or several. */
export function list<T extends z.ZodType>(item: T) {
  return z.preprocess(
    (value) => (Array.isArray(value) ? value : [value]),
    z.array(item).min(1, 'expected at least one'),
  );
}

export function whole(least: number, most: number) {
  return read(`a whole number from ${least} to ${most}`, (text) => {
    return /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : undefined;
  });
}

/**
 * A word, or a section: told apart by the value's own form, so that faults speak of what was meant.
 * @param forms all that may stand here: told of what is neither, or nothing
 */
export function wordOr<W extends z.ZodType, S extends z.ZodType>(word: W, other: S, forms?: string) {
  return z.unknown().transform((value, context): z.output<W> | z.output<S> => {
    const isSection = typeof value === 'object' && value !== null;
    const parsed = (isSection ? other : word).safeParse(value);
    if (parsed.success) return parsed.data;
    if (forms !== undefined && (!isSection || Array.isArray(value))) {
      const message =
        value === undefined || isSection ? `expected ${forms}` : `${JSON.stringify(value)} is not ${forms}`;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    }
    for (const issue of parsed.error.issues) context.addIssue({ ...issue, message: issue.message } as never);
    return z.NEVER;
  });
}
