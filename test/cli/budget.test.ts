import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTable, TRACE } from './curfew.ts';
import { POLICY, type startLab, startMoneyLab } from './lab.ts';

const BUDGETS = `${POLICY}
budgets:
  - { name: per person, for: each owner, period: month, limit: 40 USD, warn-at: [50%], at-limit: block }
  - { name: all of us, for: account, period: { from: 2026-09-01, to: 2027-12-31 }, limit: 1000 USD }
  - { name: carol for good, for: { owner: carol }, period: total, limit: 900 USD }
  - { name: last term, for: { owner: bob }, period: { from: 2026-03-01, to: 2026-07-31 }, limit: 1 USD }
  - { name: next term, for: { owner: bob }, period: { from: 2027-03-01, to: 2027-07-31 }, limit: 1 USD }
  - { name: typo, for: { owner: bbo }, period: month, limit: 1 USD }
  - { name: the lab, for: { domain: lab }, period: month, limit: 2000 USD, at-limit: stop }
`;

let lab: Awaited<ReturnType<typeof startLab>>;
const curfew = (...args: string[]) => lab.curfew([...args, ...lab.now(), '--table', 'curfew']);
const standingOf = async (whose: string, budget: string) => {
  const { stdout } = await curfew('budget', 'show', whose);
  return readTable(stdout).find(({ BUDGET }) => BUDGET === budget)!;
};
beforeAll(async () => {
  lab = await startMoneyLab(BUDGETS);
});
afterAll(() => lab.close());

describe('list', () => {
  it('shows where every budget stands, the most spent first', async () => {
    const { code, stdout, lines } = await curfew('budget');
    const rows = readTable(stdout);
    expect([code, rows[0]]).toEqual([
      0,
      expect.objectContaining({ BUDGET: 'per person', WHOSE: 'carol', LIMIT: '$40.00', 'AT LIMIT': 'block' }),
    ]);
    expect(rows[0]!.STATE).toMatch(/^over since .*, blocked$/);
    expect(rows.map(({ WHOSE }) => WHOSE)).toContain('the account');
    expect(lines.at(-1)).toMatch(/of 7 budgets, 1 over\.$/);
    const basis = 'list price of 2026-09-24 (as it came with Curfew)';
    expect(lines.at(-2)).toBe(`What is not billed yet is estimated at ${basis}.`);
    const { budgets } = JSON.parse((await curfew('budget', '--json')).stdout) as { budgets: { basis: string }[] };
    expect(budgets[0]).toMatchObject({ basis });
  });

  it('names two who share a name with their domain', async () => {
    const whose = readTable((await curfew('budget')).stdout).map(({ WHOSE }) => WHOSE);
    expect(whose).toEqual(expect.arrayContaining(['d-class/alice', 'd-lab/alice', 'bob']));
  });
});

describe('show', () => {
  it.each([
    ['d-nosuchnosuch/nobody', 'nobody on record is called "d-nosuchnosuch/nobody"'],
    ['d-class/carol', 'nobody on record is called "d-class/carol"'],
    ['domain:d-nosuchnosuch', 'no domain is called "d-nosuchnosuch"; on record: d-class (class), d-lab (lab)'],
    ['team:labb', 'no domain is called "labb"; did you mean d-lab (lab)?'],
  ])('of %s, whom nobody knows, is refused: that is no "has spent nothing"', async (whose, message) => {
    const { code, stdout, stderr } = await curfew('budget', 'show', whose);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(message)]);
  });

  it('of a domain goes by its name as by its id', async () => {
    const byId = await curfew('budget', 'show', 'domain:d-lab');
    expect(readTable(byId.stdout)).toMatchObject([{ BUDGET: 'the lab', WHOSE: 'domain d-lab' }]);
    expect((await curfew('budget', 'show', 'domain:lab')).stdout).toBe(byId.stdout);
    expect((await curfew('budget', 'show', 'team:lab')).stderr).toContain('No budget bounds team d-lab');
  });
});

