import { type ContactEvent, UNSUBSCRIBED } from '../../src/domain/contact.ts';
import type { Notice } from '../../src/domain/notice.ts';
import type { Policy } from '../../src/domain/policy.ts';

/** What a reader has said and their mailbox has done, kept beside the service and sharing no code with its rules. */
interface Reader {
  hasAgreed: boolean;
  /** 0 wants all; 1 no reports, 2 no warnings either, 3 nothing. */
  no: number;
  isDead: boolean;
  hasComplained: boolean;
  bounces: number;
  /** Requests to confirm that came since the last invitation; one that a crash repeats is one. */
  requests: Set<string>;
}

/** The readers of all addresses, by address in any case. */
export function readers() {
  const all = new Map<string, Reader>();
  return (to: string): Reader => {
    const key = to.toLowerCase();
    const nobody = { hasAgreed: false, no: 0, isDead: false, hasComplained: false, bounces: 0 };
    const reader = all.get(key) ?? { ...nobody, requests: new Set() };
    all.set(key, reader);
    return reader;
  };
}

/** What is wrong with a mail at the moment it goes out. */
export function wrongs({ id, to, facts }: Notice, reader: Reader, policy: Policy): string[] {
  const isAdmin = policy.admins.includes(to);
  const isForOwner = 'audience' in facts && facts.audience.role === 'owner';
  const isRequest = facts.kind === 'confirmation';
  const unwantedFrom = { report: 1, digest: 1, warning: 2, budget: 2, stopped: 3, failure: 3, confirmation: 3 }[
    facts.kind
  ];
  const rules: [string, boolean][] = [
    ['to an address that bounces', reader.isDead],
    ['to a reader who complained', reader.hasComplained],
    ['of a kind that its reader unsubscribed from', reader.no >= unwantedFrom],
    ['a request to a reader who has agreed', isRequest && reader.hasAgreed],
    ['a fourth request', isRequest && reader.requests.size > 3],
    ['an owner’s mail to a reader who has not agreed', isForOwner && !reader.hasAgreed],
    ['an admins’ mail to another reader', !isRequest && !isForOwner && !isAdmin],
  ];
  return rules.filter(([, broken]) => broken).map(([rule]) => `${facts.kind} ${id} to ${to}: ${rule}`);
}

/** Notes in the truth what a reader or their mailbox did. */
export function heed(reader: Reader, event: ContactEvent): void {
  const isLost = reader.isDead || reader.hasComplained;
  if (event.kind === 'confirmed' && !isLost) Object.assign(reader, { hasAgreed: true, no: 0 });
  if (event.kind === 'unsubscribed') reader.no = Math.max(reader.no, 1 + UNSUBSCRIBED.indexOf(event.from));
  if (event.kind === 'complained') Object.assign(reader, { hasComplained: true, hasAgreed: false });
  if (event.kind === 'delivered') reader.bounces = 0;
  if (event.kind === 'bounced' && !isLost) {
    reader.bounces += event.isPermanent ? 0 : 1;
    if (event.isPermanent || reader.bounces === 5) Object.assign(reader, { isDead: true, hasAgreed: false });
  }
  if (event.kind === 'invited' && !reader.hasComplained && !reader.hasAgreed && reader.no < 3)
    Object.assign(reader, { isDead: false, bounces: 0, requests: new Set() });
}
