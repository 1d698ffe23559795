import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedAws, type Mail, startEmbeddedAws } from '../../local/aws/index.ts';
import { idleStopsOf } from '../../local/lab/idle-stops.ts';
import { checkInvariants, reportsTwice } from '../../local/lab/invariants.ts';
import type { LabRun } from '../../local/lab/ledger.ts';
import { meterOf } from '../../local/lab/meter.ts';
import { PEOPLE } from '../../local/lab/people.ts';
import { summaryOf } from '../../local/lab/report.ts';
import type { Use } from '../../local/lab/use.ts';
import { HOUR, MINUTE } from '../../src/domain/time.ts';
import { parsePolicy } from '../../src/policy-file.ts';

const parsed = parsePolicy(`
mode: enforce
admins: [a@example.org]
sender: Curfew <c@example.org>
limits: [{ name: all, max-idle: 2h }]
evidence: { stale-after: 1h }
`);
if ('faults' in parsed) throw new Error('the policy has faults');
const { policy } = parsed;
const START = Date.UTC(2026, 9, 26, 8);
const STOP = START + 10 * HOUR;
const person = PEOPLE.find(({ name }) => name === 'Rosa Jiménez')!;

const worlds: EmbeddedAws[] = [];
afterAll(() => Promise.all(worlds.map((aws) => aws.close())));

describe('a stop for idleness, held against the truth', () => {
  let aws: EmbeddedAws;
  beforeEach(async () => {
    aws = await startEmbeddedAws({ now: () => START });
    worlds.push(aws);
    aws.studio.createDomain({ domainId: person.domainId, name: 'lab' });
    aws.studio.createUserProfile({ domainId: person.domainId, name: person.profile });
  });

  /** What the two promises on idleness say of a run that Curfew stopped at `STOP`. */
  const judge = (uses: Use[], heardAt?: number, startedAt = START) => {
    const app = aws.studio.createApp({
      domainId: person.domainId,
      userProfileName: person.profile,
      appType: 'JupyterLab',
      appName: 'default',
    });
    const run: LabRun = {
      ...{ app, person, habit: person.habits[0]!, uses, startedAt, until: STOP + HOUR },
      ...{ endedAt: STOP, endedBy: 'Curfew', ...(heardAt === undefined ? {} : { heardAt }) },
    };
    const ruleOf = () => 'all: max-idle';
    const runs = [run];
    const idleStops = idleStopsOf(runs, policy.limits, ruleOf);
    const books = { known: { runs: [], state: {} }, days: [], lines: [] };
    const money = {
      ...{ meter: meterOf(aws, [], STOP), books, notices: [], scans: [], missed: [], refused: new Set<LabRun>() },
      ...{ from: START, to: STOP },
    };
    const nothing = { recordErrors: [], refused: [], crashes: [], leaks: [], money };
    const all = checkInvariants({
      aws,
      mails: [],
      runs,
      policy,
      isOwnPolicy: true,
      idleStops,
      ruleOf,
      readers: new Map(),
      ...nothing,
    });
    const tally = { scans: 1, scanCalls: 3, runs: 1, deliveries: 0, refused: [], crashes: [] };
    const savings = { priced: 0, amount: 0, unpriced: [] };
    const numbers = { eventsLost: 0, heartbeats: 1, heartbeatsLost: 0, prices: '' };
    const { stoppedUnheard } = summaryOf({
      entries: [],
      runs,
      tally,
      mails: [],
      idleStops,
      savings,
      contacts: [],
      readers: { all: new Map(), read: () => {} },
      ...numbers,
    });
    const broken = (words: string) => all.find(({ promise }) => promise.includes(words))!.broken;
    return { inUse: broken('truly in use'), unheard: broken('had been heard'), stoppedUnheard };
  };
  const use = (from: number, to: number, kind: Use['kind'] = 'kernel'): Use => ({ from, to, kind });
  const fine = { inUse: [], unheard: [], stoppedUnheard: 0 };

  it('of what was idle for as long as it may be is no fault', () => {
    expect(judge([use(START, STOP - 2 * HOUR)], STOP - 10 * MINUTE)).toEqual(fine);
  });
  it('of what was in use within max-idle is one', () => {
    const { inUse } = judge([use(START, STOP - 2 * HOUR + 2 * MINUTE, 'gpu')], STOP - 10 * MINUTE);
    expect(inUse).toEqual([expect.stringMatching(/^JupyterLab default of rosa-jimenez, stopped Monday 26 October/)]);
  });
  it('of what is at work still is one', () => {
    expect(judge([use(START, STOP + HOUR)], STOP - 10 * MINUTE).inUse).toHaveLength(1);
  });
  it('of what had only just started is one, though nobody used it', () => {
    expect(judge([], STOP - 10 * MINUTE, STOP - HOUR).inUse).toHaveLength(1);
  });
  it('of an open tab is none', () => {
    expect(judge([use(START, STOP + HOUR, 'tab')], STOP - 10 * MINUTE)).toEqual(fine);
  });
  it('of what was in use again, which no heartbeat told in time, is nobody’s fault, and is counted', () => {
    const again = use(STOP - 10 * MINUTE, STOP);
    expect(judge([again], STOP - 20 * MINUTE)).toEqual({ ...fine, stoppedUnheard: 1 });
  });
  it('without an agent is one', () => {
    expect(judge([]).unheard).toEqual([expect.stringContaining('its agent was never heard')]);
  });
  it('of whose agent has been silent for as long as stale-after is none', () => {
    expect(judge([], STOP - HOUR).unheard).toEqual([]);
  });
  it('of whose agent has long been silent is one', () => {
    expect(judge([], STOP - HOUR - MINUTE).unheard).toEqual([expect.stringContaining('its agent was last heard')]);
  });
});

describe('the reports of a lab, as they arrived', () => {
  const mail = (to: string, week: number, subject = 'Your week in Studio: $1.00', notice = 'report') =>
    ({ arrived: [to], subject, text: `Week ${week}, Mon, Nov 2\n\nYou spent …`, tags: { notice } }) as unknown as Mail;

  it('are told where one reader got one of the same week twice', () => {
    const fine = [
      ...[mail('a', 44), mail('a', 45), mail('b', 45)],
      ...[mail('a', 45, "Studio, the week's cost: $9.00"), mail('a', 45, 'Stopped', 'stopped')],
    ];
    expect(reportsTwice([...fine, mail('a', 45, 'Stopped', 'stopped')])).toEqual([]);
    const again = mail('a', 45, 'Your week in Studio: $2.00');
    expect(reportsTwice([...fine, again])).toEqual([expect.stringMatching(/^a: Your week.*Week 45.*: 2 times$/)]);
  });
});