describe('grant and lift', () => {
  it('keep who and why, and what was not said is not there', async () => {
    const granted = await curfew('budget', 'grant', 'd-lab/bob', '500USD', '--until', '2026-12-31', '--why', 'a paper');
    expect(granted.stdout).toMatch(
      /^\$500\.00 granted to bob until 2027-01-01 00:00, of budget "per person", by arn:aws:.*: a paper\.$/m,
    );
    expect(await standingOf('bob', 'per person')).toMatchObject({ STATE: 'within' });
    const lifted = await curfew('budget', 'lift', 'd-lab/alice', '--budget', 'per person');
    expect(lifted.stdout).toMatch(/^lifted for d-lab\/alice until .*, of budget "per person", by [^ ]*\.$/m);
    const { exceptions } = JSON.parse((await curfew('budget', 'show', 'd-lab/alice', '--json')).stdout);
    expect(exceptions).toMatchObject([{ kind: 'lift', budget: 'per person', subject: { name: 'd-lab/alice' } }]);
    expect(exceptions[0]).not.toHaveProperty('why');
  });

  it('lift each budget until its own period ends: a month is not lifted for good with a total', async () => {
    const { code, stdout, stderr } = await curfew('budget', 'lift', 'carol', '--why', 'demo');
    expect([code, stderr.match(TRACE)]).toEqual([0, null]);
    expect(stdout).toMatch(/^lifted for carol until 2026-12-01 00:00, of budget "per person", by .*: demo\.$/m);
    expect(stdout).toMatch(/^lifted for carol for good, of budget "carol for good", by .*: demo\.$/m);
    expect(await standingOf('carol', 'per person')).toMatchObject({ STATE: 'lifted until 2026-12-01 00:00' });
    expect(await standingOf('carol', 'carol for good')).toMatchObject({ STATE: 'lifted for good' });
    const { budgets, exceptions } = JSON.parse((await curfew('budget', 'show', 'carol', '--json')).stdout);
    expect(exceptions.map(({ until }: { until: string | null }) => until).sort()).toEqual([
      '2026-12-01T00:00:00.000Z',
      null,
    ]);
    expect(budgets.map(({ lifted }: { lifted: { until: string | null } }) => lifted.until)).toEqual([
      '2026-12-01T00:00:00.000Z',
      null,
    ]);
    expect((await curfew('budget')).code).toBe(0);
  });

  it('know whom only SageMaker lists: a grant may come before the first app', async () => {
    lab.aws.studio.createUserProfile({ domainId: 'd-lab', name: 'dora' });
    const { code, stdout } = await curfew('budget', 'grant', 'dora', '5 usd', '--until', '2026-12-31');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^\$5\.00 granted to dora until /)]);
  });

  it.each([
    [['grant', 'carol', '50 EUR', '--until', '2099-01-01'], '50 EUR is not an amount such as 50USD or 49.50USD'],
    [['grant', 'carol', '0USD', '--until', '2099-01-01'], '0USD must be more than 0; write an amount such as 50USD'],
    [['grant', 'carol', '50USD'], 'until when? Name the last day with --until 2026-12-31'],
    [['grant', 'carol', '50USD', '--until', '2020-01-01'], '--until 2020-01-01: not the last day of it'],
    [['grant', 'carol', '50USD', '--until', '9999-12-31'], '--until 9999-12-31: too far; name a day before 9999-01-01'],
    [['grant', 'd-nosuchnosuch/nobody', '5USD', '--until', '2099-01-01'], 'nobody on record is called "d-nosuch'],
    [['grant', 'd-lab/carrol', '5USD', '--until', '2099-01-01'], 'did you mean d-lab/carol?'],
    [['lift', 'nobody'], 'nobody on record is called "nobody": name PROFILE, DOMAIN/PROFILE'],
    [['lift', 'alice', '--budget', 'per person'], '"alice" is several owners: name one of d-class/alice, d-lab/alice'],
    [['lift', 'domain:class'], 'no budget bounds domain d-class'],
    [['grant', 'team:d-lab', '50USD', '--until', '2099-01-01'], 'no budget bounds team d-lab'],
    [['lift', 'team:alpha'], 'no domain is called "alpha"; on record: d-class (class), d-lab (lab)'],
    [['lift', 'carol', '--budget', 'all of us'], 'budget "all of us" does not bound carol'],
    [['lift', 'bob', '--budget', 'last term'], 'budget "last term" ended on 2026-07-31: it acts no more'],
    [['grant', 'bob', '5USD', '--until', '2099-01-01', '--budget', 'last term'], 'ended on 2026-07-31'],
    [['lift', 'carol', '--budget', 'x'], '--budget x: the policy\'s budgets are "per person", "all of us"'],
  ])('%j is refused, with what would be right', async (args, message) => {
    const { code, stderr } = await curfew('budget', ...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(stderr).not.toMatch(TRACE);
  });
});

