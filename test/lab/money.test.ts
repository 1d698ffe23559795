import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedAws, startEmbeddedAws } from '../../local/aws/index.ts';
import type { BooksRead } from '../../local/lab/bill.ts';
import type { LabRun } from '../../local/lab/ledger.ts';
import { meterOf } from '../../local/lab/meter.ts';
import {
  type MoneyEvidence,
  wrongAccruals,
  wrongBills,
  wrongBlocks,
  wrongGuards,
  wrongThresholds,
} from '../../local/lab/money-promises.ts';
import { PEOPLE } from '../../local/lab/people.ts';
import type { LedgerLine } from '../../src/domain/ledger.ts';
import type { PastNotice } from '../../src/domain/notice.ts';
import { DAY, HOUR, MINUTE } from '../../src/domain/time.ts';
import { parsePolicy } from '../../src/policy-file.ts';

const parsed = parsePolicy(`
mode: enforce
admins: [a@example.org]
sender: Curfew <c@example.org>
budgets: [{ name: per person, for: each owner, period: month, limit: 10 USD, warn-at: [50%], at-limit: block }]
limits: [{ name: all, max-uptime: 7d }]
guardrails: [{ name: one machine, at-most: { "ml.m5.*": 1 } }]
`);
if ('faults' in parsed) throw new Error('the policy has faults');
const { policy } = parsed;

const START = Date.UTC(2026, 10, 3, 8);
const END = START + 5 * DAY;
const person = PEOPLE.find(({ profile }) => profile === 'noah-fischer')!;
const { domainId, profile } = person;
/** An ml.m5.xlarge, by JupyterLab: $10 are spent after 43 hours and a half. */
const RATE = 230_000;

let aws: EmbeddedAws;
const clock = { now: START };
beforeAll(async () => {
  aws = await startEmbeddedAws({ now: () => clock.now });
  aws.studio.createDomain({ domainId, name: 'lab', at: START });
  aws.studio.createUserProfile({ domainId, name: profile, at: START });
});
afterAll(() => aws.close());

/** A run of the one app, or of another that is beside it. */
function ran(from: number, to: number | undefined, more: Partial<LabRun> = {}): LabRun {
  const app = {
    ...{ domainId, userProfileName: profile, appType: 'JupyterLab', appName: 'default', instanceType: 'ml.m5.xlarge' },
    arn: `arn:${from}`,
  } as LabRun['app'];
  const ended = to === undefined ? {} : { endedAt: to, endedBy: 'its user' as const };
  return { app, person, habit: person.habits[0]!, startedAt: from, until: END, uses: [], ...ended, ...more };
}

/** What a perfect Curfew has on record of runs. */
function perfect(
  runs: LabRun[],
  spoil: (evidence: MoneyEvidence) => Partial<MoneyEvidence> = () => ({}),
): MoneyEvidence {
  const meter = meterOf(aws, runs, END);
  const amount = Math.round(meter.spent(undefined, 0, END));
  const line = { domainId, owner: profile, from: START, to: END, accrued: amount, duration: 0 } as LedgerLine;
  const books: BooksRead = { known: { runs: [], state: {} }, days: [], lines: [line] };
  const scans = Array.from({ length: (END - START) / (5 * MINUTE) }, (_, i) => START + i * 5 * MINUTE);
  const told = [0.5, 1].flatMap((share, i): PastNotice[] => {
    const at = meter.whenSpent(`${domainId}/${profile}`, policy.budgets[0]!.limit * share, 0, END);
    return at === undefined ? [] : [notice(share, at + MINUTE, String(i))];
  });
  const evidence: MoneyEvidence = {
    ...{ aws, policy, runs, meter, books, scans, notices: told, mails: [], missed: [], refused: new Set() },
    ...{ ruleOf: () => undefined, from: START, to: END },
  };
  return { ...evidence, ...spoil(evidence) };
}

function notice(share: number, owedAt: number, id: string): PastNotice {
  const period = { from: Date.UTC(2026, 10, 1), to: Date.UTC(2026, 11, 1) };
  const facts = {
    ...{ kind: 'budget', budget: 'per person', owner: `${domainId}/${profile}`, whose: profile, period },
    ...{ limit: policy.budgets[0]!.limit, crossed: [{ kind: 'spent', share }] },
  };
  return { notice: { id, to: 'noah@example.org', owedAt, facts }, attempts: 1, traces: {} } as unknown as PastNotice;
}

