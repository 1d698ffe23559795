import type { Place } from '../domain/app.ts';
import type { BilledDay } from '../domain/bill.ts';
import { untaggedFindings } from '../domain/bill-tags.ts';
import type { Rates } from '../domain/cost.ts';
import { closableUntil, closeDay, driftOf, isSettled, type LedgerDay, unbilledOf } from '../domain/ledger.ts';
import { describeMoney } from '../domain/money.ts';
import { billingDay, dateOf, type Period, periodOf } from '../domain/period.ts';
import type { Policy } from '../domain/policy.ts';
import type { Run } from '../domain/run.ts';
import { settleDay } from '../domain/settling.ts';
import { beganAt, chargesOf } from '../domain/spend.ts';
import { sumClosed } from '../domain/spending.ts';
import { DAY, type Instant, localTime } from '../domain/time.ts';
import type { Volume } from '../domain/volume.ts';
import { type Owners, ownersOf } from '../domain/whose.ts';
import type { Bill, Books, Prices } from './ports.ts';
import { ratesOf } from './prices.ts';
import { notOnTheBill, readBill, readForecast } from './read-bill.ts';
import { isSame, periodsOf, type SpendPorts, trendFrom } from './spending.ts';

/** Cost Explorer knows no more (its user guide: "up to the last 13 months"). */
const BILL_REACHES: number = 390 * DAY;
/** A day that AWS still calls an estimate after this long is left as it was reckoned: AWS closes a month within days of its end. */
const UNSETTLED_FOR: number = 62 * DAY;
/** Over how many days estimate and bill are held against each other. */
const DRIFT_DAYS: number = 30 * DAY;

/** What is on record of the days in question. */
interface OnBooks {
  runs: Run[];
  volumes: Volume[];
}

/** What a closing of the books did. */
export interface BooksReport {
  closed: number;
  settled: number;
  unsettled: number;
  /** Requests of Cost Explorer. */
  requests: number;
  drift: Books['drift'];
  /** Rows of the bill that were doubtful, and what was made of them. */
  doubts: string[];
  /** What AWS does not give, and what to do about it: told, and lived with. */
  findings: string[];
  /** What failed, and is tried again tomorrow. */
  faults: string[];
}

/**
 * Once a day: closes the days that are old enough, replaces what was reckoned by what AWS billed wherever that is settled,
 * and adds up what budgets need. A bill that cannot be read is told, and the days close with what was accrued.
 */
