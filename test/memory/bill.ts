import type { Bill, PortError } from '../../src/application/ports.ts';
import type { BilledDay, BilledRow } from '../../src/domain/bill.ts';
import type { MicroDollars } from '../../src/domain/money.ts';

/** A row of the bill in memory, and the day and region that it is of. */
export type MemoryRow = BilledRow & { date: string; region?: string };

/** A bill in memory. */
export interface MemoryBill extends Bill {
  /** Of us-east-1 where they do not say; rows of one day, holder and usage are added up. */
  rows: MemoryRow[];
  foreign: (BilledDay['foreign'][number] & { date: string })[];
  /** What credits and refunds took off, by day: negative. */
  credited: { date: string; amount: MicroDollars }[];
  /** The first day that is an estimate. */
  estimatedFrom: string;
  /** What AWS expects each day to cost; undefined where it cannot tell. */
  perDay: MicroDollars | undefined;
  /** What the next reading finds doubtful. */
  faults: string[];
  /** Pages that each of a reading's two questions has. */
  pages: number;
  /** Makes the next calls fail with this. */
  failures: PortError[];
  /** All requests so far. */
  requests: number;
}

export function memoryBill(): MemoryBill {
  const ask = (requests: number) => {
    bill.requests += requests;
    const failure = bill.failures.shift();
    if (failure) throw Object.assign(failure, { requests });
  };
  const bill: MemoryBill = {
    rows: [],
    foreign: [],
    credited: [],
    estimatedFrom: '9999-12-31',
    perDay: undefined,
    faults: [],
    pages: 1,
    failures: [],
    requests: 0,
    async read(region, from, to) {
      ask(2 * bill.pages);
      const days = datesOf(from, to).map((date): BilledDay => {
        const rows = new Map<string, BilledRow>();
        for (const { date: day, region: where = 'us-east-1', ...row } of bill.rows) {
          if (day !== date || where !== region) continue;
          if (row.amount === 0 && !/^(Studio|Canvas):/.test(row.usage)) continue;
          const key = JSON.stringify([row.holder, row.usage]);
          const holder = row.holder ? { holder: { ...row.holder } } : {};
          rows.set(key, { ...row, ...holder, amount: row.amount + (rows.get(key)?.amount ?? 0) });
        }
        const foreign = bill.foreign.flatMap(({ date: day, ...money }) => (day === date ? [money] : []));
        return { date, isEstimated: date >= bill.estimatedFrom, rows: [...rows.values()], foreign };
      });
      return { days, faults: [...bill.faults], requests: 2 * bill.pages };
    },
    async credits(_, from, to) {
      ask(1);
      const its = bill.credited.filter(({ date }) => date >= from && date < to);
      return its.reduce((sum, { amount }) => sum + amount, 0);
    },
    async forecast(_, from, to) {
      ask(1);
      return bill.perDay === undefined ? undefined : bill.perDay * datesOf(from, to).length;
    },
  };
  return bill;
}

function datesOf(from: string, to: string): string[] {
  const dates: string[] = [];
  for (let at = Date.parse(from); at < Date.parse(to); at += 86_400_000)
    dates.push(new Date(at).toISOString().slice(0, 10));
  return dates;
}
