import type { SpendReport } from '../../src/application/spend-daily.ts';
import type { AppRef } from '../../src/domain/app.ts';
import type { Instant } from '../../src/domain/time.ts';
import { MINUTE } from '../../src/domain/time.ts';
import type { ScanSummary } from '../../src/handlers/summary.ts';
import type { BusEvent, CloudTrailEvent, EmbeddedAws } from '../aws/index.ts';
import type { Answer, Lambdas } from '../host/lambdas.ts';
import { functionName } from './account.ts';
import type { Agenda } from './agenda.ts';

/** What hears of Curfew's doings. */
export interface Listener {
  scanned(summary: ScanSummary): void;
  delivered(answer: Answer): void;
  /** An app was stopped within the event of its creation. */
  enforced(app: AppRef): Promise<void>;
  /** The books were closed, as far as that went. */
  closed(report: SpendReport): void;
}

/** What Curfew did, in numbers. */
export interface Tally {
  scans: number;
  /** Calls of SageMaker and of its tags that scans made. */
  scanCalls: number;
  /** Runs that it saw begin. */
  runs: number;
  deliveries: number;
  /** Events that a handler refused: in the lab all are real, so none may be. */
  refused: string[];
  /** Errors that no handler throws on purpose. */
  crashes: string[];
}

/** The deployed Curfew: its functions, and the events that AWS gives them. */
export interface Curfew {
  tally: Tally;
  /** A schedule: every 5 minutes, from `from` on. */
  scanEvery5Minutes(from: Instant): void;
  /** Another schedule: each morning, what things cost. */
  spendAt(at: Instant): void;
  /** And another: whether the week's reports are due. It asks each quarter of an hour; all but Monday's are left out here. */
  reportAt(at: Instant): void;
  /** As it is after the lab's end, when nothing else happens any more: the reports of its last week, and their mail. */
  reportLast(at: Instant): Promise<void>;
  /** And after that a last scan, with the mail that it owes: no part of what is told of the lab's days. */
  scanLast(): Promise<void>;
  noteStudioEvent(event: CloudTrailEvent): Promise<void>;
  noteHeartbeat(event: BusEvent): Promise<void>;
  noteMail(event: BusEvent): Promise<void>;
  /** Somebody pressed a button: what that owes goes out with the next minute. */
  pressed(): Promise<void>;
}

/** The stack's own schedule. */
export const SCAN_EVERY = 5 * MINUTE;

/** So many rounds of mail after the end: what waits longer waits for SES. */
const LAST_ROUNDS = 10;

/** How long Lambda waits before it tries an asynchronous event again. The event is the same: so is the time in it. */
const RETRIES = [MINUTE, 2 * MINUTE];

