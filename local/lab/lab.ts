import { bundledPrices } from '../../src/adapters/prices/bundled.ts';
import type { DeliverReport } from '../../src/application/deliver.ts';
import type { SpendReport } from '../../src/application/spend-daily.ts';
import type { AppRef } from '../../src/domain/app.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { type Instant, MINUTE } from '../../src/domain/time.ts';
import type { ScanSummary } from '../../src/handlers/summary.ts';
import { contactsOf, outboxOf, runsOf } from '../../src/wiring.ts';
import type { BusEvent, CloudTrailEvent, EmbeddedAws } from '../aws/index.ts';
import type { Lambdas } from '../host/lambdas.ts';
import { checkAfterwards, liveOnWithoutCurfew, tellAfterwards } from './afterwards.ts';
import type { Agenda } from './agenda.ts';
import { installAgents, paceOf } from './agents.ts';
import { badBill } from './bad-bill.ts';
import { billOf, readBooks } from './bill.ts';
import { wallTime } from './calendar.ts';
import type { Listener } from './curfew.ts';
import { deployCurfew } from './curfew.ts';
import { idleStopsOf } from './idle-stops.ts';
import { checkInvariants } from './invariants.ts';
import type { LabRun } from './ledger.ts';
import { createLedger } from './ledger.ts';
import { peopleLive } from './life.ts';
import { meterOf } from './meter.ts';
import { PEOPLE } from './people.ts';
import { eventPost } from './post.ts';
import { randomOf } from './random.ts';
import { BOUNCE, readersOf } from './readers.ts';
import { errorsOfRecord, recordedRuns } from './record.ts';
import type { Report } from './report.ts';
import { summaryOf } from './report.ts';
import { savingsOf } from './savings.ts';
import { furnish, ORPHANED, whose } from './spaces.ts';
import { lookAtCast, storiesOf } from './stories.ts';
import { createTimeline } from './timeline.ts';
import { isOfMoney, toldBy } from './told.ts';
import { badWeather } from './weather.ts';

/** What a lab is made of. */
export interface Lab {
  aws: EmbeddedAws;
  lambdas: Lambdas;
  agenda: Agenda;
  policy: Policy;
  /** Its file, where it is not the lab's own. */
  policyFile?: string | undefined;
  table: string;
  seed: string;
  days: number;
  /** Somebody looks at the world when it has been lived: Curfew is then left alive. */
  isServed: boolean;
}

/** When the stack's own schedule closes the books, in hours after midnight. */
const SPEND_AT = 5.5;
/** When Monday's reports go out: local/lab/policy.yml. */
const REPORT_AT = 8;

