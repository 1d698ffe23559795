import type { BilledRow } from '../../src/domain/bill.ts';

type Holder = NonNullable<BilledRow['holder']>;

/** The ARN by which SageMaker tags what is a holder's. */
export function arnOf({ domainId, userProfileName, spaceName }: Holder, account = '111122223333'): string {
  const path =
    userProfileName === undefined ? `space/${domainId}/${spaceName}` : `user-profile/${domainId}/${userProfileName}`;
  return `arn:aws:sagemaker:us-east-1:${account}:${path}`;
}

/** The tag that a holder's resources carry. */
export function tagsOf(holder: Holder): Record<string, string> {
  return { [`sagemaker:${holder.userProfileName === undefined ? 'space' : 'user-profile'}-arn`]: arnOf(holder) };
}

/** Every way in which Cost Explorer refuses, what it is to Curfew, and what it says should be done. */
export const FAULTS_OF_COST_EXPLORER: [code: string, kind: string, more: { says?: string; advice?: string }][] = [
  ['LimitExceededException', 'throttled', {}],
  ['ThrottlingException', 'throttled', { says: 'Rate exceeded for the linked account' }],
  ['AccessDeniedException', 'denied', {}],
  [
    'AccessDeniedException',
    'denied',
    { says: 'User not enabled for cost explorer access', advice: 'open Cost Explorer once' },
  ],
  [
    'ValidationException',
    'denied',
    { says: 'Operation not permitted for member accounts.', advice: 'let member accounts use it' },
  ],
  ['ValidationException', 'refused', {}],
  ['DataUnavailableException', 'refused', { advice: 'about 24 hours after' }],
  ['BillExpirationException', 'refused', { advice: 'ask for a later time' }],
  ['RequestChangedException', 'fault', {}],
  ['InvalidNextTokenException', 'fault', {}],
  ['InternalServerError', 'fault', {}],
];
