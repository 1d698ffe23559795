import type { BilledRow } from '../../domain/bill.ts';

/** Who a tag names. */
export type Holder = NonNullable<BilledRow['holder']>;

/** The tags that SageMaker gives what Studio runs, by itself: one or the other (aws-facts, "Cost Explorer"). */
export const TAGS = { 'user-profile': 'sagemaker:user-profile-arn', space: 'sagemaker:space-arn' } as const;

/** What a tag is of. */
export type Kind = keyof typeof TAGS;

const ARN =
  /^arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:(\d{12}):(user-profile|space)\/(d-[a-z0-9-]{1,61})\/([a-z0-9](?:-*[a-z0-9]){0,62})$/i;

/**
 * Who an ARN in a tag names, and in whose account. Anybody may write such a tag on what is theirs, so what is not
 * exactly an ARN of that kind is nobody's. Names stay in the case that they have here, which SageMaker lowers in some ARNs:
 * the record knows how they are written.
 * The region is not looked at: a job that was started elsewhere keeps the tags of its Studio.
 * @returns undefined where the value is none
 */
export function readHolder(kind: Kind, arn: string): { account: string; holder: Holder } | undefined {
  const [, account, of, domain, name] = ARN.exec(arn) ?? [];
  if (account === undefined || of!.toLowerCase() !== kind) return undefined;
  const domainId = domain!.toLowerCase();
  const holder = kind === 'space' ? { domainId, spaceName: name! } : { domainId, userProfileName: name! };
  return { account, holder };
}
