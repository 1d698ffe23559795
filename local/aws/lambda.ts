import { awsError, type Input, unknownOperation } from './answers.ts';
import type { Place } from './studio-events.ts';

/** A deployed function, as far as a listing tells. */
export interface FunctionSetup {
  name: string;
  handler: string;
  /** The ARN of its role. */
  role: string;
  env?: Record<string, string>;
}

/** Performs ListFunctions, in pages of 50 at most. */
export function performLambda(place: Place, functions: FunctionSetup[], action: string, input: Input): unknown {
  if (action !== 'ListFunctions') throw unknownOperation('lambda', action);
  const most = Number(input.MaxItems ?? 50);
  if (!Number.isInteger(most) || most < 1 || most > 10_000)
    throw awsError('InvalidParameterValueException', `Value '${input.MaxItems}' at 'maxItems' is out of range`);
  // Whatever is asked for, a page holds 50.
  const from = input.Marker === undefined ? 0 : Number(Buffer.from(String(input.Marker), 'base64').toString());
  if (!Number.isInteger(from)) throw awsError('InvalidParameterValueException', 'Invalid Marker');
  const to = from + Math.min(most, 50);
  return {
    Functions: functions.slice(from, to).map(({ name, handler, role, env = {} }) => ({
      FunctionName: name,
      FunctionArn: `arn:${place.partition}:lambda:${place.region}:${place.account}:function:${name}`,
      Runtime: 'nodejs24.x',
      Role: role,
      Handler: handler,
      Version: '$LATEST',
      Environment: { Variables: env },
    })),
    NextMarker: to < functions.length ? Buffer.from(String(to)).toString('base64') : null,
  };
}
