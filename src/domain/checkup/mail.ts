import type { Mode } from '../policy.ts';
import { type Finding, ok, warning, wrong } from './finding.ts';

/** What SES knows of an identity. */
export type IdentityStanding = 'verified' | 'not verified' | 'none';

/** What SES says of the account's mail in a region. */
export interface MailStanding {
  isProduction: boolean;
  isSending: boolean;
  /** `HEALTHY`, `PROBATION` or `SHUTDOWN`. */
  enforcement: string;
  /** -1 is no limit. */
  perDay: number;
  perSecond: number;
  sentLastDay: number;
}

/**
 * The identities of which one must be verified for a sender: the address itself, its domain, and those above it, for a
 * verified domain stands for all below. Source: SES developer guide, "Verified identities".
 */
export function identitiesOf(sender: string): string[] {
  const address = (/<([^<>]+)>\s*$/.exec(sender)?.[1] ?? sender).trim();
  const labels = address.slice(address.lastIndexOf('@') + 1).split('.');
  return [address, ...labels.slice(0, -1).map((_, i) => labels.slice(i).join('.'))];
}

/**
 * SES has verified the sender: its address, or a domain that it is under. No mail goes out otherwise.
 * @param standings of `identitiesOf(sender)`, in its order
 */
export function checkSender(sender: string, standings: [name: string, standing: IdentityStanding][]): Finding {
  const check = 'sender';
  const [address = sender, domain = sender] = standings.map(([name]) => name);
  const verified = standings.find(([, standing]) => standing === 'verified');
  if (verified) return ok(check, `the policy’s sender is ${sender}, and SES has verified ${verified[0]}`);
  const waiting = standings.find(([, standing]) => standing === 'not verified');
  if (waiting) {
    const how = waiting[0].includes('@')
      ? `follow the link in the mail that SES sent to ${waiting[0]}`
      : `publish the DKIM records that \`aws sesv2 get-email-identity --email-identity ${waiting[0]}\` prints`;
    return wrong(check, `SES knows ${waiting[0]}, and has not verified it: no mail goes out`, how);
  }
  return wrong(
    check,
    `SES knows neither ${address} nor its domain in this region: no mail goes out`,
    `aws sesv2 create-email-identity --email-identity ${domain}`,
    `or, for the address alone: aws sesv2 create-email-identity --email-identity ${address}`,
  );
}

/** SES sends, to anybody, and has quota left. In the sandbox it writes to verified addresses alone. */
export function checkSending(standing: MailStanding, mode: Mode): Finding {
  const check = 'sending';
  const { isProduction, isSending, enforcement, perDay, perSecond, sentLastDay } = standing;
  if (!isSending || enforcement === 'SHUTDOWN')
    return wrong(
      check,
      `SES sends nothing for this account in this region (sending ${isSending ? 'on' : 'paused'}, enforcement ${enforcement})`,
      enforcement === 'SHUTDOWN'
        ? 'Console: Amazon SES > Account dashboard > the notice at the top; AWS Support lifts it'
        : 'aws sesv2 put-account-sending-attributes --sending-enabled',
    );
  const isLimited = perDay !== -1;
  const quota = `${isLimited ? `${sentLastDay} of ${perDay}` : `${sentLastDay}, with no limit,`} sent in 24 h, ${perSecond} a second`;
  if (isLimited && sentLastDay >= perDay)
    return wrong(check, `SES’s quota is used up: ${quota}; what is owed waits`, MORE);
  if (!isProduction) {
    const says = `SES is in the sandbox, so that mail reaches verified addresses only: ${quota}`;
    const how = 'Console: Amazon SES > Account dashboard > Request production access';
    // Where only the admins get mail, their verified addresses will do.
    return mode === 'observe' ? warning(check, says, how) : wrong(check, says, how);
  }
  if (enforcement !== 'HEALTHY')
    return warning(
      check,
      `SES has put the account on ${enforcement.toLowerCase()}: ${quota}`,
      'Console: Amazon SES > Reputation metrics',
    );
  if (isLimited && sentLastDay >= perDay * 0.8) return warning(check, `SES’s quota is nearly used up: ${quota}`, MORE);
  return ok(check, `SES sends to anybody: ${quota}`);
}

const MORE = 'Console: Service Quotas > Amazon SES > Sending quota';
