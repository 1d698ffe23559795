import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleJob, HANDLERS } from '../../bench/bundles.ts';
import type { MoneyJobs } from '../../bench/money.ts';
import { type BillItem, costOf, ownBill, readStanding } from '../../bench/own-bill.ts';
import { measureUse } from '../../bench/own-use.ts';

const page = readFileSync('docs/cost.md', 'utf8');
const rows = [...page.matchAll(/^\|([^|]+)\|([^|]+)\|([^|]+)\|[^|]*\|$/gm)]
  .map((row) => row.slice(1).map((cell) => cell.replaceAll('*', '').trim()))
  .map(([name = '', ...cells]) => ({ name, cells }))
  .filter(({ cells }) => cells[0]!.startsWith('$'));

/** The lines of the bench that a row of the page sums up. */
const LINES: Record<string, RegExp> = {
  'Cost Explorer': /^Cost Explorer/,
  'EventBridge, heartbeats': /^EventBridge, heartbeats/,
  DynamoDB: /^DynamoDB/,
  'KMS, the table’s key': /^KMS/,
  'SES, mails': /^SES/,
  'CloudWatch, Canvas read': /Canvas/,
  Lambda: /^Lambda/,
  'CloudWatch, the rest': /^CloudWatch, (logs|metrics|alarms|dashboard)/,
  'Scheduler and API Gateway': /^(EventBridge Scheduler|API Gateway)/,
  'in all': /./,
};

let jobs: MoneyJobs;
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'curfew-cost-test-'));
  const bundle = (name: string) =>
    bundleJob(fileURLToPath(new URL(`../../bench/${name}.ts`, import.meta.url)), join(folder, `${name}.mjs`));
  const [runner, job] = (await Promise.all(['measured', 'job-scan'].map(bundle))) as [string, string];
  jobs = { runner, job, handlers: resolve(HANDLERS), folder };
});
afterAll(() => rm(jobs.folder, { recursive: true }));

describe('the figures of docs/cost.md', () => {
  it('are of every line', () =>
    expect(rows.map(({ name }) => name)).toEqual([...Object.keys(LINES), 'all at list price']));

  it.each([
    [100, 0],
    [1_000, 1],
  ])(
    'for %i users are what the bench counts, to the cent',
    async (users, column) => {
      const items = await billOf(users);
      for (const { what } of items)
        expect([what, Object.values(LINES).filter((line) => line.test(what)).length]).toEqual([what, 2]);
      const cents = (usd: number) => `$${usd.toFixed(2)}`;
      for (const { name, cells } of rows) {
        const line = LINES[name];
        if (line) {
          const sum = costOf(
            items.filter(({ what }) => line.test(what)),
            true,
          );
          expect([name, cells[column]]).toEqual([name, cents(sum)]);
        }
      }
      // The time that functions take counts here, and no machine takes the same twice.
      const listed = Number(rows.at(-1)!.cells[column]!.slice(1));
      expect(Math.abs(costOf(items, false) / listed - 1)).toBeLessThan(0.15);
      const amount = (what: string) => items.find((item) => item.what === what)!.amount;
      expect(page).toContain(
        `${amount('CloudWatch, metrics').toFixed(2)} metrics of 10, ${amount('CloudWatch, alarms')} alarms of 10`,
      );
    },
    180_000,
  );
});

async function billOf(users: number): Promise<BillItem[]> {
  return ownBill(await measureUse(users, 0, jobs), await readStanding(new URL('../../stack/', import.meta.url)));
}
