import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamodbLedger } from '../../src/adapters/dynamodb/ledger.ts';
import { createTable } from '../../src/adapters/dynamodb/table.ts';
import { DAY } from '../../src/domain/time.ts';
import { readTable, TRACE } from './curfew.ts';
import { POLICY, startLab } from './lab.ts';

const BUDGETS = `${POLICY}
prices: { Canvas: 1.90 USD/h }
budgets:
  - { name: per person, for: each owner, period: month, limit: 200 USD }
  - { name: this semester, for: { owner: carol }, period: { from: 2026-09-01, to: 2026-12-20 }, limit: 150 USD }
  - { name: the summer, for: { owner: carol }, period: { from: 2026-06-01, to: 2026-08-31 }, limit: 1 USD }
  - { name: the lab, for: { domain: lab }, period: total, limit: 5000 USD }
`;

let lab: Awaited<ReturnType<typeof startLab>>;
const curfew = (...args: string[]) => lab.curfew([...args, ...lab.now(), '--table', 'curfew']);
const rowsOf = async (...args: string[]) => {
  const { stdout } = await curfew('spend', ...args);
  return stdout.split('\n\n').map(readTable);
};
beforeAll(async () => {
  lab = await startLab();
  await lab.file('curfew.yml', BUDGETS);
  await createTable(lab.dynamodb, 'curfew');
});
afterAll(() => lab.close());

/** What carol has run: three days of ml.g5.xlarge and five hours of Canvas, and what both cost an hour. */
const carols = { spent: 1.41 * (72 + 2 / 60) + 1.9 * (5 + 2 / 60), hourly: 1.41 + 1.9 };
/** And what her month is expected to end at: a day of what runs, then the mean of the nine whole days on record, of which her 63 hours were. */
const expected = carols.spent + carols.hourly * 24 + ((1.41 * 63) / 9) * (6 + (14 + 58 / 60) / 24);
const money = (amount: number) => `$${amount.toFixed(2)}`;

describe('what budgets leave', () => {
  it('is told of the tightest, which is named, with the period that it is of where that is another', async () => {
    const [rows = []] = await rowsOf();
    expect(rows.find(({ OWNER }) => OWNER === 'd-lab/carol')).toMatchObject({
      SPENT: money(carols.spent),
      'AN HOUR': money(carols.hourly),
      LEFT: money(150 - carols.spent),
      'LEFT OF': 'this semester (2026-09-01 to 2026-12-20)',
      'HOURS LEFT': `${((150 - carols.spent) / carols.hourly).toFixed(1)} h`,
    });
    expect(rows.find(({ OWNER }) => OWNER === 'd-lab/alice')).toMatchObject({
      'LEFT OF': 'per person',
      'HOURS LEFT': 'to its end',
    });
  });

  it('is told of every budget that bounds an owner, each by its name', async () => {
    const [whats, budgets] = await rowsOf('--owner', 'carol');
    expect(whats).toHaveLength(2);
    const hours = (limit: number) => `${((limit - carols.spent) / carols.hourly).toFixed(1)} h`;
    expect(budgets).toEqual([
      expect.objectContaining({ BUDGET: 'per person', LIMIT: '$200.00', LEFT: money(200 - carols.spent) }),
      expect.objectContaining({ BUDGET: 'this semester', WHOSE: 'carol', 'HOURS LEFT': hours(150) }),
      // Its domain's: somebody else's app in it has no price.
      expect.objectContaining({ BUDGET: 'the lab', PERIOD: 'total', LEFT: expect.stringMatching(/^at most \$4,/) }),
    ]);
    expect(budgets![0]).toMatchObject({ PERIOD: '2026-11-01 to 2026-11-30', 'HOURS LEFT': hours(200) });
    const { stdout } = await curfew('spend', '--owner', 'carol', '--json');
    const told = JSON.parse(stdout) as { budgets: Record<string, unknown>[] };
    expect(told.budgets.map(({ budget, isAtMost }) => [budget, isAtMost])).toEqual([
      ['per person', false],
      ['this semester', false],
      ['the lab', true],
    ]);
    expect(told.budgets[1]!.hoursLeft).toBeCloseTo((150 - carols.spent) / carols.hourly, 3);
    expect(told.budgets[0]!.forecastUsd).toBeCloseTo(expected, 3);
  });

  it('and what the month is expected to end at: what was spent, what runs now for another day, and the mean of days', async () => {
    const { rows } = JSON.parse((await curfew('spend', '--json')).stdout) as { rows: Record<string, unknown>[] };
    const carol = rows.find(({ name }) => name === 'd-lab/carol')!;
    expect(carol.forecastUsd).toBeCloseTo(expected, 3);
    expect(carol.hoursLeft).toBeCloseTo((150 - carols.spent) / carols.hourly, 3);
    const [head = '', ...lines] = (await curfew('spend', '--csv')).stdout.trim().split('\r\n');
    const cells = lines.find((line) => line.startsWith('d-lab/carol'))!.split(',');
    const cell = (name: string) => cells[head.split(',').indexOf(name)]!;
    expect([cell('budget'), cell('budget_ends'), cell('accrued_corrected_by_percent')]).toEqual([
      'this semester',
      '2026-12-21T00:00:00.000Z',
      '0.0',
    ]);
    expect(Number(cell('hours_left'))).toBeCloseTo((150 - carols.spent) / carols.hourly, 2);
    expect(Number(cell('forecast_usd'))).toBeCloseTo(expected, 3);
  });

  it.each(['2026-10', '2026-12'])('is told of no period but that which goes on: %s', async (period) => {
    const [rows = []] = await rowsOf('--period', period);
    for (const row of rows)
      expect(row).toMatchObject({ 'AN HOUR': '-', FORECAST: '-', LEFT: '-', 'HOURS LEFT': '-', 'LEFT OF': '-' });
    const { stdout, stderr } = await curfew('spend', '--period', period, '--owner', 'carol');
    expect([stdout.includes('BUDGET'), stderr.includes('No budget')]).toEqual([false, false]);
  });
});

