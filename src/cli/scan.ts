import type { Outcome } from '../application/act.ts';
import { hasFailed, type ScanReport, scan } from '../application/scan.ts';
import type { AppRef } from '../domain/app.ts';
import type { Intent } from '../domain/plan.ts';
import { isShared } from '../domain/running-app.ts';
import { describeDuration } from '../domain/time.ts';
import { pauseToJson, tellPause } from './pause.ts';
import { note, printJson, printTable, progress, style } from './print.ts';
import { openWorld, type WorldOptions } from './world.ts';

export interface ScanOptions extends WorldOptions {
  apply?: boolean;
  json?: boolean;
  maxStops?: number;
}

const COLOURS = { stop: 'red', warn: 'yellow', keep: 'green' } as const;

/** `curfew scan`. @returns the exit code */
export async function scanCommand(options: ScanOptions): Promise<number> {
  const apply = options.apply === true;
  const { policy: written, place, now, ports, baseUrl, notes } = await openWorld(options, { apply });
  const policy =
    options.maxStops === undefined ? written : { ...written, safety: { maxStops: { count: options.maxStops } } };
  for (const text of notes) note(text);
  const report = await progress('Looking at SageMaker Studio', scan(ports, policy, { place, now, apply, baseUrl }));
  tellPause(report.pause, policy.timezone, now);
  if (options.json) printJson(toJson(report));
  else printScan(report, apply);
  tellFaults(report);
  // What was not seen is not said to be empty.
  if (!options.json && !isBlind(report)) note(sumUp(report, apply, policy.mode));
  return hasFailed(report) ? 1 : 0;
}

/** The report as `--json` prints it: times in ISO 8601. */
export function toJson({ now, intents, outcomes, missing, unusable, faults, valve, pause }: ScanReport): object {
  return {
    now: iso(now),
    ...(pause ? { paused: pauseToJson(pause, now) } : {}),
    decisions: intents.map(({ decision, held }) => {
      const { app, action, rule, reason, due, next } = decision;
      return {
        ...nameOf(app.ref),
        instanceType: app.instanceType ?? null,
        owner: app.owner ?? null,
        startedAt: iso(app.startedAt),
        action,
        rule,
        reason,
        ...(due === undefined ? {} : { due: iso(due) }),
        ...(next === undefined ? {} : { next: { action: next.action, at: iso(next.at) } }),
        ...(held === undefined ? {} : { held }),
      };
    }),
    outcomes: outcomes.map(({ app, kind, stopAt, ...rest }: Outcome) => ({
      ...nameOf(app),
      outcome: kind,
      ...rest,
      ...(stopAt === undefined ? {} : { stopAt: iso(stopAt) }),
    })),
    missing,
    faults: [...unusable, ...faults],
    ...(valve ? { safetyValve: valve } : {}),
  };
}

function nameOf({ domainId, spaceName, userProfileName, appType, appName }: AppRef): object {
  return { domainId, ...(spaceName === undefined ? { userProfileName } : { spaceName }), appType, appName };
}

function iso(instant: number): string {
  return new Date(instant).toISOString();
}

function printScan(report: ScanReport, apply: boolean): void {
  const { intents, outcomes, now } = report;
  if (intents.length === 0) return;
  const done = new Map(outcomes.map((outcome) => [outcome.app, outcome]));
  const rows = intents.map((intent) => row(intent, apply ? done.get(intent.decision.app.ref) : undefined, now));
  printTable(
    [
      { head: 'ACTION', isStyled: true },
      { head: 'OWNER' },
      { head: 'APP' },
      { head: 'INSTANCE' },
      { head: 'UP' },
      { head: 'WHY', grow: true },
    ],
    rows,
  );
}

function row({ decision, held }: Intent, outcome: Outcome | undefined, now: number): string[] {
  const { app, action, rule } = decision;
  const came =
    outcome && outcome.kind !== 'started' ? `${outcome.kind}${outcome.code ? ` (${outcome.code})` : ''}: ` : '';
  // A failure says itself what failed, and which right was missing.
  const reason = outcome?.kind === 'failed' ? (outcome.reason ?? decision.reason) : decision.reason;
  const why = `${came}${rule} — ${reason}${held === undefined ? '' : ` [held: ${held}]`}`;
  return [
    style(COLOURS[action], action),
    ownerOf(app),
    nameForPeople(app.ref),
    app.instanceType ?? '-',
    describeDuration(now - app.startedAt),
    why,
  ];
}

/** Who answers for an app, for people. */
export function ownerOf(app: { owner?: string; sharing?: string }): string {
  if (app.owner === undefined) return '(nobody)';
  return isShared(app) ? `${app.owner} (shared)` : app.owner;
}

/** An app as people name it: its type and name, and its space where it is in one. */
export function nameForPeople({ appType, appName, spaceName }: AppRef): string {
  return spaceName === undefined ? `${appType} ${appName}` : `${appType} ${appName} in ${spaceName}`;
}

/** Says on stderr what could not be had: parts that fail for one reason, such as no credentials, in one line. */
export function tellFaults({ missing, unusable, faults }: Pick<ScanReport, 'missing' | 'unusable' | 'faults'>): void {
  const whys = [...new Set(missing.map(({ why }) => why))];
  for (const why of whys) {
    const parts = missing.filter((one) => one.why === why).map(({ part }) => part);
    note(style('red', `curfew: the ${parts.join(', ')} are incomplete (${why}); nothing is stopped on half a picture`));
  }
  for (const fault of [...unusable, ...faults]) note(style('red', `curfew: ${fault}`));
}

/** Whether the listing failed before it showed anything. */
export function isBlind({ missing, intents }: Pick<ScanReport, 'missing'> & { intents: unknown[] }): boolean {
  return intents.length === 0 && missing.some(({ part }) => part === 'apps');
}

function sumUp({ intents, outcomes, valve }: ScanReport, apply: boolean, mode: string): string {
  const count = (action: string) => intents.filter(({ decision }) => decision.action === action).length;
  const apps = intents.length === 1 ? '1 running app' : `${intents.length} running apps`;
  const wanted = `${apps}: ${count('stop')} to stop, ${count('warn')} to warn, ${count('keep')} to keep.`;
  const closed = valve
    ? ` The safety valve is closed: ${valve.wanted} stops wanted, at most ${valve.most} in one scan (--max-stops N allows more).`
    : '';
  if (!apply)
    return `${wanted}${closed} Nothing was changed: this was a dry run (--apply acts; the policy's mode is ${mode}).`;
  const came = (...kinds: string[]) => outcomes.filter(({ kind }) => kinds.includes(kind)).length;
  return `${wanted}${closed} Done: ${came('stopped', 'already gone')} stopped, ${came('warned')} warned, ${came('failed')} failed, ${came('held')} held (the policy's mode is ${mode}).${came('warned') > 0 ? ' The mail is sent by the deployed `deliver`; nothing here sends it.' : ''}`;
}
