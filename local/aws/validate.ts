import { type Input, invalid } from './answers.ts';

/** The application types of SageMaker Studio. */
export const appTypes = [
  'JupyterServer',
  'KernelGateway',
  'DetailedProfiler',
  'TensorBoard',
  'CodeEditor',
  'JupyterLab',
  'RStudioServerPro',
  'RSessionGateway',
  'Canvas',
] as const;

/** One of SageMaker's application types. */
export type AppType = (typeof appTypes)[number];

const namePattern = /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/;
const domainPattern = /^d-(-*[a-z0-9]){1,61}$/;

/** Refuses what does not satisfy a constraint, in AWS's own sentence. */
export function demand(holds: boolean, value: unknown, member: string, constraint: string): void {
  if (holds) return;
  const shown = value === undefined ? 'null' : typeof value === 'string' ? value : JSON.stringify(value);
  throw invalid(
    `1 validation error detected: Value '${shown}' at '${member}' failed to satisfy constraint: ${constraint}`,
  );
}

/** Checks a required or optional name of an app, a space or a profile. */
export function checkName(input: Input, member: string, required: boolean): string | undefined {
  const value = input[member];
  if (value === undefined || value === null) {
    demand(!required, value, lowerFirst(member), 'Member must not be null');
    return undefined;
  }
  const fits = typeof value === 'string' && value.length <= 63 && namePattern.test(value);
  demand(
    fits,
    value,
    lowerFirst(member),
    `Member must satisfy regular expression pattern: ${namePattern.source.slice(1, -1)}`,
  );
  return value;
}

/** Checks a required or optional domain id. */
export function checkDomain(input: Input, member: string, required: boolean): string | undefined {
  const value = input[member];
  if (value === undefined || value === null) {
    demand(!required, value, lowerFirst(member), 'Member must not be null');
    return undefined;
  }
  const fits = typeof value === 'string' && value.length <= 63 && domainPattern.test(value);
  demand(
    fits,
    value,
    lowerFirst(member),
    `Member must satisfy regular expression pattern: ${domainPattern.source.slice(1, -1)}`,
  );
  return value;
}

/** Checks one of a few allowed values; absent gives undefined unless required. */
export function checkEnum(
  input: Input,
  member: string,
  allowed: readonly string[],
  required = false,
): string | undefined {
  const value = input[member];
  if (value === undefined || value === null) {
    demand(!required, value, lowerFirst(member), 'Member must not be null');
    return undefined;
  }
  demand(
    allowed.includes(value),
    value,
    lowerFirst(member),
    `Member must satisfy enum value set: [${allowed.join(', ')}]`,
  );
  return value;
}

/** Checks the page size of SageMaker's listings: 10 when absent, 100 at most. */
export function checkMaxResults(input: Input): number {
  const value = input.MaxResults;
  if (value === undefined || value === null) return 10;
  demand(Number.isInteger(value), value, 'maxResults', 'Member must be an integer');
  demand(value <= 100, value, 'maxResults', 'Member must have value less than or equal to 100');
  demand(value >= 1, value, 'maxResults', 'Member must have value greater than or equal to 1');
  return value;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
