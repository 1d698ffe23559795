import { beforeEach, describe, expect, it } from 'vitest';
import type { Books, Ledger, Runs } from '../../src/application/ports.ts';
import { type BudgetMark, type Exception, overMark, overSince } from '../../src/domain/budget.ts';
import type { LedgerDay, LedgerLine } from '../../src/domain/ledger.ts';
import { newRun } from '../../src/domain/run.ts';
import type { OwnerSpend, Spending } from '../../src/domain/spending.ts';
import { DAY, HOUR } from '../../src/domain/time.ts';

export const place = { account: '111122223333', region: 'us-east-1' };
const elsewhere = { ...place, region: 'eu-west-1' };
const at = (date: string) => Date.parse(date);

const line: LedgerLine = {
  from: at('2026-11-30'),
  to: at('2026-12-01'),
  domainId: 'd-lab',
  owner: 'alice',
  team: 'alpha',
  what: 'ml.g5.xlarge',
  usage: 'Studio:JupyterLab-ml.g5.xlarge',
  duration: HOUR,
  accrued: 1_410_000,
};
export const dayOf = (date: string, over: Partial<LedgerDay> = {}): LedgerDay => ({
  date,
  lines: [{ ...line, from: at(date), to: at(date) + DAY }],
  ...over,
});

/** Names of letters that take three bytes each. */
const crowd = (count: number) => Array.from({ length: count }, (_, i) => `${'ユーザー'.repeat(15)}${i}`);
/** Thousands of lines, of long names: far more than an item holds. */
export const crowded = (count = 4000): LedgerLine[] =>
  crowd(count).map((owner, i) => ({ ...line, owner, accrued: i, billed: 9 - i, isReckoned: true, isPolicys: true }));

const total = { from: 0, to: Number.POSITIVE_INFINITY };
const month = { from: at('2026-11-01T04:00:00Z'), to: at('2026-12-01T05:00:00Z') };
const spend = (owner: string, billed = 1): OwnerSpend => {
  return { domainId: 'd-lab', owner, billed, accrued: 2, recent: 3, unpriced: { 'ml.x9.large': HOUR } };
};
export const sumOver = (period: Spending['period'], owners: OwnerSpend[]): Spending => {
  return { period, closedUntil: at('2026-11-29'), trendDays: 7, owners };
};
export const books = (sums: Spending[], over: Partial<Books> = {}): Books => ({
  since: at('2026-11-01'),
  closedUntil: at('2026-11-29'),
  sums,
  unsettled: ['2026-11-27', '2026-11-28'],
  drift: { billed: 97, accrued: 100, days: 3 },
  findings: ['Activate the tags.'],
  ...over,
});
export const wide = crowd(2500).map((owner, i) => spend(owner, i));

export const mark = (over: Partial<BudgetMark> = {}): BudgetMark => ({
  budget: 'per person',
  subject: { kind: 'owner', name: 'd-lab/alice' },
  period: month,
  told: ['spent 0.5 of 100000000'],
  over: [],
  ...over,
});

const grant: Exception = {
  kind: 'grant',
  budget: 'per person',
  subject: { kind: 'owner', name: 'd-lab/alice' },
  amount: 50_000_000,
  at: at('2026-11-20T10:00:00Z'),
  until: at('2026-11-30'),
  by: 'arn:aws:iam::111122223333:user/ann',
  why: 'the paper’s deadline',
};

