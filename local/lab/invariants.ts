import type { Policy } from '../../src/domain/policy.ts';
import type { Duration, Instant } from '../../src/domain/time.ts';
import type { EmbeddedAws, Mail } from '../aws/index.ts';
import { clockTime, dayHeading } from './calendar.ts';
import type { IdleStop } from './idle-stops.ts';
import { wasInUse } from './idle-stops.ts';
import type { LabRun } from './ledger.ts';

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
}

/** Calls on SageMaker and its tags that change nothing. */
const READS = /^(List|Describe|Get)/;

/** Checks every promise. */
export function checkInvariants(evidence: Evidence): Invariant[] {
  const { aws, mails, runs, policy, idleStops } = evidence;
  const { admins } = policy;
  const stopped = runs.filter(({ endedBy }) => endedBy === 'Curfew');
  const changes = Object.entries(aws.calls.counts()).filter(([call]) => {
    const [service, action = ''] = call.split(' ');
    return /^(sagemaker|resource-groups-tagging-api)$/.test(service!) && !READS.test(action) && action !== 'DeleteApp';
  });
  const strangers = mails.flatMap(({ to, cc, bcc }) => [...to, ...cc, ...bcc]).filter((to) => !admins.includes(to));
  const told = admins.map(
    (admin) => mails.filter((mail) => mail.tags.notice === 'stopped' && mail.to.includes(admin)).length,
  );
  return [
    evidence.isOwnPolicy
      ? invariant('no exempt app was stopped', stopped.filter(({ wasExempt }) => wasExempt).map(describe))
      : { ...invariant('no exempt app was stopped', []), skipped: 'the lab knows only its own policy’s exemptions' },
    invariant(
      'every stop had its warning mail accepted at least its grace before',
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
      'every stop was told to every admin once',
      told.flatMap((count, i) =>
        count === stopped.length ? [] : [`${stopped.length} stops, ${count} mails of them to ${admins[i]}`],
      ),
    ),
    invariant(
      'nothing but DeleteApp changed SageMaker',
      changes.map(([call, count]) => `${call}: ${count} calls`),
    ),
    invariant('no mail went to anybody but the admins', [...new Set(strangers)]),
    invariant('every run on record truly was, and ended when it truly did', evidence.recordErrors),
    invariant('no event was refused and no handler crashed', [...evidence.refused, ...evidence.crashes]),
  ];
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

/** The mail's own text says which app it is about: it must name the holder and the app, within the life of this run. */
function lackOfWarning(run: LabRun, { mails, policy, ruleOf }: Evidence): string | undefined {
  const { app, startedAt, endedAt } = run;
  const limit = policy.limits.find(({ name }) =>
    [`${name}: max-idle`, `${name}: max-uptime`].includes(ruleOf(run) ?? ''),
  );
  if (!limit) return `${describe(run)}: by no limit of the policy (${ruleOf(run)})`;
  const names = [app.spaceName ?? app.userProfileName!, app.appName, app.appType];
  // People read `Code Editor` where AWS writes `CodeEditor`.
  const isAbout = (text = '') => names.every((name) => text.replaceAll(' ', '').includes(name));
  const warnings = mails.filter(
    (mail) => mail.tags.notice === 'warning' && mail.at >= startedAt && mail.at <= endedAt! && isAbout(mail.text),
  );
  if (warnings.some(({ at }) => at + limit.grace <= endedAt!)) return undefined;
  const first = warnings[0];
  return `${describe(run)}: ${first ? `warned only ${when(first.at)}` : 'no warning mail'}`;
}