/** Sets Curfew up on the agenda. `isOwed` tells whether the outbox holds anything, now or for later. */
export function deployCurfew(
  { aws, lambdas, agenda }: { aws: EmbeddedAws; lambdas: Lambdas; agenda: Agenda },
  isOwed: () => Promise<boolean>,
  listener: Listener,
): Curfew {
  const { account, region } = aws.studio.place;
  const tally: Tally = { scans: 0, scanCalls: 0, runs: 0, deliveries: 0, refused: [], crashes: [] };
  let ids = 0;
  let isDelivering = false;
  let puts = -1;
  const time = () => new Date(agenda.clock.now).toISOString().replace(/\.\d+Z$/, 'Z');
  const scheduled = (name: string) => {
    ids += 1;
    return {
      version: '0',
      id: `70000000-0000-4000-8000-${ids.toString(16).padStart(12, '0')}`,
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      account,
      time: time(),
      region,
      resources: [`arn:aws:events:${region}:${account}:rule/curfew-${name}`],
      detail: {},
    };
  };

  const calls = () => aws.calls.count('sagemaker') + aws.calls.count('resource-groups-tagging-api');

  /** Lambda's own metrics of each invocation. */
  const meter = (name: string, { ok }: Answer) => {
    const metric = { namespace: 'AWS/Lambda', dimensions: { FunctionName: functionName(name) } };
    aws.cloudwatch.put({ ...metric, name: 'Invocations' }, agenda.clock.now, 1);
    aws.cloudwatch.put({ ...metric, name: 'Errors' }, agenda.clock.now, ok ? 0 : 1);
  };

  /** As Lambda invokes asynchronously: an event whose handler throws comes again, the same, a minute and then two later. */
  const invoke = async (name: string, event: unknown, heard: (answer: Answer) => Promise<void>, attempt = 0) => {
    const before = calls();
    const answer = await lambdas.invoke(name, event);
    meter(name, answer);
    if (name === 'scan') tally.scanCalls += calls() - before;
    if (answer.ok) {
      const { refused } = (answer.value ?? {}) as { refused?: string };
      if (refused !== undefined) tally.refused.push(`${name}: ${refused}`);
    } else {
      if (answer.type !== 'PassFailed') tally.crashes.push(`${time()} ${name}: ${answer.stack}`);
      // The stack asks for no repeat of what a schedule calls: the next one comes soon.
      const wait = name === 'scan' ? undefined : RETRIES[attempt];
      if (wait !== undefined) agenda.at(agenda.clock.now + wait, () => invoke(name, event, heard, attempt + 1));
    }
    await heard(answer);
  };

  const scan = async () => {
    await invoke('scan', scheduled('scan'), async (answer) => {
      tally.scans += 1;
      const summary = (answer.ok ? answer.value : answer.summary) as ScanSummary | undefined;
      if (summary?.outcomes) {
        tally.runs += summary.started;
        listener.scanned(summary);
      }
      // After a scan it is called at once, as the destination of the scan's own success or failure.
      await deliverIfOwed(() => ({
        version: '1.0',
        timestamp: new Date(agenda.clock.now).toISOString(),
        requestContext: { functionArn: `arn:aws:lambda:${region}:${account}:function:curfew-scan` },
        responsePayload: answer.ok ? answer.value : null,
      }));
    });
  };

  /**
   * AWS calls `deliver` each minute. Minutes in which nothing is owed are left out here: it would look, find nothing
   * and end. Owing is a put; so where there was none since nothing was owed, nothing is.
   */
  const deliverIfOwed = async (event: () => unknown) => {
    const count = aws.calls.count('dynamodb', 'PutItem');
    if (count === puts) return;
    puts = count;
    if (!(await isOwed())) return;
    await deliver(event());
    if (!isDelivering && (await isOwed())) deliverNextMinute();
  };
  const deliver = async (event: unknown) => {
    tally.deliveries += 1;
    // One that fails is not tried again here: the next minute's is the same.
    const answer = await lambdas.invoke('deliver', event);
    if (!answer.ok && answer.type !== 'PassFailed' && answer.type !== 'PortError')
      tally.crashes.push(`${time()} deliver: ${answer.stack}`);
    listener.delivered(answer);
  };
  const deliverNextMinute = () => {
    isDelivering = true;
    agenda.at((Math.floor(agenda.clock.now / MINUTE) + 1) * MINUTE, async () => {
      isDelivering = false;
      await deliver(scheduled('deliver'));
      if (await isOwed()) deliverNextMinute();
    });
  };

  /** What an event or a button owes, the next minute sends. */
  const sendSoon = async () => {
    const count = aws.calls.count('dynamodb', 'PutItem');
    if (count > puts && !isDelivering && (await isOwed())) deliverNextMinute();
  };

  return {
    tally,
    noteMail: (event) => invoke('mail-feedback', event, sendSoon),
    pressed: sendSoon,
    noteHeartbeat: (event) => invoke('activity-event', event, async () => {}),
    scanEvery5Minutes(from) {
      agenda.at(from, async () => {
        await scan();
        this.scanEvery5Minutes(from + SCAN_EVERY);
      });
    },
    scanLast: scan,
    spendAt(at) {
      agenda.at(at, () =>
        invoke('spend', scheduled('spend'), async (answer) => {
          const report = (answer.ok ? answer.value : answer.summary) as SpendReport | undefined;
          if (report) listener.closed(report);
        }),
      );
    },
    reportAt(at) {
      agenda.at(at, () => invoke('weekly-report', scheduled('weekly-report'), sendSoon));
    },
    async reportLast(at) {
      agenda.clock.now = Math.max(agenda.clock.now, at);
      await invoke('weekly-report', scheduled('weekly-report'), async () => {});
      for (let round = 0; round < LAST_ROUNDS && (await isOwed()); round++) {
        await deliver(scheduled('deliver'));
        agenda.clock.now += MINUTE;
      }
    },
    noteStudioEvent: (event) =>
      invoke('studio-event', event, async (answer) => {
        const { noted, enforced } = (answer.ok ? answer.value : {}) as { noted?: string; enforced?: string };
        if (noted === 'run started') tally.runs += 1;
        if (enforced === 'stopped')
          await listener.enforced({ account, region, ...event.detail.requestParameters } as unknown as AppRef);
        await sendSoon();
      }),
  };
}
