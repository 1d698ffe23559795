import type { Place } from '../domain/app.ts';
import type { Notice } from '../domain/notice.ts';
import { isPaused } from '../domain/pause.ts';
import type { Policy } from '../domain/policy.ts';
import { isOutdated, ON_TIME } from '../domain/rules/delivery.ts';
import type { Duration, Instant } from '../domain/time.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../domain/time.ts';
import { each } from './each.ts';
import { mailUrls } from './mail-urls.ts';
import { noteContact } from './note-contact.ts';
import type { Contacts, Links, Outbox, Owed, Pauses, Postbox } from './ports.ts';
import { PortError } from './ports.ts';
import { isUnheard, refusalFor, roleOf, tellOfRefusal, withhold } from './withhold.ts';

/** What became of the notices of one round. */
export interface DeliverReport {
  sent: number;
  /** Refused for good: the admins are told. */
  refused: number;
  /** Not for their reader any more: told to the admins instead, or to nobody where it was the reader's alone. */
  withheld: number;
  /** Given back, to be tried again. */
  postponed: number;
  /** Faults that an admin has to mend, in words: the round fails loudly. */
  faults: string[];
  /** Curfew is paused: what is owed waits, untouched. */
  isPaused?: true;
  /** Each notice that this round came to, and the event that it came of; without an address. */
  mails: {
    notice: string;
    cause?: string;
    outcome: 'sent' | 'refused' | 'withheld' | 'postponed';
    messageId?: string;
  }[];
  /** How long the oldest notice had been owed when the round began, a report for longer than it may be; 0 where none was. */
  age: Duration;
  /** SES takes no mail of this account; undefined where it was not asked. */
  isSendingPaused?: boolean;
}

/** How long a claim holds. A round that dies leaves its notice to the next one after this. */
const CLAIM = 5 * MINUTE;

/** A round ends after so many seconds of sending: the next one starts within the minute. */
const ROUNDS = 40;

/** So long may a report be owed, and nothing is wrong: ten thousand of them take three hours at a mail a second. */
const PATIENCE: Duration = DAY;

/** So many notices are put off in one round. */
const MOST_POSTPONED = 1000;

/** So many notices at once are on their way. */
const WIDTH = 10;

/** What sending needs. */
interface Sender {
  outbox: Outbox;
  postbox: Postbox;
  contacts: Contacts;
  links: Links;
  /** The kill switch. */
  runs: Pick<Pauses, 'lastPause'>;
  /** Where links point; without one, mail has none. */
  baseUrl?: string | undefined;
}

/**
 * Sends what is owed, the most urgent first, at SES's own rate. Each notice is claimed, sent, then marked: a crash
 * repeats one mail at most, between SES's accepting it and our recording that. While Curfew is paused nothing goes out.
 * @param wait resolves after so many milliseconds
 */
export async function deliver(
  sender: Sender,
  policy: Policy,
  { place, now, wait }: { place: Place; now: Instant; wait: (duration: number) => Promise<void> },
): Promise<DeliverReport> {
  const { outbox, postbox, runs } = sender;
  const report: DeliverReport = { sent: 0, refused: 0, withheld: 0, postponed: 0, faults: [], mails: [], age: 0 };
  // Most minutes owe nothing: SES is asked only when something is.
  const oldest = await outbox.oldest(place);
  if (oldest.length === 0) return report;
  report.age = Math.max(0, ...oldest.map(({ kind, owedAt }) => now - owedAt - (kind === 'report' ? PATIENCE : 0)));
  if ((await outbox.owed(place, now, 1)).length === 0) return report;
  let pause = await runs.lastPause(place);
  // What waits on purpose is no sign of illness.
  if (isPaused(pause, now)) return { ...report, age: 0, isPaused: true };
  const quota = await postbox.quota().catch((error: unknown) => {
    report.faults.push(`SES does not tell its quota: ${error instanceof Error ? error.message : error}`);
    return { perSecond: 0, left: 0, isPaused: undefined };
  });
  if (quota.isPaused !== undefined) report.isSendingPaused = quota.isPaused;
  if (quota.perSecond === 0) {
    await putOff(outbox, await outbox.owed(place, now, MOST_POSTPONED), now + MINUTE, 'NoQuota', now, report);
    return report;
  }
  let left = quota.left;
  let isThrottled = false;
  let isLast = false;
  for (let round = 0; round < ROUNDS && left >= 1 && !isThrottled && !isLast; round++) {
    if (round > 0) {
      await wait(SECOND);
      // It may have been thrown meanwhile: no more than a second's mail goes out after that.
      pause = await runs.lastPause(place);
      if (isPaused(pause, now)) return { ...report, isPaused: true };
    }
    const most = Math.max(1, Math.min(Math.floor(quota.perSecond), left));
    const batch = await outbox.owed(place, now, most);
    left -= batch.length;
    isLast = batch.length < most;
    await each(batch, WIDTH, async (owed) => {
      if (isThrottled) return;
      try {
        if (!(await outbox.claim(owed.notice, now, now + CLAIM))) return;
        if (isOutdated(owed.notice.facts, pause)) {
          await outbox.settle(
            owed.notice,
            { kind: 'withheld', why: 'a pause has come between: it is given anew' },
            now,
          );
          report.withheld++;
        } else if (await sendOne(sender, policy, owed, now, report)) isThrottled = true;
      } catch (error) {
        report.faults.push(`the outbox failed: ${error instanceof Error ? error.message : error}`);
      }
    });
  }
  if (isLast) return report;
  // What this round did not come to has been tried, so to speak: no stop relies on a mail that is late and not sent.
  const waiting = await outbox.owed(place, now, MOST_POSTPONED);
  if (left < 1 && waiting.length > 0) report.faults.push("SES's 24-hour quota is used up: what is owed waits");
  const isLate = ({ notice, attempts }: Owed) => attempts === 0 && now - notice.owedAt >= ON_TIME;
  // Reports are many and wait: that costs no write.
  const late = waiting.filter((owed) => owed.notice.facts.kind !== 'report' && isLate(owed));
  if (left < 1) await putOff(outbox, waiting, now + HOUR, 'DailyQuota', now, report);
  else await putOff(outbox, late, now, 'Backlog', now, report);
  return report;
}

