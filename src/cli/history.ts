import { ConfigError } from '../config.ts';
import { describeCrossed } from '../domain/budget.ts';
import { describeMoney } from '../domain/money.ts';
import type { AppFacts, NoticeFacts, PastNotice, Trace } from '../domain/notice.ts';
import { isOwnerCalled } from '../domain/owner.ts';
import { describeInstant, type Instant, parseDuration, startOfDay } from '../domain/time.ts';
import { isCalled } from './explain.ts';
import { note, printJson, printTable, progress } from './print.ts';
import { nameForPeople } from './scan.ts';
import { openRecords, type WorldOptions } from './world.ts';

export interface HistoryOptions extends WorldOptions {
  owner?: string;
  app?: string;
  to?: string;
  since?: string;
  json?: boolean;
}

/** `curfew history`. @returns the exit code */
export async function historyCommand(options: HistoryOptions): Promise<number> {
  const { since: start = '30d' } = options;
  // What is no time at all is told before anything is asked of AWS.
  readSince(start, 'UTC', 0);
  const { policy, place, now, outbox } = await openRecords(options, '`history`');
  const { timezone } = policy;
  const since = readSince(start, timezone, now);
  const all = await progress('Reading the history', outbox.history(place, since, now));
  const shown = all.filter((past) => isWanted(past, options));
  if (options.json) printJson({ now: iso(now), since: iso(since), notices: shown.map(toJson) });
  else if (shown.length > 0)
    printTable(
      COLUMNS,
      shown.map((past) => row(past, timezone, now)),
    );
  if (!options.json) note(sumUp(shown.length, all.length, describeInstant(since, timezone, now)));
  return 0;
}

/** Before that there was no Curfew, and so no notice. */
const FIRST = Date.UTC(2026, 0);

/** The start of the time that is shown: so long ago, or the beginning of a day in the policy's zone. */
function readSince(text: string, timezone: string, now: Instant): Instant {
  const duration = parseDuration(text);
  if (duration !== undefined) return Math.max(now - duration, FIRST);
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
  const at = isDay ? startOfDay(text, timezone) : /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return Math.max(at, FIRST);
  throw new ConfigError(`--since ${text}: neither a length of time such as 7d, nor a day such as 2026-11-23`);
}

function isWanted({ notice: { facts, to } }: PastNotice, { owner, app, to: wanted }: HistoryOptions): boolean {
  const ref = appOf(facts);
  if (owner !== undefined && !ownersOf(facts).some((one) => isOwnerCalled(one, owner))) return false;
  if (app !== undefined && !(ref && isCalled({ ref, ...(ref.owner === undefined ? {} : { owner: ref.owner }) }, app)))
    return false;
  return wanted === undefined || to.toLowerCase() === wanted.toLowerCase();
}

function appOf(facts: NoticeFacts): AppFacts | undefined {
  return 'app' in facts ? facts.app : undefined;
}

/** Whose business a notice is, `domain/profile`. */
function ownersOf(facts: NoticeFacts): string[] {
  if (facts.kind === 'confirmation') return facts.owners;
  if (facts.kind === 'report') return facts.owners;
  if (facts.kind === 'budget') return facts.owner === undefined ? [] : [facts.owner];
  const app = appOf(facts);
  const owner = app?.owner ?? app?.userProfileName;
  return owner === undefined ? [] : [`${app!.domainId}/${owner}`];
}

const COLUMNS = [
  { head: 'WHEN' },
  { head: 'KIND' },
  { head: 'TO' },
  { head: 'APP' },
  { head: 'RULE', grow: true },
  { head: 'REASON', grow: true },
  { head: 'MESSAGE ID', grow: true },
  { head: 'FATE', grow: true },
];

function row(past: PastNotice, timezone: string, now: Instant): string[] {
  const { notice, fate } = past;
  const { facts, to, owedAt } = notice;
  const app = appOf(facts);
  return [
    describeInstant(owedAt, timezone, now),
    facts.kind,
    to,
    app ? nameForPeople(app) : '-',
    'rule' in facts ? facts.rule : facts.kind === 'budget' ? `${facts.budget}: budget` : '-',
    describeReason(facts),
    fate?.kind === 'sent' ? fate.messageId : '-',
    describeFate(past),
  ];
}

function describeReason(facts: NoticeFacts): string {
  if (facts.kind === 'digest') return `the day at a glance, ${facts.date}`;
  if (facts.kind === 'failure') return facts.title;
  if (facts.kind === 'budget')
    return `${describeCrossed(facts.crossed)} of ${describeMoney(facts.limit)} (${facts.whose})`;
  if (facts.kind === 'report') return `the cost of ${facts.week}, ${describeMoney(facts.spent)} (${facts.whose})`;
  if (facts.kind === 'confirmation') return `request ${facts.number} to confirm for ${facts.owners.join(', ')}`;
  return facts.reason;
}

const TRACE_WORDS: Record<Trace, string> = {
  delivered: 'delivered',
  bounced: 'bounced',
  suppressed: "held back by SES's suppression list",
  complained: 'complained',
  opened: 'opened link',
};

/** What became of a notice; of one that was sent, all that is known since, in its order. */
function describeFate({ fate, attempts, traces }: PastNotice): string {
  if (fate?.kind === 'refused') return `refused (${fate.code}): ${fate.why}`;
  if (fate?.kind === 'redirected') return `redirected to the admins: ${fate.why}`;
  if (fate?.kind === 'withheld') return `withheld: ${fate.why}`;
  const known = (Object.entries(traces) as [Trace, Instant][]).sort(([, a], [, b]) => a - b);
  if (known.length > 0) return known.map(([trace]) => TRACE_WORDS[trace]).join(', ');
  if (fate) return 'sent';
  return attempts === 0 ? 'owed' : `owed, ${attempts === 1 ? 'tried once' : `tried ${attempts} times`}`;
}

function toJson({ notice, attempts, fate, traces }: PastNotice): object {
  const { id, to, owedAt, facts } = notice;
  const { at, ...what } = fate ?? { kind: 'owed' as const, at: undefined };
  const app = appOf(facts);
  const holder =
    app && (app.spaceName === undefined ? { userProfileName: app.userProfileName } : { spaceName: app.spaceName });
  return {
    id,
    at: iso(owedAt),
    kind: facts.kind,
    to,
    owners: ownersOf(facts),
    app: app ? { domainId: app.domainId, ...holder, appType: app.appType, appName: app.appName } : null,
    rule: 'rule' in facts ? facts.rule : null,
    reason: describeReason(facts),
    attempts,
    fate: { ...what, ...(at === undefined ? {} : { at: iso(at) }) },
    traces: Object.fromEntries(Object.entries(traces).map(([trace, when]) => [trace, iso(when)])),
  };
}

function iso(instant: Instant): string {
  return new Date(instant).toISOString();
}

function sumUp(shown: number, all: number, since: string): string {
  if (all === 0) return `No notice was owed since ${since}.`;
  if (shown === 0) return `None of the ${all} notices since ${since} is such a one.`;
  return `${shown} ${shown === 1 ? 'notice' : 'notices'} since ${since}${shown < all ? `, of ${all}` : ''}.`;
}
