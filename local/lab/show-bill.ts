import { describeMoney, type MicroDollars } from '../../src/domain/money.ts';
import type { BillRow, LabBill } from './bill.ts';

const HEAD = ['day', 'truly ran', 'accrued', 'billed', 'unattributed', 'no list price', 'drift'];

/** Estimate against bill as a table, and what it took. */
export function showBill({ rows, settled, requests, closings }: LabBill): string[] {
  const cells = [HEAD, ...rows.map((row) => cellsOf(nameOf(row), row)), cellsOf('settled', settled)];
  const widths = HEAD.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)));
  const lines = cells.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
  return [
    ...lines,
    `Of what is settled, ${describeMoney(settled.reckoned ?? 0)} was billed without a tag, and is its owner’s as Curfew reckoned it.`,
    `Curfew’s own requests of Cost Explorer: ${requests} in ${closings} days, ${describeMoney(requests * 10_000)}.`,
  ];
}

function nameOf({ date, days }: BillRow): string {
  return days > 1 ? `${days} days before` : date;
}

function cellsOf(name: string, { ran, accrued, billed, unattributed, unlisted, drift }: BillRow): string[] {
  const money = (amount: MicroDollars | undefined) => (amount === undefined ? '-' : describeMoney(amount));
  const share = drift === undefined ? '-' : `${drift < 0 ? '−' : '+'}${Math.abs(drift * 100).toFixed(2)} %`;
  return [name, money(ran), money(accrued), ...[billed, unattributed, unlisted].map(money), share];
}
