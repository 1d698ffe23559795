import type { Policy } from '../../src/domain/policy.ts';
import { type Duration, type Instant, MINUTE } from '../../src/domain/time.ts';
import type { EmbeddedAws, Mail } from '../aws/index.ts';
import { clockTime, dayHeading } from './calendar.ts';
import type { IdleStop } from './idle-stops.ts';
import { wasInUse } from './idle-stops.ts';
import type { LabRun } from './ledger.ts';
import type { MoneyEvidence } from './money-promises.ts';
import { wrongAccruals, wrongBills, wrongBlocks, wrongGuards, wrongThresholds } from './money-promises.ts';
import type { Reader } from './readers.ts';

/** A promise that Curfew makes, held against what truly happened. */
export interface Invariant {
  promise: string;
  holds: boolean;
  /** What broke it, a line each. */
  broken: string[];
  /** Why it could not be checked. */
  skipped?: string;
}

/** What a promise is checked on: nothing of it is Curfew's own word, but for the name of the limit that each stop was for. */
export interface Evidence {
  aws: EmbeddedAws;
  mails: Mail[];
  runs: LabRun[];
  policy: Policy;
  /** The ledger tells only the exemptions of the lab's own policy. */
  isOwnPolicy: boolean;
  idleStops: IdleStop[];
  /** The rule that Curfew named for stopping a run. */
  ruleOf: (run: LabRun) => string | undefined;
  /** What Curfew has on record and is not so. */
  recordErrors: string[];
  refused: string[];
  crashes: string[];
  /** Addresses and tokens in what the functions logged. */
  leaks: string[];
  /** What people truly said, by address. */
  readers: Map<string, Reader>;
  money: Omit<MoneyEvidence, 'aws' | 'mails' | 'runs' | 'policy' | 'ruleOf'>;
}

/** Calls on SageMaker and its tags that change nothing. */
const READS = /^(List|Describe|Get)/;

/** Checks every promise. */
export function checkInvariants(evidence: Evidence): Invariant[] {
  const { aws, mails, runs, policy, idleStops } = evidence;
  const { admins } = policy;
  const money: MoneyEvidence = { ...evidence.money, aws, mails, runs, policy, ruleOf: evidence.ruleOf };
  const stopped = runs.filter(({ endedBy }) => endedBy === 'Curfew');
  const changes = Object.entries(aws.calls.counts()).filter(([call]) => {
    const [service, action = ''] = call.split(' ');
    return /^(sagemaker|resource-groups-tagging-api)$/.test(service!) && !READS.test(action) && action !== 'DeleteApp';
  });
  return [
    evidence.isOwnPolicy
      ? invariant('no exempt app was stopped', stopped.filter(({ wasExempt }) => wasExempt).map(describe))
      : { ...invariant('no exempt app was stopped', []), skipped: 'the lab knows only its own policy’s exemptions' },
    invariant(
      'every stop had its warning mail accepted at least its grace before, or is one that the policy makes at once',
      stopped.map((run) => lackOfWarning(run, evidence)).filter((lack) => lack !== undefined),
    ),
    invariant(
      'no app was stopped for idleness that was truly in use within its max-idle, as far as heartbeats had arrived',
      idleStops
        .filter((one) => wasInUse(one, one.knownUse))
        .map(({ run, knownUse }) => `${describe(run)}: in use ${when(knownUse)}`),
    ),
    invariant(
      'no app was stopped for idleness unless its agent had been heard within stale-after',
      idleStops.flatMap(({ run }) => lackOfWord(run, policy.evidence.staleAfter) ?? []),
    ),
    invariant(
      'every stop was told to its owner or to every admin, to each of them once',
      stopped.flatMap((run) => lackOfNews(run, stopped, mails, admins) ?? []),
    ),
    invariant(
      'nothing but DeleteApp changed SageMaker',
      changes.map(([call, count]) => `${call}: ${count} calls`),
    ),
    invariant(
      'nobody but the admins got mail before confirming, but for three requests at most; none who had unsubscribed',
      mails.flatMap((mail) => lackOfConsent(mail, evidence) ?? []),
    ),
    invariant('every run on record truly was, and ended when it truly did', evidence.recordErrors),
    invariant('what was accrued is what truly ran, but for what lost and late events explain', wrongAccruals(money)),
    invariant(
      'what is billed on record is AWS’s bill of settled days, to half a micro-dollar a row',
      wrongBills(money),
    ),
    invariant(
      'nobody kept an app past one scan whose blocking budget was spent, and nobody else lost one to it',
      wrongBlocks(money),
    ),
    invariant('what a guardrail stopped was beyond it', wrongGuards(money)),
    invariant(
      'each threshold of a budget was told to each reader once, and once it was reached',
      wrongThresholds(money),
    ),
    invariant('each report of a week came to each reader once', reportsTwice(mails)),
    invariant('no function logged an address, or the token of a link', evidence.leaks),
    invariant('no event was refused and no handler crashed', [...evidence.refused, ...evidence.crashes]),
  ];
}

/** A report's mail tells its week in its first line, and whose it is in its subject, before the amount. */
export function reportsTwice(mails: Mail[]): string[] {
  const reports = mails.filter(({ tags }) => tags.notice === 'report');
  const keyOf = ({ arrived, subject, text = '' }: Mail) =>
    `${arrived.join(', ')}: ${subject.split(':')[0]}, ${text.split('\n')[0]}`;
  const byKey = Map.groupBy(reports, keyOf);
  return [...byKey].flatMap(([key, some]) => (some.length > 1 ? [`${key}: ${some.length} times`] : []));
}

