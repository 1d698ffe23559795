import { afterAll, beforeAll, expect, it } from 'vitest';
import { dynamodbLedger } from '../../src/adapters/dynamodb/ledger.ts';
import { DAY, MINUTE } from '../../src/domain/time.ts';
import { readTable, TRACE } from './curfew.ts';
import { POLICY, type startLab, startMoneyLab } from './lab.ts';

const BUDGETS = `${POLICY}
budgets:
  - { name: per person, for: each owner, period: month, limit: 40 USD, at-limit: block }
  - { name: carol for good, for: { owner: carol }, period: total, limit: 900 USD }
`;

let lab: Awaited<ReturnType<typeof startLab>>;
const curfew = async (...args: string[]) => {
  const ran = await lab.curfew([...args, ...lab.now(), '--table', 'curfew']);
  expect(ran.stderr).not.toMatch(TRACE);
  lab.clock.now += MINUTE;
  return ran;
};
const standingOf = async (whose: string, budget: string) =>
  readTable((await curfew('budget', 'show', whose)).stdout).find(({ BUDGET }) => BUDGET === budget)!;
beforeAll(async () => {
  lab = await startMoneyLab(BUDGETS);
  lab.clock.now += MINUTE;
});
afterAll(() => lab.close());

const grant = ['budget', 'grant', 'carol', '50USD', '--until', '2027-06-30', '--budget', 'per person'];

it('a grant says what the limit is now, whether its subject is still over, and that each month has it', async () => {
  const { code, stderr } = await curfew(...grant);
  expect(code).toBe(0);
  expect(stderr).toContain('It raises the limit of each month until then by $50.00, not of all of them together.');
  expect(stderr).toMatch(
    /The limit of budget "per person" is now \$90\.00, of which \$1\d\d\.\d\d and more is spent: still over since \d\d:\d\d, blocked\./,
  );
  expect(stderr).not.toContain('granted before');
  const short = await curfew('budget', 'grant', 'd-lab/bob', '7.5USD', '--until', '2026-11-25');
  expect(short.stderr).not.toContain('each month');
  expect(short.stderr).toMatch(/is now \$47\.50, of which \$[\d.]+ and more is spent\.$/m);
});

it('the same grant once more says that it adds to the one before, and so does another', async () => {
  const again = await curfew(...grant);
  expect(again.stderr).toMatch(
    /The same was granted before, at 09:03 by arn:aws.*: this adds to it\. `curfew budget revoke`/,
  );
  expect(again.stderr).toContain('is now $140.00');
  const other = await curfew(...grant.with(3, '60USD'));
  expect(other.stderr).toContain('It adds to $100.00 that was granted before.');
  expect(await standingOf('carol', 'per person')).toMatchObject({
    LIMIT: '$200.00, $160.00 of it granted',
    STATE: 'within',
  });
});

it('the same lift once more is not recorded', async () => {
  await curfew('budget', 'lift', 'carol', '--budget', 'carol for good');
  const { code, stdout, stderr } = await curfew('budget', 'lift', 'carol', '--budget', 'carol for good');
  expect([code, stdout]).toEqual([0, '']);
  expect(stderr).toContain(
    'Nothing is recorded of budget "carol for good", since it is so already: lifted for carol for good',
  );
});

it('what is granted and lifted of one budget is taken back, with who, when and why', async () => {
  const { code, stdout, stderr } = await curfew(
    'budget',
    'revoke',
    'carol',
    '--budget',
    'per person',
    '--why',
    'no paper',
  );
  expect(code).toBe(0);
  expect(stdout.match(/^Taken back: \$(50|60)\.00 granted to carol until 2027-07-01/gm)).toHaveLength(3);
  expect(stderr).toMatch(
    /The limit of budget "per person" is now \$40\.00, of which .* spent: over since .*, blocked\./,
  );
  expect(await standingOf('carol', 'carol for good')).toMatchObject({ STATE: 'lifted for good' });
  const shown = await curfew('budget', 'show', 'carol');
  expect(shown.stderr).toMatch(
    /^\$60\.00 granted to carol until 09:\d\d, of budget "per person", by arn:.*; taken back then by arn:.*: no paper\.$/m,
  );
  const { exceptions } = JSON.parse((await curfew('budget', 'show', 'carol', '--json')).stdout);
  expect(exceptions[0]).toMatchObject({ revoked: { why: 'no paper', until: '2027-07-01T00:00:00.000Z' } });
  expect((await curfew('budget')).stderr).not.toContain('granted to carol');
});

it('and all of it, where no budget is named; also what holds for all budgets', async () => {
  const exception = { kind: 'lift' as const, subject: { kind: 'owner' as const, name: 'd-lab/carol' } };
  const place = { account: '111122223333', region: 'us-east-1' };
  const at = lab.clock.now - MINUTE;
  await dynamodbLedger(lab.dynamodb, 'curfew').except(place, { ...exception, at, until: at + DAY, by: 'ann' });
  const one = await curfew('budget', 'revoke', 'carol', '--budget', 'per person');
  expect([one.code, one.stderr]).toEqual([2, expect.stringContaining('leave out --budget to take all back')]);
  const { code, stdout } = await curfew('budget', 'revoke', 'carol');
  expect([code, stdout.match(/^Taken back: lifted for carol/gm)]).toMatchObject([0, { length: 2 }]);
  expect(await standingOf('carol', 'carol for good')).toMatchObject({ STATE: 'within' });
});

it('whom only a grant names can be shown and taken back', async () => {
  const at = lab.clock.now - MINUTE;
  await dynamodbLedger(lab.dynamodb, 'curfew').except(
    { account: '111122223333', region: 'us-east-1' },
    {
      ...{ kind: 'grant', amount: 5_000_000, at, until: at + DAY, by: 'ann' },
      subject: { kind: 'owner', name: 'd-x/typo' },
    },
  );
  expect((await curfew('budget', 'show', 'd-x/typo')).stderr).toContain('$5.00 granted to typo');
  expect((await curfew('budget', 'revoke', 'd-x/typo')).code).toBe(0);
});

it.each([
  [['revoke', 'carol'], 'nothing is granted to carol, or lifted for it'],
  [['revoke', 'zed'], 'nobody on record is called "zed"'],
  [
    ['grant', 'carol', '-5USD', '--until', '2026-12-31'],
    'error: -5USD: more than 0 is granted, never taken; `curfew budget revoke`',
  ],
  [['grant', 'carol', '5USD', '--untill', '2026-12-31'], "error: unknown option '--untill'"],
])('%j is refused, with what would be right', async (args, message) => {
  const { code, stderr } = await curfew('budget', ...args);
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
});

it('help says what grant needs', async () => {
  expect((await lab.curfew(['budget', 'grant', '--help'])).stdout).toContain('needed: the last day of it');
});
