import { corrected, type Drift, type LedgerLine } from '../ledger.ts';
import type { MicroDollars } from '../money.ts';
import type { Period } from '../period.ts';
import { shareOut } from '../share-out.ts';
import { type SpendSum, sumClosed, sumSpend } from '../spending.ts';
import { lengthOf } from '../stretches.ts';
import { type Duration, localTime } from '../time.ts';
import { VOLUME_USAGE } from '../usage.ts';
import type { Amount, DayRow, Hours, ReportRow } from './facts.ts';
import { type InstanceWeek, nameOf } from './instances.ts';

/** What lines add up to: as `curfew spend` says it. */
export function spentIn(lines: LedgerLine[], period: Period, drift: Drift | undefined): SpendSum {
  return sumSpend(sumClosed(period, period.from, [{ lines }]).owners, drift);
}

/**
 * What parts of some lines cost: billed, and a share of what all that was reckoned comes to once it is corrected; so that
 * the parts add up to the whole, to the micro-dollar.
 */
export function partsOf(parts: LedgerLine[][], drift: Drift | undefined): MicroDollars[] {
  const billed = parts.map((lines) => lines.reduce((sum, line) => sum + (line.billed ?? 0), 0));
  const accrued = parts.map((lines) => {
    return lines.reduce((sum, line) => sum + (line.billed === undefined ? (line.accrued ?? 0) : 0), 0);
  });
  const all = accrued.reduce((sum, amount) => sum + amount, 0);
  const shares = shareOut(corrected(all, drift), accrued);
  return billed.map((amount, i) => amount + shares[i]!);
}

/** How long what some lines tell of ran without a price, and without a bill; nothing where none did. */
export function lacking(lines: LedgerLine[]): Pick<Amount, 'unpriced'> {
  const without = lines.filter(({ billed, accrued }) => billed === undefined && accrued === undefined);
  const unpriced = without.reduce((sum, { duration }) => sum + duration, 0);
  return some(unpriced);
}

function some(unpriced: Duration): Pick<Amount, 'unpriced'> {
  return unpriced > 0 ? { unpriced } : {};
}

/** How long all that has no price ran. */
export function unpricedIn(unpriced: Record<string, Duration>): Duration {
  return Object.values(unpriced).reduce((sum, duration) => sum + duration, 0);
}

/** What was spent, unless nothing of it had a price: that is not known, and no $0. */
export function knownSpend({ amount, unpriced }: SpendSum): MicroDollars | undefined {
  return amount === 0 && Object.keys(unpriced).length > 0 ? undefined : amount;
}

/** What rows add up to. */
export function sumOf(rows: Amount[]): Amount {
  const amount = rows.reduce((sum, row) => sum + row.amount, 0);
  return { amount, ...some(rows.reduce((sum, { unpriced = 0 }) => sum + unpriced, 0)) };
}

/** What each local day of a week cost. */
export function daysOf(lines: LedgerLine[], dates: string[], drift: Drift | undefined, timezone: string): DayRow[] {
  const byDate = Map.groupBy(lines, ({ from }) => localTime(from, timezone).date);
  const days = dates.map((date) => byDate.get(date) ?? []);
  const amounts = partsOf(days, drift);
  return dates.map((date, i) => ({ date, amount: amounts[i]!, ...lacking(days[i]!) }));
}

/** Adds hours up; what idle ones cost is told row by row. */
export function hoursOf(instances: InstanceWeek[], idleCost: MicroDollars): Hours {
  const sum = (pick: (one: InstanceWeek) => InstanceWeek['up']) =>
    instances.reduce((total, one) => total + lengthOf(pick(one)), 0);
  const [up, used, idle] = [sum((one) => one.up), sum((one) => one.used), sum((one) => one.idle)];
  return { up, used, idle, unknown: up - used - idle, idleCost };
}

const key = ({ domainId, owner, usage }: Pick<LedgerLine, 'domainId' | 'owner' | 'usage'>) =>
  JSON.stringify([domainId, owner, usage.toLowerCase()]);

/** A row, and the instance that it is about. */
export type Row = ReportRow & { instance?: InstanceWeek };

/**
 * Where it went: a row for each app and instance type, one for each owner's storage, and one for whatever else the bill
 * tells of. Neither the books nor AWS's bill know apps: what an owner spent on a usage is shared out by the time that each
 * app's instance was up. The rows add up to the lines.
 */
export function rowsOf(lines: LedgerLine[], instances: InstanceWeek[], drift: Drift | undefined): Row[] {
  const groups = [...Map.groupBy(lines, key)];
  const amounts = partsOf(
    groups.map(([, group]) => group),
    drift,
  );
  const byUsage = Map.groupBy(
    instances.filter(({ up }) => up.length > 0),
    key,
  );
  const rows = groups.flatMap(([name, group], i): Row[] => {
    const [line] = group as [LedgerLine];
    const amount = amounts[i]!;
    const owner = line.owner === undefined ? {} : { owner: line.owner };
    const reckoned = group.some(({ isReckoned }) => isReckoned) ? { isReckoned: true as const } : {};
    const its = byUsage.get(name) ?? [];
    byUsage.delete(name);
    const without = lacking(group);
    // Storage too: what the bill gives nobody is nobody's, whatever it is of.
    if (line.domainId === undefined) return [{ name: line.usage, kind: 'unattributed', amount, ...without }];
    if (line.usage.toLowerCase() === VOLUME_USAGE.toLowerCase())
      return [{ name: 'storage', kind: 'storage', ...owner, amount, ...without, ...reckoned }];
    if (its.length === 0) return [{ name: line.usage, kind: 'other', ...owner, amount, ...without, ...reckoned }];
    const lengths = its.map(({ up }) => lengthOf(up));
    const shares = shareOut(amount, lengths);
    const lacks = shareOut(without.unpriced ?? 0, lengths);
    return its.map((instance, n) => ({ ...appRow(instance, shares[n]!), ...some(lacks[n]!), ...reckoned }));
  });
  // What has no line of its own costs nothing, and was up all the same.
  for (const instance of [...byUsage.values()].flat()) rows.push(appRow(instance, 0));
  return rows.sort((a, b) => b.amount - a.amount || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

function appRow(instance: InstanceWeek, amount: MicroDollars): Row {
  const { app, instanceType, owner } = instance;
  const [up, used, idle] = [lengthOf(instance.up), lengthOf(instance.used), lengthOf(instance.idle)];
  return {
    name: nameOf(app),
    kind: 'app',
    appType: app.appType,
    ...(instanceType === undefined ? {} : { instanceType }),
    ...(owner === undefined ? {} : { owner }),
    amount,
    ...{ up, used, idle, unknown: up - used - idle },
    idleCost: up === 0 ? 0 : Math.round((Math.max(0, amount) * idle) / up),
    instance,
  };
}
