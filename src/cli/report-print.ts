import type { Amount, Hours, ReportFacts, RestRow } from '../domain/report/facts.ts';
import { HOUR, type Instant } from '../domain/time.ts';

export const CSV = [
  ...['kind', 'name', 'owner', 'app_type', 'instance_type', 'spent_usd'],
  ...['hours_up', 'hours_in_use', 'hours_idle', 'hours_unknown', 'idle_usd', 'estimated_at'],
];

const usd = (amount: number) => (amount / 1e6).toFixed(6);
const hours = (duration: number | undefined) => (duration === undefined ? '' : (duration / HOUR).toFixed(3));

/** Every row of a report: where it went, and who spent it. What a report leaves out is a row of its own. */
export function csvRows({ rows, more, people, morePeople, estimated, source }: ReportFacts): string[][] {
  const basis = estimated === 0 ? '' : source.basis;
  // Nothing is 0 for want of a price.
  const known = ({ amount, unpriced = 0 }: Amount) => (amount === 0 && unpriced > 0 ? '' : usd(amount));
  const spent = (idle: number | undefined) => (idle === undefined ? '' : usd(idle));
  const time = ({ up, used, idle, unknown, idleCost }: Partial<Hours>) => [
    ...[up, used, idle, unknown].map(hours),
    spent(idleCost),
  ];
  const rest = (kind: string, { count, ...left }: RestRow) =>
    count > 0 ? [[kind, `${count} more`, '', '', '', known(left), ...time({})]] : [];
  return [
    ...rows.map(({ kind, name, owner = '', appType = '', instanceType = '', ...of }) => [
      ...[kind, name, owner, appType, instanceType, known(of)],
      ...time(of),
    ]),
    ...rest('other', more),
    ...people.map((row) => ['person', row.name ?? '', row.name ?? '', '', '', known(row), ...time(row)]),
    ...rest('person', morePeople),
  ].map((row) => [...row, basis]);
}

const AMOUNTS = [
  'spent',
  'billed',
  'estimated',
  'last',
  'amount',
  'limit',
  'granted',
  'forecast',
  'hourly',
  'idleCost',
  'cost',
  'accrued',
  'unattributed',
  'ownCost',
];
const DURATIONS = ['up', 'used', 'idle', 'unknown', 'duration'];
const INSTANTS = ['at', 'recordedSince', 'from', 'to', 'until', 'startedAt', 'billedAt', 'billedUntil'];

/** What may be 0 for want of a price, which is null then. */
const MAY_LACK = ['spent', 'estimated', 'amount', 'forecast'];

/** A report as JSON: amounts in dollars, durations in hours, times as ISO 8601; each key says which. What is not known for want of a price is null. */
export function toJson(facts: ReportFacts): object {
  const { kind: _, audience: __, locale: ___, ...rest } = facts;
  const { isHourlyLeast, ...shown } = rest;
  const isUnknown = facts.hourly === 0 && isHourlyLeast;
  return {
    ...(told(shown) as object),
    ...(isUnknown ? { hourlyUsd: null } : {}),
    isHourlyLeast: isHourlyLeast ?? false,
  };
}

function told(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(told);
  if (typeof value !== 'object' || value === null) return value;
  const { unpriced = 0 } = value as { unpriced?: number | Record<string, number> };
  const isLacking = typeof unpriced === 'number' ? unpriced > 0 : Object.keys(unpriced).length > 0;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      if (isLacking && member === 0 && MAY_LACK.includes(key)) return [`${key}Usd`, null];
      // By what has no price: of what a stop saved, it is one duration.
      if (key === 'unpriced' && typeof member === 'object')
        return [
          'unpricedHours',
          Object.fromEntries(Object.entries<number>(member).map(([what, time]) => [what, time / HOUR])),
        ];
      if (typeof member !== 'number') return [key, told(member)];
      if (AMOUNTS.includes(key)) return [`${key}Usd`, member / 1e6];
      if (DURATIONS.includes(key) || key === 'unpriced') return [`${key}Hours`, member / HOUR];
      return [key, INSTANTS.includes(key) ? new Date(member as Instant).toISOString() : member];
    }),
  );
}