describe('what has no price', () => {
  it('is never $0: neither by itself, nor in a sum', async () => {
    const [[qubit = {}] = []] = await rowsOf('--owner', 'bob', '--by', 'what').then((tables) =>
      tables.map((rows) => rows.filter(({ WHAT }) => WHAT === 'ml.q9.qubit')),
    );
    expect(qubit).toMatchObject({
      BILLED: '-',
      ACCRUED: 'no price',
      SPENT: 'no price',
      'AN HOUR': 'no price',
      FORECAST: 'no price',
    });
    const [rows = []] = await rowsOf();
    expect(rows.find(({ OWNER }) => OWNER === 'd-lab/bob')).toMatchObject({
      ACCRUED: expect.stringMatching(/^\$[\d.]+ and more$/),
      SPENT: expect.stringMatching(/^\$[\d.]+ and more$/),
      'AN HOUR': expect.stringMatching(/^\$[\d.]+ and more$/),
      FORECAST: expect.stringMatching(/^\$[\d.]+ and more$/),
      LEFT: expect.stringMatching(/^at most \$1\d\d\.\d\d$/),
      'HOURS LEFT': expect.stringMatching(/^at most /),
    });
    expect((await curfew('spend')).stderr).toMatch(/: \$[\d.,]+ and more, of which \$0\.00 billed/);
  });

  it('is no figure in JSON and CSV', async () => {
    const args = ['spend', '--owner', 'bob'];
    const { rows } = JSON.parse((await curfew(...args, '--json')).stdout) as { rows: Record<string, unknown>[] };
    const qubit = rows.find(({ name }) => name === 'ml.q9.qubit');
    expect(qubit).toMatchObject({ accruedUsd: null, spentUsd: null, usdPerHour: null, isIncomplete: true });
    const { stdout } = await curfew(...args, '--csv');
    expect(stdout).toMatch(/^ml\.q9\.qubit,0\.000000,,,,,,,,,2\.033,0\.0,\r$/m);
  });
});