export async function closeBooks(
  ports: SpendPorts & { bill: Bill; prices: Prices },
  policy: Policy,
  { place, now }: { place: Place; now: Instant },
): Promise<BooksReport> {
  const { runs, volumes, ledger } = ports;
  const { timezone } = policy;
  const known = await runs.load(place);
  const before = known.books;
  // The same event, given again since something else failed: its bill is read, and each page of it costs.
  if (before?.billedAt === now) return asTheyAre(before);
  const month = periodOf('month', now, timezone);
  const ofBudgets = periodsOf(policy, now);
  // The month's own too: whoever asks for a forecast finds a trend there.
  const periods = ofBudgets.some((one) => isSame(one, month)) ? ofBudgets : [...ofBudgets, month];
  // A period that the policy speaks of since may begin before the books. A clock that was set back is no such thing.
  const isLater = before && closableUntil(now) >= before.closedUntil;
  const late = isLater ? datesBetween(firstOf(periods, now), before.since) : [];
  const owed = before ? owedOf(before, now) : [];
  const start = before && (late[0] ?? owed[0] ?? dateOf(before.closedUntil));
  const read = start === undefined ? undefined : await readBill(ports.bill, place, start, now);
  // From the first day whose bill has come: whose a space was then may be told by what has ended since.
  const reach = before ? (read?.isWhole ? billingDay(start!).from : before.closedUntil) : now - BILL_REACHES;
  const [past, gone] = await Promise.all([runs.history(place, reach, now), volumes.history(place, reach, now)]);
  const record = { runs: [...past, ...known.runs], volumes: [...gone, ...(known.volumes ?? [])] };
  const rates = await ratesOf({ prices: ports.prices, policy }, place.region, known.prices);

  const from = before?.closedUntil ?? firstDay(record, periods, now);
  const reading = read ?? (await readBill(ports.bill, place, dateOf(from), now));
  const added = reading.isWhole ? late : [];
  const since = added[0] === undefined ? (before?.since ?? from) : billingDay(added[0]).from;
  const closedUntil = Math.max(from, closableUntil(now));

  // Before the first closing nobody looked but at what was on record by then.
  const seenFrom = before ? (before.seenFrom ?? before.since) : Math.min(beganAt(record), now);
  const fresh = [...added, ...datesBetween(from, closedUntil)].map((date) => {
    const day = close(date, record, rates, timezone, now);
    return billingDay(date).to <= seenFrom ? { ...day, isUnseen: true as const } : day;
  });
  const waiting = owed[0] && reading.isWhole ? await ledger.days(place, billingDay(owed[0]).from, from) : [];
  const open = [...waiting.filter(({ date }) => owed.includes(date)), ...fresh];
  const billed = new Map(reading.days.map((day) => [day.date, day]));
  const ownersOn = ownersOf(record);
  const days = open.map((day) => withBill(day, billed.get(day.date), ownersOn, timezone, now));
  const settled = days.filter(({ settledAt }) => settledAt !== undefined);
  // What is closed for the first time is written whatever the bill says; what waits, only where the bill tells more.
  for (const day of days) if (!waiting.includes(day)) await ledger.close(place, day);

  const starts = periods.map((period) => trendFrom(period, { since, closedUntil }));
  const closed = await ledger.days(place, Math.min(closedUntil - DRIFT_DAYS, ...starts), closedUntil);
  const within = (start: Instant) => closed.filter(({ date }) => billingDay(date).from >= start);
  const drift = driftOf(within(closedUntil - DRIFT_DAYS));
  const sums = periods.map((period, i) => sumClosed(period, closedUntil, within(starts[i]!)));
  const unread = days.filter(({ settledAt }) => settledAt === undefined).map(({ date }) => date);
  const unsettled = (reading.isWhole ? unread : [...owed, ...unread]).sort();
  const forecast = await readForecast(ports.bill, policy, before?.awsForecast, { place, now });
  const billedAt = reading.isWhole ? now : before?.billedAt;
  const unbilled = settled.flatMap((day) =>
    [...unbilledOf(day)].map(([usage, amount]) => ({ date: day.date, usage, amount })),
  );
  const isAnyMetered = settled.some(({ lines }) =>
    lines.some(({ accrued, billed }) => accrued && billed !== undefined),
  );
  const findings = [
    ...reading.findings,
    ...untaggedFindings(reading.days, record),
    ...shortPeriods(policy, since, now),
    ...(added.length > 0 ? grownTotals(policy, since) : []),
    ...(unbilled.length > 0 && !isAnyMetered ? [notOnTheBill(place)] : []),
    ...forecast.findings,
  ];
  const books: Books = {
    since,
    seenFrom,
    closedUntil,
    sums,
    unsettled,
    drift,
    findings,
    ...(billedAt === undefined ? {} : { billedAt }),
    ...(forecast.awsForecast ? { awsForecast: forecast.awsForecast } : {}),
  };
  await ledger.keep(place, books);
  const requests = reading.requests + forecast.requests;
  const faults = [...reading.faults, ...forecast.faults];
  const counts = { closed: fresh.length, settled: settled.length, unsettled: unsettled.length, requests };
  const doubts = unbilled.map(
    ({ date, usage, amount }) =>
      `the bill of ${date} has no row of ${usage}: ${describeMoney(amount)} stay as they were reckoned`,
  );
  return { ...counts, drift, doubts: [...reading.doubts, ...doubts], findings, faults };
}