/** Lives the lab's days, from its first midnight on. @returns what came of it, the same for the same seed */
export async function live(lab: Lab, passed: (now: Instant) => void): Promise<Report> {
  const { aws, agenda, policy, policyFile, table, seed, days } = lab;
  const { account, region } = aws.studio.place;
  const [from, to] = [agenda.clock.now, wallTime(days, 0)];
  const ledger = createLedger(aws.studio);
  const timeline = createTimeline();
  const outbox = outboxOf({ region, table });
  const isOwed = async () => (await outbox.owed({ account, region }, Number.MAX_SAFE_INTEGER, 1)).length > 0;
  const rules = new Map<LabRun, string>();
  const money = { scans: [] as Instant[], missed: [] as { arn: string; at: Instant }[], refused: new Set<LabRun>() };
  const closings: SpendReport[] = [];
  let told = 0;

  const subject = (app: AppRef) => {
    const run = ledger.last(app);
    const instance = run?.app.instanceType;
    return {
      who: run ? whose(run.person, run.habit) : (app.spaceName ?? app.userProfileName!),
      what: `${app.appType} ${app.appName}${instance ? `, ${instance}` : ''}`,
      run,
    };
  };
  const scanned = ({ outcomes, faults, failed }: ScanSummary) => {
    const at = agenda.clock.now;
    if (faults.length === failed) money.scans.push(at);
    for (const { app, kind, rule, reason: why = '', code, stopAt } of outcomes) {
      if (!['warned', 'lifted', 'stopped', 'already gone', 'failed'].includes(kind)) continue;
      const { who, what, run } = subject(app);
      const more = { ...(rule ? { rule } : {}), ...(code ? { code } : {}), ...(stopAt ? { stopAt } : {}) };
      timeline.add({ at, kind: kind as 'warned', who, what, why, ...more, app });
      if (!run) continue;
      if (kind === 'failed' && run.endedAt === at)
        timeline.add({
          at,
          kind: 'stopped',
          who,
          what,
          why: 'the call had worked: only its answer was lost',
          ...more,
          app,
        });
      if (kind === 'warned') answers.onWarned(run, stopAt);
      if (rule && (kind === 'stopped' || kind === 'failed')) rules.set(run, rule);
      if (kind === 'failed') money.refused.add(run);
      if (kind === 'stopped') answers.onStopped(run, isOfMoney(rule));
    }
    // The last of the faults are the failed apps, which stand above.
    for (const why of faults.slice(0, Math.max(0, faults.length - failed)))
      timeline.add({ at, kind: 'failed', who: 'scan', what: '', why, code: why.slice(0, 30) });
  };
  const enforced: Listener['enforced'] = async (app) => {
    const { who, what, run } = subject(app);
    const { rule = '', reason: why = '' } = (await runsOf({ region, table }).get(app))?.stop ?? {};
    timeline.add({ at: agenda.clock.now, kind: 'stopped', who, what, rule, why: `${why}; just created`, app });
    if (!run) return;
    rules.set(run, rule);
    answers.onStopped(run, isOfMoney(rule));
  };
  const closed: Listener['closed'] = (report) => {
    closings.push(report);
    for (const why of report.faults)
      timeline.add({ at: agenda.clock.now, kind: 'failed', who: 'spend', what: '', why, code: why.slice(0, 30) });
  };
  const delivered: Listener['delivered'] = async (answer) => {
    const at = agenda.clock.now;
    const faults = answer.ok ? [] : ((answer.summary as DeliverReport | undefined)?.faults ?? [answer.message]);
    if (faults[0] !== undefined)
      timeline.add({ at, kind: 'failed', who: 'deliver', what: '', why: faults[0], code: 'mail' });
    const mails = await aws.mailbox.messages();
    const news = mails.slice(told);
    told = mails.length;
    readers.read(news);
    for (const { who, why } of toldBy(news)) timeline.add({ at, kind: 'told', who, what: '', why });
  };

  const curfew = deployCurfew(lab, isOwed, { scanned, delivered, enforced, closed });
  const noteMissed = ({ detail: { requestParameters: app } }: CloudTrailEvent) => {
    if (app.appType !== undefined) money.missed.push({ arn: aws.studio.arn.app(app as never), at: agenda.clock.now });
  };
  const trail = eventPost(agenda, randomOf(seed, 'post'), curfew.noteStudioEvent, noteMissed);
  aws.studio.onEvent(ledger.hear);
  aws.studio.onEvent(trail.send);
  const agents = installAgents(agenda, region, paceOf(policy));
  const heard = async (event: BusEvent) => {
    await curfew.noteHeartbeat(event);
    ledger.hearHeartbeat(event);
  };
  const missed = (event: BusEvent) => agents.missed(ledger.senderOf(event));
  const bus = eventPost(agenda, randomOf(seed, 'bus'), heard, missed);
  const feedback = eventPost(agenda, randomOf(seed, 'feedback'), curfew.noteMail);
  aws.eventbridge.onEvent((event) => (event.source === 'aws.ses' ? feedback : bus).send(event));
  const readers = readersOf(
    agenda,
    ({ profile }) => randomOf(seed, 'reader', profile),
    async ({ name }, why) => {
      if (why !== 'confirmed') timeline.add({ at: agenda.clock.now, kind: 'answered', who: name, what: '', why });
      await curfew.pressed();
    },
  );
  for (const { profile, sso } of PEOPLE) if (BOUNCE.includes(profile)) aws.ses.bouncing.add(sso);
  furnish(aws.studio, from, (day, deed) => agenda.at(wallTime(day, 7), deed));
  const answers = peopleLive({ studio: aws.studio, ledger, agents, agenda, seed }, days);
  agenda.at(wallTime(ORPHANED.day, 12), () => aws.studio.removeSpaceOwner(ORPHANED.domainId, ORPHANED.space));
  badBill(aws, randomOf(seed, 'bill'), seed, days);
  badWeather(aws, () => agenda.clock.now, randomOf(seed, 'weather'), days);
  const fireEachMinute = (at: Instant): void =>
    agenda.at(at, async () => {
      if ((aws.scheduler.next() ?? Number.POSITIVE_INFINITY) <= agenda.clock.now) await aws.scheduler.fire();
      fireEachMinute(at + MINUTE);
    });
  fireEachMinute(from);
  curfew.scanEvery5Minutes(from);
  for (let day = 0; day < days; day++) curfew.spendAt(wallTime(day, SPEND_AT));
  for (let day = 7; day < days; day += 7) curfew.reportAt(wallTime(day, REPORT_AT));
  const { place } = aws.studio;
  agenda.at(wallTime(1, 5), () => lookAtCast({ agenda, policy, place, table }, ledger, timeline));
  await agenda.live(to, passed);

  const rates = await bundledPrices().rates(region);
  const { runs } = ledger;
  const { tally } = curfew;
  const { entries } = timeline;
  const { refused, crashes } = tally;
  const contacts = await contactsOf({ region, table }).list({ account, region });
  const savings = savingsOf(runs, rates.byInstance, to);
  const recordErrors = errorsOfRecord(await recordedRuns(region, table), runs, aws);
  const ruleOf = (run: LabRun) => rules.get(run);
  const idleStops = idleStopsOf(runs, policy.limits, ruleOf);
  const meter = meterOf(aws, runs, to, policy.prices);
  const books = await readBooks(aws, lab, to);
  const past = await outbox.history({ account, region }, from, to);
  const notices = past.filter(({ notice }) => notice.facts.kind === 'budget');
  const requests = aws.calls.count('cost-explorer');
  const [eventsLost, heartbeats, heartbeatsLost] = [trail.lost.count, agents.sent.count, bus.lost.count];
  if (days % 7 === 0) await curfew.reportLast(wallTime(days, REPORT_AT));
  const mails = await aws.mailbox.messages();
  const report = {
    seed,
    days,
    policy: policyFile,
    from,
    to,
    timeline: [...entries],
    summary: summaryOf({
      ...{ entries, runs, tally, mails, idleStops, savings, prices: rates.source },
      ...{ eventsLost, heartbeats, heartbeatsLost, contacts, readers },
    }),
    bill: billOf(books, meter, { from, to }, { requests, closings: closings.length }),
    stories: storiesOf(runs, timeline, to),
    invariants: checkInvariants({
      ...{ aws, mails, runs, policy, isOwnPolicy: policyFile === undefined, idleStops, ruleOf },
      ...{ recordErrors, refused, crashes, leaks: lab.lambdas.leaks(), readers: readers.all },
      money: { ...money, meter, books, notices, from, to },
    }),
  };
  if (lab.isServed) {
    // The clock has gone on to the reports' hour: whoever looks then finds a Curfew that has scanned since.
    await curfew.scanLast();
    return report;
  }
  // Last of all, since nothing is left alive of what is told above.
  const afterwards = await liveOnWithoutCurfew(aws, agenda, runs);
  const known = { lastScan: money.scans.at(-1) ?? from, isOwnPolicy: policyFile === undefined };
  return {
    ...report,
    stories: [...report.stories, { who: 'everybody', told: tellAfterwards(afterwards) }],
    invariants: [...report.invariants, ...checkAfterwards(aws, policy, afterwards, runs, known)],
  };
}
