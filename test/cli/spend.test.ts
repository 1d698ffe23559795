import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamodbLedger } from '../../src/adapters/dynamodb/ledger.ts';
import { HOUR } from '../../src/domain/time.ts';
import { readTable, TRACE } from './curfew.ts';
import { POLICY, type startLab, startMoneyLab } from './lab.ts';

const BUDGETS = `${POLICY}
budgets:
  - { name: per person, for: each owner, period: month, limit: 40 USD, warn-at: [50%], at-limit: block }
  - { name: all of us, for: account, period: { from: 2026-09-01, to: 2027-12-31 }, limit: 1000 USD }
`;

let lab: Awaited<ReturnType<typeof startLab>>;
const curfew = (...args: string[]) => lab.curfew([...args, ...lab.now(), '--table', 'curfew']);
beforeAll(async () => {
  lab = await startMoneyLab(BUDGETS);
});
afterAll(() => lab.close());

const BUNDLED = 'list price of 2026-09-24 (as it came with Curfew)';
const place = { account: '111122223333', region: 'us-east-1' };

describe('spend', () => {
  it('shows what everybody spent, the most first, and what is without a price', async () => {
    const { code, stdout, stderr } = await curfew('spend');
    expect([code, stderr.match(TRACE)]).toEqual([0, null]);
    const rows = readTable(stdout);
    expect(rows[0]).toMatchObject({ OWNER: 'no owner (d-lab)', BILLED: '$0.00' });
    const carol = rows.find(({ OWNER }) => OWNER === 'd-lab/carol')!;
    // The scan has stopped what ran: it was blocked at its limit.
    expect(carol).toMatchObject({ 'AN HOUR': '-', LEFT: expect.stringMatching(/^at most -\$/), 'HOURS LEFT': 'none' });
    expect(rows.find(({ OWNER }) => OWNER === 'd-lab/bob')!['WITHOUT A PRICE']).toMatch(/of ml\.q9\.qubit/);
    expect(stderr).toMatch(/^From 2\d{3}-\d\d-01 to .*: \$.*, of which \$0\.00 billed; the rest is estimated at list/m);
    expect(stderr).toContain(`estimated at ${BUNDLED}.`);
    expect(stderr).toContain('Incomplete: what has no price is in no sum.');
    expect(stderr).toContain('The books were never closed');
  });

  it('of one owner by what, as CSV and JSON with the same figures', async () => {
    const [csv, json] = [
      await curfew('spend', '--owner', 'd-lab/carol', '--csv'),
      await curfew('spend', '--owner', 'carol', '--json'),
    ];
    const [head, ...lines] = csv.stdout.trim().split('\r\n');
    expect(head).toBe(
      'name,billed_usd,accrued_usd,spent_usd,usd_per_hour,forecast_usd,budget,budget_ends,budget_left_usd,hours_left,hours_without_price,accrued_corrected_by_percent,accrued_at',
    );
    expect(lines.map((line) => line.split(',').at(-1))).toEqual([BUNDLED, '']);
    const { rows, by } = JSON.parse(json.stdout) as { by: string; rows: { name: string; spentUsd: number }[] };
    expect([by, rows.map(({ name }) => name)]).toEqual(['what', ['ml.g5.xlarge', 'Canvas']]);
    // Canvas is in no list: without a price there is no figure.
    expect(lines.map((line) => line.split(',')[3])).toEqual([rows[0]!.spentUsd.toFixed(6), '']);
    expect(rows[1]!.spentUsd).toBeNull();
    expect(rows[0]!.spentUsd).toBeCloseTo(1.41 * (72 + 2 / 60), 4);
  });

  it('of a week by its name is that of its days', async () => {
    const asked = async (period: string) => {
      const { rows } = JSON.parse((await curfew('spend', '--period', period, '--json')).stdout) as { rows: object[] };
      return rows;
    };
    expect(await asked('2026-W47')).toEqual(await asked('2026-11-16..2026-11-22'));
  });

  it.each([
    ['--period', '2026-13', '--period 2026-13: there is no such month; they are 01 to 12'],
    ['--period', '2026-W54', '--period 2026-W54: there is no such week; those of 2026 are 2026-W01 to 2026-W53'],
    ['--period', '2025-W53', '--period 2025-W53: there is no such week; those of 2025 are 2025-W01 to 2025-W52'],
    ['--period', '2026-02-30..2026-03-01', '--period 2026-02-30..2026-03-01: there is no day 2026-02-30'],
    ['--period', '2026-12-20..2026-09-01', 'it ends (2026-09-01) before it begins (2026-12-20)'],
    ['--period', 'year', '--period year: not month, week, total, 2026-11, 2026-W47 or 2026-09-01..2026-12-20'],
    ['--by', 'colour', "argument 'colour' is invalid. Allowed choices are owner, team, domain, what, day."],
  ])('%s %s is refused, with what would be right', async (flag, value, message) => {
    const { code, stderr } = await curfew('spend', flag, value);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('needs a table', async () => {
    const { code, stderr } = await lab.curfew(['spend', ...lab.now()]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('`spend` needs a table')]);
  });
});

it('shows the bill beside the estimate once the books are closed', async () => {
  const ledger = dynamodbLedger(lab.dynamodb, 'curfew');
  const day = Math.floor((lab.clock.now - 72 * HOUR) / (24 * HOUR)) * 24 * HOUR;
  const date = new Date(day).toISOString().slice(0, 10);
  const line = { from: day, to: day + 24 * HOUR, what: 'ml.g5.xlarge', usage: 'Studio:JupyterLab-ml.g5.xlarge' };
  const nobodys = {
    ...line,
    what: 'Train:ml.p3.2xlarge',
    usage: 'Train:ml.p3.2xlarge',
    duration: 0,
    billed: 2_500_000,
  };
  const carols = { ...line, domainId: 'd-lab', owner: 'carol', duration: HOUR, accrued: 1_410_000, billed: 1_370_000 };
  const { billed: _, ...own } = { ...carols, owner: 'dave', isPolicys: true as const };
  await ledger.close(place, { date, lines: [carols, nobodys, own], settledAt: lab.clock.now });
  await ledger.keep(place, {
    since: day,
    closedUntil: day + 24 * HOUR,
    sums: [],
    unsettled: [],
    drift: { billed: 1_370_000, accrued: 1_410_000, days: 1 },
    billedAt: lab.clock.now,
    findings: ['Activate the tags.'],
  });
  const { stdout, stderr } = await curfew('spend', '--period', 'total');
  const rows = readTable(stdout);
  expect(rows.find(({ OWNER }) => OWNER === 'd-lab/carol')).toMatchObject({ BILLED: '$1.37' });
  expect(rows.find(({ OWNER }) => OWNER === 'unattributed')).toMatchObject({ BILLED: '$2.50', SPENT: '$2.50' });
  expect(stderr).toContain("Unattributed, because AWS's bill names no owner: $2.50 of Train:ml.p3.2xlarge.");
  expect(stderr).toContain('the bill is 2.8 % below the estimate, over 1 day.');
  expect(stderr).toContain('Activate the tags.');
  // Nothing runs at the policy's price any more, and the policy may name none: what was reckoned at it was.
  expect(stderr).toContain(`the rest is estimated at ${BUNDLED} and the policy's price.`);
  const json = JSON.parse((await curfew('spend', '--period', 'total', '--json')).stdout);
  const bases = (json.rows as { name: string; basis: string | null }[]).map(({ name, basis }) => [name, basis]);
  expect(Object.fromEntries(bases)).toMatchObject({
    ...{ 'd-lab/dave': "the policy's price", 'd-lab/carol': BUNDLED, unattributed: null },
  });
});