/** What every promise on money says. */
function judge(evidence: MoneyEvidence) {
  return {
    accruals: wrongAccruals(evidence),
    bills: wrongBills(evidence),
    blocks: wrongBlocks(evidence),
    guards: wrongGuards(evidence),
    thresholds: wrongThresholds(evidence),
  };
}
const fine = { accruals: [], bills: [], blocks: [], guards: [], thresholds: [] };
/** Blocked by the scan after the limit was spent for certain. */
const blocked = () => ran(START, START + 45 * HOUR + 3 * MINUTE, { endedBy: 'Curfew' });
const byBudget = { ruleOf: () => 'per person: budget' };

describe('the promises on money, held against the truth', () => {
  it('find nothing where all is as it was', () => {
    expect(judge(perfect([blocked()], () => byBudget))).toEqual(fine);
    expect(judge(perfect([ran(START, START + 10 * HOUR)]))).toEqual(fine);
  });

  it('see a run that was accrued for half an hour too long, unless an event of it was lost', () => {
    const run = ran(START, START + 10 * HOUR);
    const spoiled = perfect([run], ({ books }) => {
      const [line] = books.lines as [LedgerLine];
      return { books: { ...books, lines: [{ ...line, accrued: line.accrued! + RATE / 2 }] } };
    });
    expect(judge(spoiled)).toEqual({ ...fine, accruals: [expect.stringMatching(/\$2\.415000 accrued, \$2\.3/)] });
    expect(judge({ ...spoiled, missed: [{ arn: run.app.arn, at: run.endedAt! }] })).toEqual(fine);
  });

  it('see a micro-dollar that the books have and the bill has not, beyond the rounding of its rows', () => {
    aws.costExplorer.extras.push({ date: '2026-11-03', usage: 'USE1-Train:ml.m5.xlarge', amount: '1.2345678' });
    aws.costExplorer.extras.push({ date: '2026-11-03', usage: 'USE1-Credit', amount: '-9', recordType: 'Credit' });
    const settled = (billed: number) =>
      perfect([], ({ books }) => ({
        books: { ...books, days: [{ date: '2026-11-03', settledAt: END, lines: [{ billed } as LedgerLine] }] },
      }));
    expect(wrongBills(settled(1_234_568))).toEqual([]);
    expect(wrongBills(settled(1_234_567))).toHaveLength(1);
    aws.costExplorer.extras.length = 0;
  });

  it('see an app that outlived a scan after the limit, unless AWS would not let go of it', () => {
    const late = ran(START, START + 46 * HOUR, { endedBy: 'Curfew' });
    const outlived = perfect([late], () => byBudget);
    expect(judge(outlived)).toEqual({ ...fine, blocks: [expect.stringContaining('per person was spent 2026-11-0')] });
    expect(judge({ ...outlived, refused: new Set([late]) })).toEqual(fine);
    const again = ran(START + 50 * HOUR, START + 50 * HOUR + 20 * MINUTE);
    expect(judge(perfect([blocked(), again], () => byBudget)).blocks).toHaveLength(1);
  });

  it('see an app that was stopped for a budget that was not spent', () => {
    const early = ran(START, START + 20 * HOUR, { endedBy: 'Curfew' });
    expect(judge(perfect([early], () => byBudget)).blocks).toEqual([expect.stringContaining('only $4.600000 of $10')]);
  });

  it('see an app that a guardrail stopped and was not beyond it', () => {
    const only = ran(START, START + HOUR, { endedBy: 'Curfew' });
    const ruleOf = () => 'one machine: guardrail';
    expect(judge(perfect([only], () => ({ ruleOf }))).guards).toHaveLength(1);
    const older = ran(START - HOUR, START + 2 * HOUR);
    expect(judge(perfect([older, only], () => ({ ruleOf }))).guards).toEqual([]);
  });

  it.each([
    ['twice', (told: PastNotice[]) => [...told, notice(0.5, END, 'again')], /2 times/],
    ['too early', ([, ...rest]: PastNotice[]) => [notice(0.5, START + HOUR, 'early'), ...rest], /at \$0\.23/],
    ['never', ([first]: PastNotice[]) => [first!], /100 % spent of \$10\.000000: never told/],
  ])('see a threshold that was told %s', (_, spoil, words) => {
    const evidence = perfect([blocked()], ({ notices }) => ({ ...byBudget, notices: spoil(notices) }));
    expect(judge(evidence)).toEqual({ ...fine, thresholds: [expect.stringMatching(words)] });
  });
});