it('explain shows what budgets say of an app', async () => {
  const { stdout } = await curfew('explain', 'd-lab/bob/KernelGateway/k1');
  expect(stdout).toMatch(/✓ per person: budget: \$[\d.]+, and more without a price of \$540\.00 spent \(bob\)/);
});

describe('what a state says', () => {
  it('a term that is over has ended, one to come begins; and a budget that stands nowhere is named', async () => {
    expect(await standingOf('bob', 'last term')).toMatchObject({ STATE: 'ended' });
    expect(await standingOf('bob', 'next term')).toMatchObject({ STATE: 'begins 2027-03-01' });
    const { stderr } = await curfew('budget');
    expect(stderr).toContain(
      'Budget "typo" stands nowhere: it bounds nobody who spent or runs anything (owner bbo; is it misspelt?).',
    );
    expect(JSON.parse((await curfew('budget', '--json')).stdout)).toMatchObject({ withoutStanding: ['typo'] });
  });

  it('exceptions in force stand beneath the table, and a limit says what of it is granted', async () => {
    const { stdout, stderr } = await curfew('budget');
    const bobs = readTable(stdout).find(({ BUDGET, WHOSE }) => BUDGET === 'per person' && WHOSE === 'bob');
    expect(bobs).toMatchObject({ LIMIT: '$540.00, $500.00 of it granted' });
    expect(stderr).toMatch(/^\$500\.00 granted to bob until .*: a paper\.$/m);
  });

  it('shares are rounded down, and what was told is an object', async () => {
    await lab.file(
      'curfew.yml',
      BUDGETS.replace('limit: 2000 USD, at-limit', 'limit: 500 USD, warn-at: [50%], at-limit'),
    );
    await curfew('scan', '--apply');
    const { budgets } = JSON.parse((await curfew('budget', 'show', 'domain:lab', '--json')).stdout);
    const [{ spentUsd, told }] = budgets as [{ spentUsd: number; told: object[] }];
    expect(told).toEqual([{ kind: 'spent', share: 0.5, limitUsd: 500 }]);
    const { SHARE } = await standingOf('domain:lab', 'the lab');
    expect([SHARE, Math.round(spentUsd / 5) > Math.floor(spentUsd / 5)]).toEqual([
      `${Math.floor(spentUsd / 5)} % and more`,
      true,
    ]);
  });

  it('says what holds a budget: the mode, or a pause', async () => {
    const over = `${BUDGETS.replace('limit: 2000 USD', 'limit: 1 USD')}`;
    await lab.file('curfew.yml', over.replace('mode: enforce', 'mode: warn'));
    expect(await standingOf('domain:lab', 'the lab')).toMatchObject({
      STATE: expect.stringMatching(/^over(?! .*blocked).*; nothing is stopped: mode warn$/),
    });
    expect((await curfew('budget')).stderr).toContain('In mode warn no budget stops anything.');
    await lab.file('curfew.yml', over);
    expect(await standingOf('domain:lab', 'the lab')).toMatchObject({ STATE: expect.stringMatching(/^over[^;]*$/) });
    await curfew('pause', '--until', '4h');
    expect(await standingOf('domain:lab', 'the lab')).toMatchObject({
      STATE: expect.stringMatching(/; nothing is stopped: Curfew is paused$/),
    });
    expect((await curfew('budget')).stderr).toContain(
      'Curfew is paused: no budget stops anything until it is resumed.',
    );
    await curfew('resume');
  });
});
