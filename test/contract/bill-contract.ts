import { describe, expect, it } from 'vitest';
import type { Bill } from '../../src/application/ports.ts';
import type { BilledRow } from '../../src/domain/bill.ts';

/** A bill, and the hands that write on it. Today is 2026-11-23; days from 2026-11-21 on are estimates. */
export interface BillBench {
  bill: Bill;
  /** US dollars as a text. */
  put(row: {
    date: string;
    usage: string;
    usd: string;
    holder?: NonNullable<BilledRow['holder']>;
    region?: string;
  }): void;
  credit(date: string, usd: string): void;
  /** What the thirty days before cost each, for a forecast. */
  live(usdPerDay: string, region?: string): void;
  /** The next request is throttled. */
  throttle(): void;
  /** And none any more. */
  heal(): void;
  /** All requests so far. */
  requests(): number;
}

export const ALICE = { domainId: 'd-lab', userProfileName: 'alice' };
export const PAD = { domainId: 'd-lab', spaceName: 'pad' };
const LAB = 'Studio:JupyterLab-ml.t3.medium';

/** What every bill does. */
export function billContract(name: string, make: () => Promise<BillBench>): void {
  describe(`Bill: ${name}`, () => {
    it('gives each day of the time asked about, those on which nothing was billed too', async () => {
      const { bill, put } = await make();
      put({ date: '2026-11-02', usage: LAB, usd: '1' });
      put({ date: '2026-11-04', usage: LAB, usd: '1' });
      const { days, faults } = await bill.read('us-east-1', '2026-11-01', '2026-11-04');
      expect(days.map(({ date, rows }) => [date, rows.length])).toEqual([
        ['2026-11-01', 0],
        ['2026-11-02', 1],
        ['2026-11-03', 0],
      ]);
      expect(days.every(({ foreign }) => foreign.length === 0)).toBe(true);
      // Nothing is tagged here, which Cost Explorer's adapter says of a bill as a whole.
      expect(faults.filter((fault) => !fault.startsWith('no row of Studio'))).toEqual([]);
    });

    it('gives one row for each holder and usage, and one for what nobody holds', async () => {
      const { bill, put } = await make();
      const date = '2026-11-02';
      put({ date, usage: LAB, usd: '0.4', holder: PAD });
      put({ date, usage: LAB, usd: '0.35', holder: PAD });
      put({ date, usage: LAB, usd: '0.2' });
      put({ date, usage: 'Canvas:Session-Hrs', usd: '1.9', holder: ALICE });
      put({ date, usage: 'Train:ml.p3.2xlarge', usd: '3.825', holder: ALICE });
      const [day] = (await bill.read('us-east-1', date, '2026-11-03')).days;
      const rows = day!.rows.toSorted((a, b) => a.amount - b.amount);
      expect(rows).toEqual([
        { usage: LAB, amount: 200_000 },
        { usage: LAB, amount: 750_000, holder: PAD },
        { usage: 'Canvas:Session-Hrs', amount: 1_900_000, holder: ALICE },
        { usage: 'Train:ml.p3.2xlarge', amount: 3_825_000, holder: ALICE },
      ]);
    });

    it('has rows of what AWS bills at $0 of Studio, as in a free tier, and of nothing else', async () => {
      const { bill, put } = await make();
      const date = '2026-11-02';
      put({ date, usage: LAB, usd: '0', holder: ALICE });
      put({ date, usage: 'Canvas:Session-Hrs', usd: '0' });
      put({ date, usage: 'Studio:VolumeUsage.gp3', usd: '0.5', holder: PAD });
      put({ date, usage: 'Train:ml.p3.2xlarge', usd: '0', holder: ALICE });
      const [day] = (await bill.read('us-east-1', date, '2026-11-03')).days;
      expect(day!.rows.toSorted((a, b) => (a.usage < b.usage ? -1 : 1))).toEqual([
        { usage: 'Canvas:Session-Hrs', amount: 0 },
        { usage: LAB, amount: 0, holder: ALICE },
        { usage: 'Studio:VolumeUsage.gp3', amount: 500_000, holder: PAD },
      ]);
    });

    it('leaves other regions out', async () => {
      const { bill, put } = await make();
      put({ date: '2026-11-02', usage: LAB, usd: '1', region: 'eu-west-1' });
      const { days } = await bill.read('us-east-1', '2026-11-02', '2026-11-03');
      expect(days[0]!.rows).toEqual([]);
    });

    it('says which days are estimates', async () => {
      const { bill } = await make();
      const { days } = await bill.read('us-east-1', '2026-11-19', '2026-11-23');
      expect(days.map(({ isEstimated }) => isEstimated)).toEqual([false, false, true, true]);
    });

    it('takes two requests a reading, however many owners there are, and one for credits', async () => {
      const { bill, put, requests } = await make();
      for (let i = 0; i < 50; i++)
        put({ date: '2026-11-02', usage: LAB, usd: '1', holder: { domainId: 'd-lab', userProfileName: `u${i}` } });
      const reading = await bill.read('us-east-1', '2026-11-01', '2026-11-23');
      expect([reading.requests, requests()]).toEqual([2, 2]);
      await bill.credits('us-east-1', '2026-10-15', '2026-11-23');
      expect(requests()).toBe(3);
    });

    it('keeps credits and refunds apart from what was consumed', async () => {
      const { bill, put, credit } = await make();
      put({ date: '2026-11-02', usage: LAB, usd: '1', holder: ALICE });
      credit('2026-11-02', '-0.75');
      credit('2026-11-30', '-9');
      expect((await bill.read('us-east-1', '2026-11-02', '2026-11-03')).days[0]!.rows).toEqual([
        { usage: LAB, amount: 1_000_000, holder: ALICE },
      ]);
      expect(await bill.credits('us-east-1', '2026-10-02', '2026-11-23')).toBe(-750_000);
      expect(await bill.credits('us-east-1', '2026-11-03', '2026-11-23')).toBe(0);
    });

    it('expects what AWS expects, and nothing where AWS cannot tell', async () => {
      const { bill, live, credit } = await make();
      expect(await bill.forecast('us-east-1', '2026-11-23', '2026-12-01')).toBeUndefined();
      live('12.5');
      live('7', 'eu-west-1');
      credit('2026-11-05', '-100');
      expect(await bill.forecast('us-east-1', '2026-11-23', '2026-12-01')).toBe(8 * 12_500_000);
      expect(await bill.forecast('us-east-1', '2026-11-23', '2027-04-23')).toBe(151 * 12_500_000);
    });

    it('that fails says how many requests it made, which AWS charges for', async () => {
      const { bill, throttle, requests } = await make();
      throttle();
      const failure = await bill.read('us-east-1', '2026-11-01', '2026-11-02').catch((error) => error);
      expect(failure.requests).toBeGreaterThan(0);
      expect(failure.requests).toBe(requests());
    });

    it('throws what every port throws, and is whole the next time', async () => {
      const { bill, throttle, heal } = await make();
      for (const ask of [
        () => bill.read('us-east-1', '2026-11-01', '2026-11-02'),
        () => bill.credits('us-east-1', '2026-11-01', '2026-11-02'),
        () => bill.forecast('us-east-1', '2026-11-23', '2026-11-24'),
      ]) {
        throttle();
        await expect(ask()).rejects.toMatchObject({ name: 'PortError', kind: 'throttled' });
      }
      heal();
      expect((await bill.read('us-east-1', '2026-11-01', '2026-11-02')).days).toHaveLength(1);
    });
  });
}
