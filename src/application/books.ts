import type { Place } from '../domain/app.ts';
import type { BilledDay, BillReading } from '../domain/bill.ts';
import type { Rates } from '../domain/cost.ts';
import {
  closableUntil,
  closeDay,
  driftOf,
  isSettled,
  type LedgerDay,
  settleDay,
  unbilledOf,
} from '../domain/ledger.ts';
import { describeMoney } from '../domain/money.ts';
import { billingDay, dateOf, type Period, periodOf } from '../domain/period.ts';
import type { Policy } from '../domain/policy.ts';
import type { Run } from '../domain/run.ts';
import { chargesOf } from '../domain/spend.ts';
import { sumClosed } from '../domain/spending.ts';
import { DAY, type Instant } from '../domain/time.ts';
import type { Volume } from '../domain/volume.ts';
import { ownersOn } from './bill-owners.ts';
import { type Bill, type Books, PortError, type Prices } from './ports.ts';
import { ratesOf } from './prices.ts';
import { isSame, periodsOf, type SpendPorts, trendFrom } from './spending.ts';

/** Cost Explorer knows no more (its user guide: "up to the last 13 months"). */
const BILL_REACHES: number = 390 * DAY;
/** A day that AWS still calls an estimate after this long is left as it was reckoned: AWS closes a month within days of its end. */
const UNSETTLED_FOR: number = 62 * DAY;
/** Over how many days estimate and bill are held against each other. */
const DRIFT_DAYS: number = 30 * DAY;

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
  const earliest = periodOf('month', now, timezone).from;
  const owed = (before?.unsettled ?? []).filter((date) => billingDay(date).from >= now - UNSETTLED_FOR);
  // Whose a space was on a day that is still to be settled is known by what was on record then.
  const firstWaiting = owed[0] === undefined ? Number.POSITIVE_INFINITY : billingDay(owed[0]).from;
  const since = Math.min(before?.closedUntil ?? Math.max(0, now - BILL_REACHES), firstWaiting);
  const [past, gone] = await Promise.all([runs.history(place, since, now), volumes.history(place, since, now)]);
  const record = { runs: [...past, ...known.runs], volumes: [...gone, ...(known.volumes ?? [])] };
  const rates = await ratesOf({ prices: ports.prices, policy }, place.region, known.prices);

  const from =
    before?.closedUntil ?? firstDay(record, [...periodsOf(policy, now).map((one) => one.from), earliest], now);
  const closedUntil = Math.max(from, closableUntil(now));
  const reading = await readBill(ports.bill, place, owed, from, now);

  const fresh = datesBetween(from, closedUntil).map((date) => close(date, record, rates, timezone, now));
  const firstOwed = owed[0] === undefined ? from : billingDay(owed[0]).from;
  const waiting = (await ledger.days(place, firstOwed, from)).filter(({ date }) => owed.includes(date));
  const billed = new Map(reading.days.map((day) => [day.date, day]));
  const days = [...waiting, ...fresh].map((day) => withBill(day, billed.get(day.date), record, timezone, now));
  const settled = days.filter(({ settledAt }) => settledAt !== undefined);
  // What is closed for the first time is written whatever the bill says; what waits, only once the bill has come.
  const isFresh = new Set(fresh.map(({ date }) => date));
  for (const day of days) if (isFresh.has(day.date) || day.settledAt !== undefined) await ledger.close(place, day);

  const month = periodOf('month', now, timezone);
  const ofBudgets = periodsOf(policy, now);
  // The month's own too: whoever asks for a forecast finds a trend there.
  const periods = ofBudgets.some((one) => isSame(one, month)) ? ofBudgets : [...ofBudgets, month];
  const from0 = Math.min(closedUntil - DRIFT_DAYS, ...periods.map((period) => trendFrom(period, closedUntil)));
  const closed = await ledger.days(place, from0, closedUntil);
  const within = (start: Instant) => closed.filter(({ date }) => billingDay(date).to > start);
  const drift = driftOf(within(closedUntil - DRIFT_DAYS));
  const sums = periods.map((period) => sumClosed(period, closedUntil, within(trendFrom(period, closedUntil))));
  const unsettled = days.filter(({ settledAt }) => settledAt === undefined).map(({ date }) => date);
  const forecast = await forecastOf(ports.bill, policy, now);
  const billedAt = reading.isWhole ? now : before?.billedAt;
  const unbilled = settled.flatMap((day) =>
    [...unbilledOf(day)].map(([usage, amount]) => ({ date: day.date, usage, amount })),
  );
  const isAnyMetered = settled.some(({ lines }) =>
    lines.some(({ accrued, billed }) => accrued && billed !== undefined),
  );
  const findings = [
    ...reading.findings,
    ...(unbilled.length > 0 && !isAnyMetered ? [notOnTheBill(place)] : []),
    ...forecast.findings,
  ];
  const books: Books = {
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

/** The first day on which anything is on record, or on which a period of a budget begins: the bill knows those before us. */
function firstDay({ runs, volumes }: { runs: Run[]; volumes: Volume[] }, periods: Instant[], now: Instant): Instant {
  const starts = [...runs.map(({ startedAt }) => startedAt), ...volumes.map(({ since }) => since)];
  const wanted = periods.filter((from) => from > 0);
  const first = Math.max(now - BILL_REACHES, Math.min(now, ...starts, ...wanted));
  return Math.floor(first / DAY) * DAY;
}

function datesBetween(from: Instant, to: Instant): string[] {
  return Array.from({ length: Math.max(0, Math.round((to - from) / DAY)) }, (_, i) => dateOf(from + i * DAY));
}

function close(
  date: string,
  record: { runs: Run[]; volumes: Volume[] },
  rates: Rates,
  timezone: string,
  now: Instant,
): LedgerDay {
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
  record: { runs: Run[]; volumes: Volume[] },
  timezone: string,
  now: Instant,
): LedgerDay {
  if (!billed) return day;
  if (!isSettled(billed, now)) return billed.foreign.length > 0 ? { ...day, foreign: billed.foreign } : day;
  return settleDay(day, billed, ownersOn(day.date, record), timezone, now);
}

type Reading = Pick<BillReading, 'days' | 'faults' | 'requests'> & {
  doubts: string[];
  findings: string[];
  isWhole: boolean;
};

/** Reads the bill of every day that is not settled yet. What AWS refuses is told, with what to do. */
async function readBill(bill: Bill, place: Place, owed: string[], from: Instant, now: Instant): Promise<Reading> {
  const start = owed[0] ?? dateOf(from);
  const end = dateOf(now);
  const nothing: Reading = { days: [], doubts: [], faults: [], requests: 0, findings: [], isWhole: false };
  if (start >= end) return nothing;
  try {
    const { days, faults, requests } = await bill.read(place.region, start, end);
    return { ...nothing, days, requests, isWhole: true, doubts: faults, findings: untagged(days) };
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    const why = `the bill was not read (${error.code}: ${error.message}); figures stay as they were reckoned`;
    // What a right or Cost Explorer itself does not give is no failure of the pass: it would fail every day.
    const isFailure = error.kind !== 'denied' && error.code !== 'DataUnavailableException';
    return { ...nothing, faults: isFailure ? [why] : [], findings: [`${why}. ${remedyOf(error)}`] };
  }
}

function remedyOf({ kind, code }: PortError): string {
  if (kind === 'denied')
    return 'Give the spend function ce:GetCostAndUsage, and enable Cost Explorer and IAM access to billing in the management account.';
  if (code === 'DataUnavailableException')
    return 'Cost Explorer has no data yet: it takes up to 24 hours after it was first enabled.';
  return 'It is tried again tomorrow.';
}

/** Where nothing carries a tag, nobody has activated them: the bill names no owner. */
function untagged(days: BilledDay[]): string[] {
  const rows = days.flatMap((day) => day.rows).filter(({ usage }) => /^(Studio|Canvas):/i.test(usage));
  if (rows.length === 0 || rows.some(({ holder }) => holder)) return [];
  return [
    'No row of the bill carries sagemaker:user-profile-arn or sagemaker:space-arn, so it names no owner and owners’ figures are estimates. ' +
      'Activate them as cost allocation tags in the management account (Billing console, Cost allocation tags; or aws ce update-cost-allocation-tags-status ' +
      '--cost-allocation-tags-status TagKey=sagemaker:user-profile-arn,Status=Active TagKey=sagemaker:space-arn,Status=Active TagKey=sagemaker:domain-arn,Status=Active). ' +
      'They count from then on, within 48 hours.',
  ];
}

function notOnTheBill({ account, region }: Place): string {
  return `AWS's bill has no row of any Studio usage that Curfew saw, in ${region} of account ${account}: figures stay as they were reckoned. Whoever pays for the account may see it in another bill.`;
}

type Forecast = Pick<Books, 'awsForecast' | 'findings'> & { requests: number; faults: string[] };

/** AWS's own forecast, for a budget of the account that asks for one: a request a day. */
async function forecastOf(bill: Bill, { budgets, timezone }: Policy, now: Instant): Promise<Forecast> {
  const asks = budgets.find(
    (budget) => budget.for === 'account' && budget.period === 'month' && budget.forecastAt.length > 0,
  );
  const nothing: Forecast = { requests: 0, findings: [], faults: [] };
  if (!asks) return nothing;
  const period = periodOf('month', now, timezone);
  // AWS's month ends at midnight of UTC, and a forecast begins today.
  const [start, end] = [dateOf(now), dateOf(period.to)];
  if (start >= end) return nothing;
  try {
    const amount = await bill.forecast(start, end);
    return {
      ...nothing,
      requests: 1,
      ...(amount === undefined ? {} : { awsForecast: { amount, from: Date.parse(start), period } }),
    };
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    return { ...nothing, requests: 1, faults: [`AWS's forecast was not read (${error.code}: ${error.message})`] };
  }
}
