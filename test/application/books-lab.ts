import { closeBooks } from '../../src/application/books.ts';
import { ratesOf } from '../../src/application/prices.ts';
import { spendingIn } from '../../src/application/spending.ts';
import { parseRate } from '../../src/domain/money.ts';
import type { Period, PeriodKind } from '../../src/domain/period.ts';
import type { Budget, Policy } from '../../src/domain/policy.ts';
import { type Spending, sumSpend } from '../../src/domain/spending.ts';
import type { Instant } from '../../src/domain/time.ts';
import { ref } from '../domain/builders.ts';
import { memoryBill } from '../memory/bill.ts';
import { PLACE } from '../memory/ports.ts';
import { world } from './world.ts';

export const at = (time: string) => Date.parse(time.length > 10 ? `${time}Z` : time);
export const TOTAL: Period = { from: 0, to: Number.POSITIVE_INFINITY };
export const LAB = 'Studio:JupyterLab-ml.g5.xlarge';

export const budgetOver = (period: PeriodKind, over: Partial<Budget> = {}): Budget => ({
  name: JSON.stringify(period),
  for: 'each owner',
  period,
  limit: 1_000_000_000,
  warnAt: [],
  forecastAt: [],
  atLimit: 'warn',
  ...over,
});

/** $10 an hour, $1 for a gigabyte and a month: figures that a person can follow. */
export const PRICES = { 'ml.g5.xlarge': parseRate('10'), volume: parseRate('1') };
const { userProfileName: _, ...inDomain } = ref;
export const appOf = (userProfileName: string, appName = 'default') => {
  return { ...ref, userProfileName, appName, instanceType: 'ml.g5.xlarge' };
};
export const inSpace = (spaceName: string) => ({ ...inDomain, spaceName, instanceType: 'ml.g5.xlarge' });
type AnyApp = ReturnType<typeof appOf> | ReturnType<typeof inSpace>;

export function lab(policy: Partial<Policy> = {}) {
  const it = world({ limits: [], timezone: 'UTC', prices: PRICES, budgets: [budgetOver('month')], ...policy });
  const bill = memoryBill();
  const ports = { ...it.ports, bill };
  const known = () => it.ports.runs.load(PLACE);
  const goings = async () => {
    const { runs, volumes = [], books, prices } = await known();
    return {
      place: PLACE,
      runs,
      volumes,
      books,
      rates: await ratesOf({ ...it.ports, policy: it.policy }, PLACE.region, prices),
    };
  };
  return Object.assign(it, {
    bill,
    known,
    goings,
    close: (now: Instant, by: typeof ports = ports) => closeBooks(by, it.policy, { place: PLACE, now }),
    books: async () => (await known()).books!,
    days: (from: Instant = 0) => it.ports.ledger.days(PLACE, Math.max(from, at('2025-01-01')), at('2028-01-01')),
    /** An app that ran, told on the second. */
    async ran(app: AnyApp, from: Instant, to: Instant, owner?: string) {
      await it.event({ kind: 'app created', app, at: from });
      if (owner !== undefined) {
        const run = (await it.ports.runs.get(app))!;
        await it.ports.runs.change(run, { kind: 'facts', owner });
      }
      await it.event({ kind: 'app deleted', app, at: to });
    },
    async spent(period: Period, now: Instant) {
      const [spending] = await spendingIn([period], it.ports, await goings(), now);
      return spending!;
    },
    /** Dollars by owner, to the cent. */
    async dollars(period: Period, now: Instant) {
      const { owners } = await this.spent(period, now);
      const told = owners.map(({ domainId, owner = domainId ?? 'nobody', billed, accrued }) => [
        owner,
        (billed + accrued) / 1e6,
      ]);
      return Object.fromEntries(told);
    },
  });
}

export const whole = (spending: Spending) => sumSpend(spending.owners, undefined);
export const profile = (userProfileName: string) => ({ domainId: ref.domainId, userProfileName });