/** Gives notices back untried, and counts it as a try: a stop does not rely on a mail that did not go out. */
async function putOff(
  outbox: Outbox,
  waiting: Owed[],
  at: Instant,
  code: string,
  now: Instant,
  report: DeliverReport,
): Promise<void> {
  await each(waiting, WIDTH, async ({ notice }) => {
    if (!(await outbox.claim(notice, now, now + CLAIM))) return;
    await outbox.postpone(notice, at, code);
    note(report, notice, 'postponed');
  });
}

/** Counts what became of a notice, and notes it by the names that log lines may have. */
function note(
  report: DeliverReport,
  { id, cause }: Notice,
  outcome: DeliverReport['mails'][number]['outcome'],
  messageId?: string,
): void {
  report[outcome]++;
  const mail = { notice: id, outcome, ...(cause === undefined ? {} : { cause }) };
  report.mails.push(messageId === undefined ? mail : { ...mail, messageId });
}

/** @returns whether SES asked for less */
async function sendOne(
  sender: Sender,
  policy: Policy,
  { notice, attempts }: Owed,
  now: Instant,
  report: DeliverReport,
): Promise<boolean> {
  const { outbox, postbox, contacts, baseUrl } = sender;
  const refusal = await refusalFor(contacts, policy, notice);
  if (refusal !== undefined) {
    await withhold(outbox, policy, notice, refusal, now);
    note(report, notice, 'withheld');
    if (await isUnheard(contacts, policy, notice))
      report.faults.push(`no admin may get ${notice.facts.kind} mail any more: nobody is told`);
    return false;
  }
  if (notice.facts.kind === 'confirmation' && baseUrl === undefined) {
    await outbox.postpone(notice, now + HOUR, 'NoBaseUrl');
    note(report, notice, 'postponed');
    report.faults.push('CURFEW_BASE_URL is not set: a request to confirm cannot go out without its link');
    return false;
  }
  let messageId: string;
  try {
    messageId = await postbox.send(notice, await mailUrls(sender, policy, notice, now));
  } catch (error) {
    const { kind, code, message } =
      error instanceof PortError ? error : new PortError('fault', 'Unexpected', String(error));
    if (kind === 'refused') {
      // The admins first: a crash in between tells them once all the same.
      await tellOfRefusal(outbox, policy, notice, `${code}: ${message}`, now);
      if (roleOf(notice) === 'owner') {
        // No mail can come there: what the owner cannot be told goes to the admins, now and from now on.
        await noteContact(contacts, notice, notice.to, { kind: 'bounced', isPermanent: true }, now);
        await withhold(outbox, policy, notice, 'cannot be reached at this address: SES refuses it', now);
      } else {
        await outbox.settle(notice, { kind: 'refused', code, why: message }, now);
      }
      note(report, notice, 'refused');
      if (policy.admins.every((admin) => admin === notice.to))
        report.faults.push(`the only admin's address is refused (${code}): ${message}`);
      return false;
    }
    await outbox.postpone(notice, now + Math.min(HOUR, MINUTE * 2 ** Math.min(attempts, 6)), code);
    note(report, notice, 'postponed');
    if (kind !== 'throttled') report.faults.push(`${notice.facts.kind} mail not sent (${code}): ${message}`);
    return kind === 'throttled';
  }
  await outbox.settle(notice, { kind: 'sent', messageId }, now);
  note(report, notice, 'sent', messageId);
  return false;
}
