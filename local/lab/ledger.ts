import type { AppRef } from '../../src/domain/app.ts';
import type { Instant } from '../../src/domain/time.ts';
import type { App, BusEvent, CloudTrailEvent, Studio } from '../aws/index.ts';
import type { Habit } from './habits.ts';
import type { Person } from './people.ts';
import type { Use } from './use.ts';

/** One run as it truly was: what Curfew is measured by, and never sees. */
export interface LabRun {
  app: App;
  person: Person;
  habit: Habit;
  startedAt: Instant;
  /** When its user would stop it; Infinity: never. */
  until: Instant;
  endedAt?: Instant;
  /** What was truly done with it, and what would have been had it not ended. */
  uses: Use[];
  /** When its agent had looked that was heard last: the newest heartbeat that arrived. */
  heardAt?: Instant;
  /** The tags said `curfew: exempt` when Curfew stopped it, or it is a JupyterServer. */
  wasExempt?: boolean;
  endedBy?: 'its user' | 'Curfew' | 'the backstop';
}

/** Every run of the lab. */
export interface Ledger {
  runs: LabRun[];
  begin(run: LabRun): void;
  /** The run that goes on under an app's name, if any. */
  running(app: AppRef | App): LabRun | undefined;
  /** The last run under an app's name. */
  last(app: AppRef | App): LabRun | undefined;
  hear(event: CloudTrailEvent): void;
  /** The last run of the app that a heartbeat is from. */
  senderOf(heartbeat: BusEvent): LabRun;
  /** A heartbeat reached its handler. */
  hearHeartbeat(heartbeat: BusEvent): void;
}

/** An empty ledger. It hears of every DeleteApp that AWS granted, and whose it was. */
export function createLedger(studio: Studio): Ledger {
  const runs: LabRun[] = [];
  const byArn = new Map<string, LabRun>();
  const last: Ledger['last'] = (app) => byArn.get(studio.arn.app(app as App));
  const senderOf: Ledger['senderOf'] = ({ detail }) => {
    const run = last(detail as unknown as AppRef);
    if (run === undefined) throw new Error(`a heartbeat of an app that nobody started: ${JSON.stringify(detail)}`);
    return run;
  };
  return {
    runs,
    last,
    begin(run) {
      runs.push(run);
      byArn.set(run.app.arn, run);
    },
    running(app) {
      const run = last(app);
      return run?.endedAt === undefined ? run : undefined;
    },
    hear({ detail }) {
      if (detail.eventName !== 'DeleteApp' || detail.errorCode !== undefined) return;
      const run = last(detail.requestParameters as unknown as AppRef);
      if (run === undefined) throw new Error(`an app that nobody started was deleted: ${JSON.stringify(detail)}`);
      run.endedAt = studio.now();
      run.endedBy = callerOf(detail);
      if (run.endedBy === 'Curfew') run.wasExempt = isExempt(studio, run.app);
    },
    senderOf,
    hearHeartbeat(heartbeat) {
      const run = senderOf(heartbeat);
      const at = Date.parse(String(heartbeat.detail.observedAt));
      // A late one may be of the run before; one that comes after the end told nobody anything.
      if (at >= run.startedAt && run.endedAt === undefined) run.heardAt = Math.max(at, run.heardAt ?? 0);
    },
  };
}

/** People work in Studio; a call on the API itself can only be Curfew's, or of the schedules that it makes. */
function callerOf({ userIdentity }: CloudTrailEvent['detail']): NonNullable<LabRun['endedBy']> {
  const { arn, invokedBy } = userIdentity as { arn: string; invokedBy?: string };
  if (invokedBy === 'scheduler.amazonaws.com') return 'the backstop';
  return arn.includes('/CurfewRole/') ? 'Curfew' : 'its user';
}

/** The policy's exemptions, told again without its code: the nearest tag counts. */
export function isExempt(studio: Studio, app: App): boolean {
  return app.appType === 'JupyterServer' || tagOf(studio, app) === 'exempt';
}

/** What the nearest tag `curfew` of an app says. */
export function tagOf(studio: Studio, app: App): string | undefined {
  const { domainId, spaceName, userProfileName } = app;
  const space = spaceName === undefined ? undefined : studio.space(domainId, spaceName);
  const owner = userProfileName ?? space?.owner;
  const arns = [
    app.arn,
    spaceName === undefined ? undefined : studio.arn.space(domainId, spaceName),
    owner === undefined ? undefined : studio.arn.profile(domainId, owner),
    studio.arn.domain(domainId),
  ];
  const tagged = arns.find((arn) => arn !== undefined && studio.tags.get(arn).has('curfew'));
  return tagged === undefined ? undefined : studio.tags.get(tagged).get('curfew');
}
