import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTable } from '../../src/adapters/dynamodb/table.ts';
import { readTable } from './curfew.ts';
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
    [['grant', 'carol', '50 EUR', '--until', '2099-01-01'], '50 EUR is not an amount such as 50USD or 49.50USD'],
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
