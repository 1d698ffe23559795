import { DAY } from '../spec.ts';
import { periodAt, sinceDue } from './calendar.ts';
import type { Judge, Letter, Pass } from './judge.ts';
import { spentBy } from './meter.ts';
import { factors } from './money.ts';
import { isPausedAt } from './pauses.ts';

/** What came of a round of reports, by its own word. */
interface ReportsWord {
  week?: string;
  isPartial?: true;
  isPaused?: true;
  faults: string[];
}

/** An address on record. */
interface Contact {
  address: string;
  owners: string[];
  consent: string;
  unsubscribed?: string;
}

/** What is too little to be missed, in micro-dollars. */
const LITTLE = 100_000;

/** A week's report is owed: once for its reader, of the week before, and to the dollar. */
export function judgeReport(judge: Judge, pass: Pass, { to, facts }: Letter): void {
  const { week = '', scope = '', period, owners = [], spent = 0 } = facts;
  const { truth, accuse } = judge;
  const { now, spec } = pass;
  const key = `${week} ${scope} ${to.toLowerCase()}`;
  if (judge.reports.has(key)) accuse('5 a second report of one week', key);
  judge.reports.add(key);
  if (scope === 'owner' && spec.mode === 'observe') accuse('6 an owner is written to in mode observe', key);
  // It is made good for two days.
  const weeks = [now, now - 2 * DAY].map((at) => {
    return periodAt('week', periodAt('week', at, spec.timezone).from - 1, spec.timezone);
  });
  if (!weeks.some(({ from, to: end }) => from === period!.from && end === period!.to))
    accuse('10 a report of another week than the last', `${key}: ${new Date(period!.from).toISOString()}`);
  const subjects = scope === 'owner' ? owners.map((name) => ({ kind: 'owner' as const, name })) : [ACCOUNT];
  const { most, least } = factors(judge);
  // Days of the bill that the week's edges divide are shared out by what is on record of them.
  const day = (at: number) => Math.floor(at / DAY) * DAY;
  const wide = { from: day(period!.from), to: day(period!.to - 1) + DAY };
  const sure = { from: day(period!.from - 1) + DAY, to: day(period!.to) };
  const bound = (which: 'most' | 'least') =>
    subjects.reduce((sum, subject) => sum + spentBy(truth, subject, which === 'most' ? wide : sure, now, which), 0);
  if (spent > bound('most') * most + LITTLE || (truth.bill.isTagged && spent < bound('least') * least * 0.99 - LITTLE))
    accuse('10 a report of another spend than was so', `${key}: ${spent}, ${bound('least')} to ${bound('most')}`);
}

const ACCOUNT = { kind: 'account' as const, name: '' };

/** A round is over: it ends whatever fails; after one in which nothing did, whoever is to have a report is owed one. */
export function judgeReports(judge: Judge, pass: Pass, outcome: ReportsWord | Error, contacts: Contact[]): void {
  const { truth, accuse } = judge;
  if (pass.isDead) return;
  if (outcome instanceof Error) {
    if (pass.faults === 0) accuse('7 reports failed though nothing did', outcome.message);
    return;
  }
  if (pass.faults > 0 && outcome.faults.length === 0)
    accuse('7 a failure that nobody hears of', `${pass.faults} calls failed`);
  const { now, spec } = pass;
  const isClean = pass.faults === 0 && pass.isAlone && pass.isWhole;
  if (!isClean || outcome.week === undefined || outcome.isPartial || outcome.isPaused) return;
  judge.reportedAt = truth.now;
  if (isPausedAt(truth, truth.order, now)) accuse('pause: reports were owed while paused', outcome.week);
  for (const to of spec.admins) {
    const { no, deadOrder, complainedOrder, agreed, isDoubtful } = judge.readerOf(to);
    const isGone = deadOrder !== undefined || complainedOrder !== undefined || isDoubtful;
    const isWelcome = no === 0 && !isGone && agreed !== 'doubt';
    if (isWelcome && !judge.reports.has(`${outcome.week} admin ${to.toLowerCase()}`))
      accuse('live: a report that an admin is not owed', `${outcome.week} to ${to}`);
  }
  if (spec.mode === 'observe') return;
  const due = now - sinceDue(spec.weekly!, now, spec.timezone);
  const week = periodAt('week', periodAt('week', due, spec.timezone).from - 1, spec.timezone);
  for (const { address, owners, consent, unsubscribed } of contacts) {
    if (consent !== 'confirmed' || unsubscribed !== undefined || owners.length === 0) continue;
    if (judge.reports.has(`${outcome.week} owner ${address.toLowerCase()}`)) continue;
    const spent = owners.map((name) => spentBy(truth, { kind: 'owner', name }, week, now, 'least'));
    if (Math.max(...spent) > LITTLE * 10)
      accuse('live: a report that an owner is not owed', `${outcome.week} to ${address}`);
  }
}
