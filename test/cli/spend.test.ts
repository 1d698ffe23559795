import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamodbLedger } from '../../src/adapters/dynamodb/ledger.ts';
import { createTable } from '../../src/adapters/dynamodb/table.ts';
import { HOUR } from '../../src/domain/time.ts';
import { readTable, TRACE } from './curfew.ts';
import { POLICY, startLab } from './lab.ts';

const BUDGETS = `${POLICY}
budgets:
  - { name: per person, for: each owner, period: month, limit: 40 USD, warn-at: [50%], at-limit: block }
  - { name: all of us, for: account, period: { from: 2026-09-01, to: 2027-12-31 }, limit: 1000 USD }
`;

let lab: Awaited<ReturnType<typeof startLab>>;
const curfew = (...args: string[]) => lab.curfew([...args, ...lab.now(), '--table', 'curfew']);
beforeAll(async () => {
  lab = await startLab();
  await lab.file('curfew.yml', BUDGETS);
  await createTable(lab.dynamodb, 'curfew');
  await curfew('scan', '--apply');
});
afterAll(() => lab.close());

const place = { account: '111122223333', region: 'us-east-1' };

describe('spend', () => {
  it('shows what everybody spent, the most first, and what is without a price', async () => {
    const { code, stdout, stderr } = await curfew('spend');
    expect([code, stderr.match(TRACE)]).toEqual([0, null]);
    const rows = readTable(stdout);
    expect(rows[0]).toMatchObject({ OWNER: 'no owner (d-lab)', BILLED: '$0.00' });
    const carol = rows.find(({ OWNER }) => OWNER === 'd-lab/carol')!;
    // The scan has stopped what ran: it was blocked at its limit.
    expect(carol).toMatchObject({ 'AN HOUR': '-', LEFT: expect.stringMatching(/^-\$/), 'HOURS LEFT': '-' });
    expect(rows.find(({ OWNER }) => OWNER === 'd-lab/bob')!['WITHOUT A PRICE']).toMatch(/of ml\.q9\.qubit/);
    expect(stderr).toMatch(/^From 2\d{3}-\d\d-01 to .*: \$.*, of which \$0\.00 billed \(/m);
    expect(stderr).toContain('Incomplete: what has no price is in no sum.');
    expect(stderr).toContain('The books were never closed');
  });

  it('of one owner by what, as CSV and JSON with the same figures', async () => {
    const [csv, json] = [
      await curfew('spend', '--owner', 'd-lab/carol', '--csv'),
      await curfew('spend', '--owner', 'carol', '--json'),
    ];
    const nobody = await curfew('spend', '--owner', 'zed');
    expect([nobody.code, nobody.stderr]).toEqual([0, expect.stringContaining('Nobody on record is called "zed"')]);
    expect(json.stderr).not.toContain('Nobody on record');
    const [head, ...lines] = csv.stdout.trim().split('\r\n');
    expect(head).toBe(
      'name,billed_usd,accrued_usd,spent_usd,usd_per_hour,forecast_usd,budget_left_usd,hours_without_price',
    );
    const { rows, by } = JSON.parse(json.stdout) as { by: string; rows: { name: string; spentUsd: number }[] };
    expect([by, rows.map(({ name }) => name)]).toEqual(['what', ['ml.g5.xlarge', 'Canvas']]);
    expect(lines.map((line) => Number(line.split(',')[3]))).toEqual(rows.map(({ spentUsd }) => spentUsd));
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
    ['--period', '2026-13', '--period 2026-13: not month, week, total, 2026-11, 2026-W47 or 2026-09-01..2026-12-20'],
    ['--period', '2026-W54', '--period 2026-W54: not month, week, total, 2026-11, 2026-W47 or 2026-09-01..2026-12-20'],
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

describe('budget', () => {
  it('lists where every budget stands, the most spent first', async () => {
    const { code, stdout, lines } = await curfew('budget');
    const rows = readTable(stdout);
    expect([code, rows[0]]).toEqual([
      0,
      expect.objectContaining({ BUDGET: 'per person', WHOSE: 'carol', LIMIT: '$40.00', 'AT LIMIT': 'block' }),
    ]);
    expect(rows[0]!.STATE).toMatch(/^over since .*, blocked$/);
    expect(rows.map(({ WHOSE }) => WHOSE)).toContain('the account');
    expect(lines.at(-1)).toMatch(/of 2 budgets, 1 over\.$/);
  });

  it('grants and lifts, and keeps who and why', async () => {
    const granted = await curfew('budget', 'grant', 'carol', '500USD', '--until', '2099-12-31', '--why', "the paper's");
    expect(granted.stdout).toMatch(
      /^\$500\.00 granted to carol until .*, of all budgets, by arn:aws:.*: the paper's\.\n$/,
    );
    expect(readTable((await curfew('budget', 'show', 'carol')).stdout)[0]).toMatchObject({
      LIMIT: '$540.00',
      STATE: 'within',
    });
    const lifted = await curfew('budget', 'lift', 'd-lab/alice', '--budget', 'per person');
    expect(lifted.stdout).toMatch(/^lifted for alice until .*, of budget "per person", by /);
    const { exceptions } = JSON.parse((await curfew('budget', 'show', 'd-lab/alice', '--json')).stdout);
    expect(exceptions).toMatchObject([{ kind: 'lift', budget: 'per person', subject: { name: 'd-lab/alice' } }]);
  });

  it.each([
    [['grant', 'carol', '50 EUR', '--until', '2099-01-01'], '50 EUR: not an amount such as 50USD or 49.50USD'],
    [['grant', 'carol', '50USD'], 'until when? Name the last day with --until 2026-12-31'],
    [['grant', 'carol', '50USD', '--until', '2020-01-01'], '--until 2020-01-01: not the last day of it'],
    [['lift', 'nobody'], 'nobody on record is called "nobody": name DOMAIN/PROFILE'],
    [['lift', 'alice', '--budget', 'per person'], '"alice" is several owners: name one of d-class/alice, d-lab/alice'],
    [['lift', 'domain:d-lab'], 'no budget bounds domain d-lab'],
    [['grant', 'team:d-lab', '50USD', '--until', '2099-01-01'], 'no budget bounds team d-lab'],
    [['lift', 'team:alpha'], "team:alpha: not a domain's id such as d-abcdefghijkl"],
    [['lift', 'carol', '--budget', 'all of us'], 'budget "all of us" does not bound carol'],
    [['lift', 'carol', '--budget', 'x'], '--budget x: the policy\'s budgets are "per person", "all of us"'],
  ])('%j is refused, with what would be right', async (args, message) => {
    const { code, stderr } = await curfew('budget', ...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('is lifted until the last of the budgets ends that bound it, whichever others there are', async () => {
    const { stdout } = await curfew('budget', 'lift', 'd-class/alice', '--why', 'a month');
    expect(stdout).toMatch(/^lifted for alice until .*, of all budgets, by .*: a month\.\n$/);
    expect(stdout).not.toContain('2028');
    expect((await curfew('budget', 'lift', 'account')).stdout).toContain('lifted for the account until 2028-01-01');
    const { exceptions } = JSON.parse((await curfew('budget', 'show', 'account', '--json')).stdout);
    expect(exceptions).toMatchObject([{ kind: 'lift', until: '2028-01-01T00:00:00.000Z' }]);
  });

  it('explain shows what budgets say of an app', async () => {
    const { stdout } = await curfew('explain', 'd-lab/bob/KernelGateway/k1');
    expect(stdout).toMatch(/✓ per person: budget: \$[\d.]+, and more without a price of \$40\.00 spent \(bob\)/);
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
  await ledger.close(place, { date, lines: [carols, nobodys], settledAt: lab.clock.now });
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
});
