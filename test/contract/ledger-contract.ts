import { describe, expect, it } from 'vitest';
import type { Books, Ledger, Runs } from '../../src/application/ports.ts';
import { type BudgetMark, type Exception, overMark, overSince } from '../../src/domain/budget.ts';
import type { LedgerDay, LedgerLine } from '../../src/domain/ledger.ts';
import type { OwnerSpend } from '../../src/domain/spending.ts';
import { DAY, HOUR } from '../../src/domain/time.ts';

const place = { account: '111122223333', region: 'us-east-1' };
const elsewhere = { ...place, region: 'eu-west-1' };
const at = (date: string) => Date.parse(`${date}T00:00:00Z`);
const line: LedgerLine = {
  ...{ from: at('2026-11-01'), to: at('2026-11-02'), domainId: 'd-lab', owner: "zoë o'neil", what: 'ml.g5.xlarge' },
  ...{ usage: 'Studio:JupyterLab-ml.g5.xlarge', duration: HOUR, accrued: 1_410_000 },
};
const day = (date: string, over: Partial<LedgerDay> = {}): LedgerDay => ({ date, lines: [line], ...over });
const owner: OwnerSpend = { domainId: 'd-lab', owner: 'zoë', billed: 1, accrued: 2, recent: 3, unpriced: { x: HOUR } };
const books: Books = {
  ...{
    since: at('2026-10-01'),
    closedUntil: at('2026-11-20'),
    unsettled: ['2026-11-19'],
    findings: ['Activate the tags.'],
  },
  drift: { billed: 97, accrued: 100, days: 3 },
  sums: [
    {
      period: { from: at('2026-11-01'), to: at('2026-12-01') },
      closedUntil: at('2026-11-20'),
      trendDays: 7,
      owners: [owner],
    },
    { period: { from: 0, to: Number.POSITIVE_INFINITY }, closedUntil: at('2026-11-20'), trendDays: 7, owners: [] },
  ],
};
const mark: BudgetMark = {
  budget: 'per # person',
  subject: { kind: 'owner', name: "d-lab/zoë o'neil" },
  period: { from: at('2026-11-01'), to: at('2026-12-01') },
  told: ['spent 0.5 of 100'],
  over: [],
};
const grant: Exception = {
  ...{ kind: 'grant', subject: mark.subject, amount: 5, at: at('2026-11-03'), until: at('2026-12-01') },
  ...{ budget: 'per # person', by: 'arn:aws:iam::111122223333:user/admin', why: "the paper's" },
};