describe('whose', () => {
  it.each([
    [['--owner', 'zed'], '--owner zed: nobody on record is called "zed": name PROFILE or DOMAIN/PROFILE'],
    [['--owner', 'carrol'], 'did you mean d-lab/carol?'],
    [['--owner', 'alice'], '--owner alice: "alice" is several owners: name one of d-class/alice, d-lab/alice'],
    [['--team', 'foo'], '--team foo: no domain is called "foo"; on record: d-class (class), d-lab (lab)'],
    [['--domain', 'd-lob'], '--domain d-lob: no domain is called "d-lob"; did you mean d-lab (lab)?'],
    [['--owner', 'd-class/bob'], '--owner d-class/bob: nobody on record is called "d-class/bob"'],
    [['--json', '--csv'], '--json and --csv: name one of them'],
    [['--credits', '--owner', 'carol'], '--credits and --owner: AWS gives credits to the account'],
    [['--credits', '--period', '2027-01'], '--credits: that period has not begun yet'],
  ])('%j is refused, with what would be right', async (args, message) => {
    lab.aws.calls.reset();
    const { code, stdout, stderr } = await curfew('spend', ...args);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(message)]);
    expect(stderr).not.toMatch(TRACE);
    expect(lab.aws.calls.count('cost-explorer')).toBe(0);
  });

  it('a domain and a team go by its name as by its id', async () => {
    const byId = await curfew('spend', '--domain', 'd-class');
    expect(readTable(byId.stdout.split('\n\n')[0]!)).toMatchObject([{ OWNER: 'd-class/alice' }]);
    for (const args of [
      ['--domain', 'class'],
      ['--team', 'class'],
      ['--team', 'd-class'],
    ])
      expect((await curfew('spend', ...args)).stdout).toBe(byId.stdout);
    const [, budgets] = await rowsOf('--team', 'lab');
    expect(budgets).toMatchObject([{ BUDGET: 'the lab', WHOSE: 'domain d-lab' }]);
  });

  it('a team by a tag goes by the tag’s value, and a wrong one is told what there is', async () => {
    const budgets = 'budgets: [{ name: trainees, for: each team, period: month, limit: 300 USD }]';
    await lab.file('tags.yml', `${POLICY}team: { tag: curfew }\nprices: { Canvas: 1.90 USD/h }\n${budgets}\n`);
    const spend = (team: string) => curfew('spend', '--policy', 'tags.yml', '--by', 'owner', '--team', team);
    const { code, stdout } = await spend('training');
    const [rows, left] = stdout.split('\n\n').map(readTable);
    expect([code, rows]).toMatchObject([0, [{ OWNER: 'd-lab/carol', SPENT: money(1.41 * (72 + 2 / 60)) }]]);
    expect(left).toMatchObject([
      { BUDGET: 'trainees', WHOSE: 'team training', LEFT: money(300 - 1.41 * (72 + 2 / 60)) },
    ]);
    expect(await spend('trainng')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no team is called "trainng"; did you mean training?'),
    });
    const show = await curfew('budget', 'show', 'team:nobody', '--policy', 'tags.yml');
    expect([show.code, show.stderr]).toEqual([2, expect.stringContaining('on record: exempt, training')]);
  });

  it('one of two who are called so is meant where their domain is named', async () => {
    const { code, stdout } = await curfew('spend', '--owner', 'alice', '--domain', 'class');
    expect([code, readTable(stdout.split('\n\n')[0]!)]).toMatchObject([0, [{ WHAT: 'ml.m5.large' }]]);
  });

  it('whom only SageMaker lists is known, and spent nothing', async () => {
    lab.aws.studio.createUserProfile({ domainId: 'd-lab', name: 'dora' });
    const { code, stderr } = await curfew('spend', '--owner', 'dora');
    expect([code, stderr]).toEqual([0, expect.stringContaining(': $0.00, of which $0.00 billed')]);
  });
});

describe('the bill', () => {
  const place = { account: '111122223333', region: 'us-east-1' };

  it('tells why billed and accrued are not spent, and of unsettled days where there are any', async () => {
    const ledger = dynamodbLedger(lab.dynamodb, 'curfew');
    const day = Math.floor((lab.clock.now - 4 * DAY) / DAY) * DAY;
    const books = {
      ...{ since: day, closedUntil: day + DAY, sums: [], billedAt: lab.clock.now, findings: [] },
      drift: { billed: 10_300_000, accrued: 10_000_000, days: 3 },
    };
    await ledger.keep(place, { ...books, unsettled: [] });
    const told = await curfew('spend');
    expect(told.stderr).toContain('accrued is corrected by +3.0 %: what bills made of earlier estimates.');
    expect(told.stderr).not.toContain('not settled yet');
    expect((await curfew('spend', '--csv')).stdout).toMatch(/^d-lab\/carol,.*,3\.0,list price of /m);
    const json = JSON.parse((await curfew('spend', '--json')).stdout);
    expect(json.drift).toMatchObject({ accruedCorrectedByPercent: 3 });
    // A row expects what its budget of the same period does.
    const rows = (
      json.rows as { forecastUsd: number; leftOf: { budget: string; forecastUsd: number } | null }[]
    ).filter(({ leftOf }) => leftOf?.budget === 'per person');
    expect(rows).toHaveLength(3);
    for (const { forecastUsd, leftOf } of rows) expect(forecastUsd).toBe(leftOf!.forecastUsd);
    await ledger.keep(place, { ...books, unsettled: ['2026-11-18'] });
    expect((await curfew('spend')).stderr).toContain('; 1 closed day not settled yet; ');
  });

  it('has credits of the account, on every form', async () => {
    const usage = 'USE1-Studio:JupyterLab-ml.t3.medium';
    lab.aws.costExplorer.extras.push({ date: '2026-11-20', usage, amount: '-12.5', recordType: 'Credit' });
    const words = 'Credits and refunds of the account from 2026-11-01 until now, in none of these figures: -$12.50.';
    for (const form of [[], ['--csv']]) {
      const { code, stderr } = await curfew('spend', '--credits', ...form);
      expect([code, stderr]).toEqual([0, expect.stringContaining(words)]);
    }
    expect(JSON.parse((await curfew('spend', '--credits', '--json')).stdout)).toMatchObject({ creditsUsd: -12.5 });
  });
});