/** What every ledger must do. `make` gives an empty one, and the record of runs that it is loaded with. */
export function ledgerContract(name: string, make: () => Promise<{ ledger: Ledger; runs: Runs }>): void {
  describe(`Ledger, ${name}`, () => {
    let ledger: Ledger;
    let runs: Runs;
    const load = (of = place) => runs.load(of);
    beforeEach(async () => {
      ({ ledger, runs } = await make());
    });

    describe('days', () => {
      const dates = async (from: number, to: number, of = place) =>
        (await ledger.days(of, from, to)).map(({ date }) => date);
      const ALL = [at('2026-01-01'), at('2027-12-31')] as const;

      it('there are none before the first is closed', async () => expect(await ledger.days(place, ...ALL)).toEqual([]));

      it('gives back a day as it was closed, with all that it holds', async () => {
        const full = dayOf('2026-11-30', {
          settledAt: at('2026-12-04T06:00:00Z'),
          foreign: [{ usage: 'Studio:JupyterLab-ml.t3.medium', amount: '0.40', currency: 'EUR' }],
          isUnseen: true as const,
        });
        const nobodys: LedgerLine = { from: 1, to: 2, what: 'x', usage: 'Train:x', duration: 0, billed: -5 };
        full.lines.push(nobodys);
        await ledger.close(place, full);
        expect(await ledger.days(place, ...ALL)).toEqual([full]);
      });

      it('a day on which nothing was spent is closed too', async () => {
        await ledger.close(place, dayOf('2026-11-30', { lines: [] }));
        expect(await ledger.days(place, ...ALL)).toEqual([{ date: '2026-11-30', lines: [] }]);
      });

      it('come in order, those that begin in the range and no others, over edges of months and years', async () => {
        const all = ['2027-01-01', '2026-10-31', '2026-12-31', '2026-11-01', '2026-11-30', '2026-12-01'];
        for (const date of all) await ledger.close(place, dayOf(date));
        expect(await dates(...ALL)).toEqual([...all].sort());
        expect(await dates(at('2026-11-01'), at('2026-12-01'))).toEqual(['2026-11-01', '2026-11-30']);
        expect(await dates(at('2026-11-01') + 1, at('2026-12-01') + 1)).toEqual(['2026-11-30', '2026-12-01']);
        expect(await dates(at('2026-10-31'), at('2026-11-01'))).toEqual(['2026-10-31']);
        expect(await dates(at('2026-12-31'), at('2027-01-02'))).toEqual(['2026-12-31', '2027-01-01']);
        expect(await dates(at('2026-11-30'), at('2026-11-30'))).toEqual([]);
        expect(await dates(at('2026-12-01'), at('2026-11-01'))).toEqual([]);
      });

      it('a day that is closed again is what it was closed as last', async () => {
        await ledger.close(place, dayOf('2026-11-30', { lines: crowded() }));
        await ledger.close(place, dayOf('2026-11-30', { settledAt: 5 }));
        expect(await ledger.days(place, ...ALL)).toEqual([dayOf('2026-11-30', { settledAt: 5 })]);
        await ledger.close(place, dayOf('2026-11-30', { lines: [] }));
        expect(await ledger.days(place, ...ALL)).toEqual([{ date: '2026-11-30', lines: [] }]);
      });

      it('thousands of lines of long names come back whole and in order', async () => {
        const lines = crowded();
        await ledger.close(place, dayOf('2026-11-30', { lines, settledAt: 5 }));
        const [day] = await ledger.days(place, ...ALL);
        expect(day!.lines).toEqual(lines);
      });

      it('two that close a day at once leave one of it', async () => {
        await Promise.all([1, 2, 3].map((settledAt) => ledger.close(place, dayOf('2026-11-30', { settledAt }))));
        const days = await ledger.days(place, ...ALL);
        expect(days).toHaveLength(1);
        expect(days[0]!.lines).toHaveLength(1);
      });

      it('are each account’s and region’s own, and no runs', async () => {
        await ledger.close(elsewhere, dayOf('2026-11-30'));
        await ledger.close({ ...place, account: '999988887777' }, dayOf('2026-11-30'));
        expect(await dates(...ALL)).toEqual([]);
        expect(await dates(...ALL, elsewhere)).toEqual(['2026-11-30']);
        expect(await load(elsewhere)).toEqual({ runs: [], state: {} });
      });
    });

    describe('books', () => {
      it('are loaded with the runs, and taken for none', async () => {
        expect(await load()).not.toHaveProperty('books');
        const app = { ...place, domainId: 'd-lab', spaceName: 'lab', appType: 'JupyterLab', appName: 'default' };
        await runs.open(newRun(app, 1));
        const kept = books([sumOver(month, [spend('alice'), spend('bob')])], {
          billedAt: 7,
          awsForecast: { amount: 5, from: 6, period: month },
        });
        await ledger.keep(place, kept);
        const loaded = await load();
        expect(loaded.books).toEqual(kept);
        expect(loaded.runs).toHaveLength(1);
        expect(await load(elsewhere)).not.toHaveProperty('books');
      });

      it('hold several sums of any size, and one of all time', async () => {
        const kept = books([
          sumOver(month, wide),
          sumOver(total, [...wide].reverse()),
          sumOver({ from: 1, to: 2 }, []),
        ]);
        await ledger.keep(place, kept);
        expect((await load()).books).toEqual(kept);
      });

      it('are what was kept last, in more or fewer pieces', async () => {
        await ledger.keep(place, books([sumOver(month, wide), sumOver(total, wide)]));
        const next = books([sumOver(month, [spend('alice')])], { unsettled: [], closedUntil: at('2026-11-30') });
        await ledger.keep(place, next);
        expect((await load()).books).toEqual(next);
        await ledger.keep(place, books([]));
        expect((await load()).books).toEqual(books([]));
      });
    });

    describe('marks', () => {
      const marks = async () => (await load()).marks;

      it('there are none before the first', async () => expect(await load()).not.toHaveProperty('marks'));

      it('what was told adds up, each once', async () => {
        await ledger.mark(place, mark());
        await ledger.mark(place, mark({ told: ['spent 0.8 of 100000000', 'spent 0.5 of 100000000'] }));
        await ledger.mark(place, mark({ told: [], over: [overMark(100, 5)] }));
        expect(await marks()).toEqual([
          mark({ told: ['spent 0.5 of 100000000', 'spent 0.8 of 100000000'], over: [overMark(100, 5)] }),
        ]);
      });

      it('of two moments at which a limit was spent the earlier counts, whichever comes first; of each limit its own', async () => {
        for (const [limit, since] of [
          [100, 5],
          [100, 7],
          [150, 9],
          [100, 3],
        ] as const)
          await ledger.mark(place, mark({ told: [], over: [overMark(limit, since)] }));
        await ledger.mark(place, mark({ told: ['a'] }));
        const [known] = (await marks())!;
        expect(known!.told).toEqual(['a']);
        expect([100, 150, 200].map((limit) => overSince({ mark: known!, limit }))).toEqual([3, 9, 9]);
      });

      it('many at once lose nothing of one another', async () => {
        const each = Array.from({ length: 8 }, (_, i) =>
          mark({ told: [`spent ${i}`], over: [overMark(100, 50 + ((i * 5) % 8))] }),
        );
        await Promise.all(each.map((one) => ledger.mark(place, one)));
        const all = { told: each.flatMap(({ told }) => told).sort(), over: each.flatMap(({ over }) => over).sort() };
        expect(await marks()).toEqual([mark(all)]);
        expect(overSince({ mark: mark(all), limit: 100 })).toBe(50);
      });

      it('each budget, subject and period has its own, a total too', async () => {
        const all = [
          mark(),
          mark({ budget: 'team' }),
          mark({ subject: { kind: 'team', name: 'd-lab/alice' } }),
          mark({ subject: { kind: 'account', name: '' } }),
          mark({ period: { from: month.to, to: month.to + DAY } }),
          mark({ period: total, over: [overMark(100, 1)] }),
        ];
        for (const one of all) await ledger.mark(place, one);
        const order = (some: BudgetMark[] = []) => some.map((one) => JSON.stringify(Object.entries(one).sort())).sort();
        expect(order(await marks())).toEqual(order(all));
        expect(await load(elsewhere)).not.toHaveProperty('marks');
      });

      it('names may be as long as a policy and a tag have them', async () => {
        const long = mark({ budget: '予算'.repeat(150), subject: { kind: 'team', name: '班'.repeat(256) } });
        await ledger.mark(place, long);
        await ledger.mark(place, { ...long, subject: { kind: 'team', name: `${'班'.repeat(255)}組` }, told: ['x'] });
        expect(await marks()).toHaveLength(2);
        expect(await marks()).toEqual(expect.arrayContaining([long]));
      });
    });

    describe('exceptions', () => {
      const bare = ({ exceptions = [] }: { exceptions?: Exception[] }) => exceptions.map(({ id: _, ...one }) => one);
      const lift: Exception = {
        ...{ kind: 'lift', subject: grant.subject, at: grant.at, by: grant.by },
        until: Number.POSITIVE_INFINITY,
      };

      it('come back as they were recorded, with an end and without, each with an id', async () => {
        expect(await load()).not.toHaveProperty('exceptions');
        await ledger.except(place, grant);
        await ledger.except(place, lift);
        const loaded = await load();
        expect(bare(loaded)).toHaveLength(2);
        expect(bare(loaded)).toEqual(expect.arrayContaining([grant, lift]));
        expect(new Set(loaded.exceptions!.map(({ id }) => id)).size).toBe(2);
        expect(await load(elsewhere)).not.toHaveProperty('exceptions');
      });

      it('two of one moment are two', async () => {
        await Promise.all([grant, grant].map((one) => ledger.except(place, one)));
        expect(bare(await load())).toEqual([grant, grant]);
      });

      it('one that is taken back holds until then, says by whom, and leaves the others be', async () => {
        for (const one of [grant, grant, lift]) await ledger.except(place, one);
        const { exceptions = [] } = await load();
        const ofLift = exceptions.find(({ kind }) => kind === 'lift')!;
        const [first] = exceptions.filter(({ kind }) => kind === 'grant');
        const then = { at: grant.at + HOUR, by: 'root' };
        expect(await ledger.revoke(place, first!, { ...then, why: 'a mistake' })).toBe(true);
        expect(await ledger.revoke(place, ofLift, then)).toBe(true);
        const after = await load();
        expect(after.exceptions!.find(({ id }) => id === first!.id)).toEqual({
          ...first,
          until: then.at,
          revoked: { by: 'root', why: 'a mistake', until: grant.until },
        });
        expect(after.exceptions!.find(({ id }) => id === ofLift.id)).toEqual({
          ...ofLift,
          until: then.at,
          revoked: { by: 'root' },
        });
        expect(bare(after)).toContainEqual(grant);
      });

      it('of one that has ended, or is not there, nothing is taken back', async () => {
        await ledger.except(place, grant);
        const [known] = (await load()).exceptions ?? [];
        const then = { at: grant.at + HOUR, by: 'root' };
        expect(await ledger.revoke(place, known!, { ...then, at: grant.until })).toBe(false);
        for (const one of [grant, { ...known!, id: 'none' }, { ...lift, id: 'none' }])
          expect(await ledger.revoke(place, one, then)).toBe(false);
        expect(await ledger.revoke(elsewhere, known!, then)).toBe(false);
        expect((await Promise.all([1, 2].map(() => ledger.revoke(place, known!, then)))).sort()).toEqual([false, true]);
        expect((await load()).exceptions).toHaveLength(1);
      });
    });
  });
}