function asTheyAre({ unsettled, drift, findings }: Books): BooksReport {
  const counts = { closed: 0, settled: 0, unsettled: unsettled.length, requests: 0 };
  return { ...counts, drift, findings, doubts: [], faults: [] };
}

/**
 * Days whose bill is still to come. One that AWS still calls an estimate after two months is given up, where AWS could be
 * asked: what it never told is asked for as far back as it knows.
 */
function owedOf({ unsettled, billedAt = 0 }: Books, now: Instant): string[] {
  const oldest = Math.max(now - BILL_REACHES, Math.min(now, billedAt) - UNSETTLED_FOR);
  return unsettled.filter((date) => billingDay(date).from >= oldest);
}

/**
 * The first day on which anything is on record, or on which a period of a budget begins: the bill knows those before us.
 * A day that is still open is never it.
 */
function firstDay(record: OnBooks, periods: Period[], now: Instant): Instant {
  const first = Math.min(beganAt(record), firstOf(periods, now), closableUntil(now));
  return Math.floor(Math.max(now - BILL_REACHES, first) / DAY) * DAY;
}

/** The first day of the bill that a period has something of, as far as AWS knows it. All time begins with the books. */
function firstOf(periods: Period[], now: Instant): Instant {
  const wanted = periods.flatMap(({ from }) => (from > 0 ? [from] : []));
  return Math.floor(Math.max(now - BILL_REACHES, Math.min(...wanted)) / DAY) * DAY;
}

/** Totals count all that is on the books: what was read for another's term is theirs too from now on, and that is said. */
function grownTotals({ budgets }: Policy, since: Instant): string[] {
  const totals = budgets.flatMap(({ name, period }) => (period === 'total' ? [`"${name}"`] : []));
  if (totals.length === 0) return [];
  return [
    `A budget's term has had the bill read from ${dateOf(since)} on: the total of ${totals.join(', ')} counts from there too.`,
  ];
}

/** Budgets whose period begins before all that is on the books: what was spent then is missing, and that is said. */
function shortPeriods({ budgets, timezone }: Policy, since: Instant, now: Instant): string[] {
  return budgets.flatMap(({ name, period }) => {
    const { from } = periodOf(period, now, timezone);
    if (from === 0 || Math.floor(from / DAY) * DAY >= since) return [];
    return [
      `Budget "${name}" lacks what was spent from ${localTime(from, timezone).date} until ${dateOf(since)}: the bill of these days is not on the books. ` +
        'It is read once AWS gives it, up to 13 months back.',
    ];
  });
}

function datesBetween(from: Instant, to: Instant): string[] {
  return Array.from({ length: Math.max(0, Math.round((to - from) / DAY)) }, (_, i) => dateOf(from + i * DAY));
}

function close(date: string, record: OnBooks, rates: Rates, timezone: string, now: Instant): LedgerDay {
  const day = billingDay(date);
  const touches = (from: Instant, to = now) => from < day.to && to > day.from;
  // KernelGateway apps that share an instance overlap one another: what does not touch the day carries nothing of it.
  const its = {
    runs: record.runs.filter(({ startedAt, endedAt }) => touches(startedAt, endedAt)),
    volumes: record.volumes.filter(({ since, until }) => touches(since, until)),
  };
  return closeDay(date, timezone, (slice: Period) => chargesOf(its, rates, slice, now));
}

function withBill(
  day: LedgerDay,
  billed: BilledDay | undefined,
  ownersOn: (day: Period) => Owners,
  timezone: string,
  now: Instant,
): LedgerDay {
  if (!billed) return day;
  if (isSettled(billed, now)) return settleDay(day, billed, ownersOn(billingDay(day.date)), timezone, now);
  // As billed so far; what is on record already is not written again.
  const { foreign } = billed;
  return JSON.stringify(foreign) === JSON.stringify(day.foreign ?? []) ? day : { ...day, foreign };
}
