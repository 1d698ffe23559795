import { awsError, type Input } from './answers.ts';
import type { Place } from './studio-events.ts';

/** Performs one STS call: only GetCallerIdentity is here. */
export function performSts(place: Place, action: string, input: Input): string {
  if (action !== 'GetCallerIdentity' || input.Version !== '2011-06-15') {
    throw awsError('InvalidAction', `Could not find operation ${action} for version ${input.Version}.`);
  }
  return (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
    `<Arn>arn:${place.partition}:sts::${place.account}:assumed-role/CurfewRole/curfew</Arn>` +
    `<UserId>AROAEXAMPLE:curfew</UserId><Account>${place.account}</Account>` +
    '</GetCallerIdentityResult><ResponseMetadata>' +
    '<RequestId>00000000-0000-4000-8000-000000000000</RequestId></ResponseMetadata></GetCallerIdentityResponse>'
  );
}