function invariant(promise: string, broken: string[]): Invariant {
  return { promise, holds: broken.length === 0, broken };
}

function describe({ app, endedAt }: LabRun): string {
  return `${app.appType} ${app.appName} of ${app.spaceName ?? app.userProfileName}, stopped ${when(endedAt!)}`;
}

function when(instant: Instant): string {
  return `${dayHeading(instant)} ${clockTime(instant)}`;
}

function lackOfWord(run: LabRun, staleAfter: Duration): string | undefined {
  const { heardAt, endedAt } = run;
  if (heardAt === undefined) return `${describe(run)}: its agent was never heard`;
  return endedAt! - heardAt > staleAfter ? `${describe(run)}: its agent was last heard ${when(heardAt)}` : undefined;
}

/**
 * Each reader of a stop's news hears it once: every admin, or one owner; where the owner's mail came back, the admins too. Of an app that
 * was started anew and stopped again meanwhile, the news may come together: of so many stops, so many mails.
 */
function lackOfNews(run: LabRun, stopped: LabRun[], mails: Mail[], admins: string[]): string | undefined {
  const its = stopped.filter(({ app }) => app.arn === run.app.arn).map(({ endedAt }) => endedAt!);
  const follows = (at: Instant) => its.find((other) => other > at && other < at + NEWS);
  if (its.some((at) => at < run.endedAt! && run.endedAt! < at + NEWS)) return undefined;
  const stops = [run.endedAt!];
  for (let at = follows(run.endedAt!); at !== undefined; at = follows(at)) stops.push(at);
  const isIts = ({ at }: Mail) => at >= run.endedAt! && at < stops.at(-1)! + NEWS;
  const news = mails.filter((mail) => mail.tags.notice === 'stopped' && isIts(mail) && isAbout(run, mail));
  const readers = Map.groupBy(
    news.flatMap(({ to }) => to),
    (to) => to,
  );
  const isTwice = [...readers.values()].some((some) => some.length > stops.length);
  const owners = news.filter(({ arrived }) => arrived.some((to) => !admins.includes(to))).length;
  const isTold = admins.every((admin) => owners + (readers.get(admin)?.length ?? 0) >= stops.length);
  const counts = [...readers].map(([to, some]) => `${to} ${some.length} times`);
  return isTold && !isTwice
    ? undefined
    : `${describe(run)}, ${stops.length} times in all: told to ${counts.join(', ') || 'nobody'}`;
}

/** How long news of a stop may be under way: SES is out for an hour now and then. */
const NEWS = 90 * MINUTE;

/** What is wrong with a mail by what its reader truly said. */
function lackOfConsent(mail: Mail, { mails, policy, readers }: Evidence): string | undefined {
  const [to = ''] = mail.to;
  const { notice = '' } = mail.tags;
  if (policy.admins.includes(to)) return undefined;
  const wrong = (why: string) => `${notice} to ${to} ${when(mail.at)}: ${why}`;
  const { confirmedAt = Number.POSITIVE_INFINITY, unsubscribedAt = Number.POSITIVE_INFINITY } =
    readers.get(to.toLowerCase()) ?? {};
  if (unsubscribedAt < mail.at) return wrong('they had unsubscribed');
  if (notice !== 'confirmation') return confirmedAt <= mail.at ? undefined : wrong('they had not confirmed');
  const requests = mails.filter(({ tags, to: [other] }) => tags.notice === notice && other === to);
  return requests.length > 3 ? wrong('the fourth request') : undefined;
}

/** The mail's own text says which app it is about: it must name the holder and the app. */
function isAbout({ app }: LabRun, { text = '' }: Mail): boolean {
  const names = [app.spaceName ?? app.userProfileName!, app.appName, app.appType];
  // People read `Code Editor` where AWS writes `CodeEditor`.
  return names.every((name) => text.replaceAll(' ', '').includes(name));
}

/** A warning must have gone out within the life of this run, its grace before the end. */
function lackOfWarning(run: LabRun, { mails, policy, ruleOf }: Evidence): string | undefined {
  if (isAtOnce(ruleOf(run) ?? '', policy)) return undefined;
  const { startedAt, endedAt } = run;
  const limit = policy.limits.find(({ name }) =>
    [`${name}: max-idle`, `${name}: max-uptime`].includes(ruleOf(run) ?? ''),
  );
  if (!limit) return `${describe(run)}: by no limit of the policy (${ruleOf(run)})`;
  const warnings = mails.filter(
    (mail) => mail.tags.notice === 'warning' && mail.at >= startedAt && mail.at <= endedAt! && isAbout(run, mail),
  );
  if (warnings.some(({ at }) => at + limit.grace <= endedAt!)) return undefined;
  const first = warnings[0];
  return `${describe(run)}: ${first ? `warned only ${when(first.at)}` : 'no warning mail'}`;
}

/** Guardrails stop at once, and so do budgets without a grace that do more than warn: their mail says why. */
function isAtOnce(rule: string, { budgets, guardrails }: Policy): boolean {
  const budget = budgets.find(({ name }) => rule === `${name}: budget`);
  if (budget) return budget.atLimit !== 'warn' && budget.grace === undefined;
  return guardrails.some(({ name }) => rule === `${name}: guardrail`);
}