/** What a ledger keeps, and how a load of the record gives it back. */
export function ledgerContract(name: string, make: () => Promise<{ ledger: Ledger; runs: Runs }>): void {
  describe(`ledger, ${name}`, () => {
    it('gives closed days back as they were, in order, within the dates that were asked for', async () => {
      const { ledger } = await make();
      const dates = ['2026-12-01', '2026-10-31', '2026-11-02', '2026-11-01'];
      for (const date of dates) await ledger.close(place, day(date));
      await ledger.close(elsewhere, day('2026-11-03'));
      expect(await ledger.days(place, at('2026-10-31'), at('2026-12-01'))).toEqual(
        ['2026-10-31', '2026-11-01', '2026-11-02'].map((date) => day(date)),
      );
      expect(await ledger.days(place, at('2026-11-03'), at('2026-11-03'))).toEqual([]);
    });

    it('replaces a day that is settled, and keeps when, and what was billed in other money', async () => {
      const { ledger } = await make();
      await ledger.close(place, day('2026-11-01'));
      const settled = day('2026-11-01', {
        lines: [{ ...line, billed: 1_370_000, isReckoned: true }],
        settledAt: at('2026-11-04'),
        foreign: [{ usage: 'x', amount: '1.5', currency: 'CNY' }],
      });
      await ledger.close(place, settled);
      expect(await ledger.days(place, at('2026-11-01'), at('2026-11-02'))).toEqual([settled]);
    });

    it('keeps an empty day, and one of more lines than an item holds', async () => {
      const { ledger } = await make();
      const many = Array.from({ length: 3_000 }, (_, i) => ({ ...line, owner: `${'研究'.repeat(20)}-${i}` }));
      await ledger.close(place, day('2026-11-01', { lines: [] }));
      await ledger.close(place, day('2026-11-02', { lines: many }));
      await ledger.close(place, day('2026-11-02', { lines: many.slice(1) }));
      const days = await ledger.days(place, at('2026-11-01'), at('2026-11-03'));
      expect(days.map(({ lines }) => lines.length)).toEqual([0, 2_999]);
      expect(days[1]!.lines).toEqual(many.slice(1));
    });

    it('gives the books to whoever loads the record, a total without end too', async () => {
      const { ledger, runs } = await make();
      expect((await runs.load(place)).books).toBeUndefined();
      const whole: Books = {
        ...books,
        billedAt: at('2026-11-21') + HOUR,
        awsForecast: { amount: 9, from: at('2026-11-21'), period: books.sums[0]!.period },
      };
      await ledger.keep(place, whole);
      expect((await runs.load(place)).books).toEqual(whole);
      await ledger.keep(place, books);
      expect((await runs.load(place)).books).toEqual(books);
      expect((await runs.load(elsewhere)).books).toBeUndefined();
    });

    it('keeps sums of more owners than an item holds', async () => {
      const { ledger, runs } = await make();
      const owners = Array.from({ length: 4_000 }, (_, i) => ({ ...owner, owner: `profile-${i}` }));
      const large = { ...books, sums: [{ ...books.sums[0]!, owners }] };
      await ledger.keep(place, large);
      await ledger.keep(place, large);
      expect((await runs.load(place)).books).toEqual(large);
      expect((await runs.load(place)).runs).toEqual([]);
    });

    it('adds to what a budget has told; of each limit the first moment over it counts', async () => {
      const { ledger, runs } = await make();
      const later = at('2026-11-10');
      await Promise.all([ledger.mark(place, mark), ledger.mark(place, { ...mark, told: ['spent 0.8 of 100'] })]);
      await ledger.mark(place, { ...mark, told: ['spent 0.5 of 100'], over: [overMark(100, later)] });
      await ledger.mark(place, { ...mark, told: [], over: [overMark(100, later + DAY), overMark(150, later)] });
      const { marks } = await runs.load(place);
      const over = [overMark(100, later), overMark(100, later + DAY), overMark(150, later)].sort();
      expect(marks).toEqual([{ ...mark, told: ['spent 0.5 of 100', 'spent 0.8 of 100'], over }]);
      expect(overSince({ mark: marks![0]!, limit: 100 })).toBe(later);
    });

    it('keeps marks of budgets, subjects and periods apart, a total’s too', async () => {
      const { ledger, runs } = await make();
      const others = [
        { ...mark, budget: 'other' },
        { ...mark, subject: { kind: 'team' as const, name: mark.subject.name } },
        { ...mark, period: { from: 0, to: Number.POSITIVE_INFINITY } },
        { ...mark, told: [], period: { from: at('2026-12-01'), to: at('2027-01-01') }, over: [overMark(1, 2)] },
      ];
      for (const one of [mark, ...others]) await ledger.mark(place, one);
      const { marks = [] } = await runs.load(place);
      expect(marks).toHaveLength(5);
      expect(marks).toEqual(expect.arrayContaining([mark, ...others]));
    });

    it('keeps every grant and lift, with who and why, and one without end', async () => {
      const { ledger, runs } = await make();
      const { amount: _, budget: __, ...rest } = grant;
      const lift: Exception = { ...rest, kind: 'lift', until: Number.POSITIVE_INFINITY };
      for (const one of [grant, grant, lift]) await ledger.except(place, one);
      const { exceptions = [] } = await runs.load(place);
      expect(exceptions).toHaveLength(3);
      expect(exceptions).toEqual(expect.arrayContaining([grant, lift]));
    });
  });
}
