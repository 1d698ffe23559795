import { awsError, type Input, invalid, unknownOperation } from './answers.ts';
import type { Place } from './studio-events.ts';

/** Performs one SSM call: GetParameter of a plain String. */
export function performSsm(
  place: Place,
  parameters: ReadonlyMap<string, string>,
  now: number,
  action: string,
  input: Input,
): unknown {
  if (action !== 'GetParameter') throw unknownOperation('ssm', action);
  const name = input.Name;
  if (typeof name !== 'string' || name.length < 1 || name.length > 2048) {
    throw invalid(
      "1 validation error detected: Value at 'name' failed to satisfy constraint: Member must have length between 1 and 2048",
    );
  }
  // A name with a path must be a full one: SSM refuses `a/b`.
  if (!/^(\/[\w.-]+)+$|^[\w.-]+$/.test(name)) {
    throw invalid(
      'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it must start with "/".',
    );
  }
  const value = parameters.get(name);
  if (value === undefined) throw awsError('ParameterNotFound', '');
  return {
    Parameter: {
      ARN: `arn:${place.partition}:ssm:${place.region}:${place.account}:parameter${name.startsWith('/') ? '' : '/'}${name}`,
      DataType: 'text',
      LastModifiedDate: now / 1000,
      Name: name,
      Type: 'String',
      Value: value,
      Version: 1,
    },
  };
}
