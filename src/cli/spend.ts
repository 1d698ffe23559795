import { moneyOf } from '../application/budgets.ts';
import { ratesOf } from '../application/prices.ts';
import { linesIn, trendFrom } from '../application/spending.ts';
import { survey } from '../application/survey.ts';
import { ConfigError } from '../config.ts';
import { appKey } from '../domain/app.ts';
import { forecastOf, type Standing } from '../domain/budget.ts';
import { costsSoFar, sumBasisOf } from '../domain/cost.ts';
import type { LedgerLine } from '../domain/ledger.ts';
import { costOf, type MicroDollars } from '../domain/money.ts';
import { isOwnerCalled } from '../domain/owner.ts';
import { dateOf, type Period, periodOf } from '../domain/period.ts';
import { weekNamed } from '../domain/report/week.ts';
import { isSubjects } from '../domain/rules/budget.ts';
import { sumClosed, sumSpend } from '../domain/spending.ts';
import { DAY, HOUR, type Instant, localTime } from '../domain/time.ts';
import { billOf } from '../wiring.ts';
import { note, printCsv, printJson, printTable, progress } from './print.ts';
import { tellFaults } from './scan.ts';
import { CSV, columnsOf, csvRow, type SpendRow, tableRow, tellSums, toJson } from './spend-print.ts';
import { tellUnknown } from './who.ts';
import { openWorld, type WorldOptions } from './world.ts';

export interface SpendOptions extends WorldOptions {
  owner?: string;
  team?: string;
  domain?: string;
  by?: 'owner' | 'team' | 'domain' | 'what' | 'day';
  period?: string;
  credits?: boolean;
  json?: boolean;
  csv?: boolean;
}

/** `curfew spend`. @returns the exit code */
export async function spendCommand(options: SpendOptions): Promise<number> {
  const { policy, place, now, ports, notes } = await openWorld(options, { tableFor: '`spend`' });
  for (const text of notes) note(text);
  const period = periodFrom(options.period ?? 'month', now, policy.timezone);
  const by = options.by ?? (options.owner === undefined ? 'owner' : 'what');
  const seen = await progress('Looking at SageMaker Studio', survey(ports, policy, { place, now }));
  const { books } = seen.books;
  const rates = await ratesOf({ prices: ports.prices, policy }, place.region, seen.prices);
  const goings = { place, runs: seen.runs, volumes: seen.volumes, rates, books };
  const record = { runs: ports.runs!, volumes: ports.volumes!, ledger: ports.ledger! };
  const closedUntil = books?.closedUntil ?? period.from;
  // A trend may look at some days before the period.
  const range = { from: books ? trendFrom(period, books) : period.from, to: period.to };
  const all = await progress('Adding up', linesIn(range, record, goings, policy.timezone, now));
  const isWanted = ({ domainId, owner, team }: Pick<LedgerLine, 'domainId' | 'owner' | 'team'>) =>
    (options.owner === undefined || (owner !== undefined && isOwnerCalled(`${domainId}/${owner}`, options.owner))) &&
    (options.domain === undefined || domainId === options.domain) &&
    (options.team === undefined || (policy.team === 'domain' ? domainId : team) === options.team);
  const wanted = all.filter(isWanted);
  if (options.owner !== undefined && wanted.length === 0) tellUnknown(options.owner, seen);
  const isInside = ({ from }: LedgerLine) => from >= period.from;
  const { standings, faults } = await moneyOf(record, policy, seen, rates, now);
  const costs = costsSoFar(
    seen.running.map(({ app }) => app),
    rates,
    now,
  );
  const running = seen.running.flatMap(({ app }) => {
    const { owner } = app;
    const team = policy.team === 'domain' ? undefined : app.teams[0];
    const who = {
      domainId: app.ref.domainId,
      ...(owner === undefined ? {} : { owner }),
      ...(team === undefined ? {} : { team }),
    };
    const cost = costs.get(appKey(app.ref));
    const hourly = cost?.kind === 'known' ? costOf(cost.rate, HOUR) : 0;
    const line = { ...who, what: app.instanceType ?? app.ref.appType, from: now, to: now } as LedgerLine;
    return isWanted(who) ? [{ line, hourly }] : [];
  });
  const nameOf = (line: LedgerLine) => nameBy(by, line, policy);
  const groups = Map.groupBy(wanted, nameOf);
  for (const { line } of running) if (!groups.has(nameOf(line))) groups.set(nameOf(line), []);
  const trendDays = books?.sums[0]?.trendDays ?? 0;
  const drift = books?.drift;
  const shown = [...groups].filter(([, lines]) => lines.length === 0 || lines.some(isInside));
  const rows = shown.map(([name, lines]): SpendRow => {
    const { owners } = sumClosed(period, closedUntil, [{ lines }]);
    const spend = sumSpend(owners, drift);
    const hourly = running.filter(({ line }) => nameOf(line) === name).reduce((sum, one) => sum + one.hourly, 0);
    const left =
      lines[0] && ['owner', 'team', 'domain'].includes(by) ? leftFor(standings, lines[0], by, policy.team) : undefined;
    const forecast =
      by === 'day' || now >= period.to ? undefined : forecastOf(spend, hourly, { period, trendDays }, now);
    return {
      name,
      billed: spend.billed,
      accrued: spend.accrued,
      spent: spend.amount,
      unpriced: spend.unpriced,
      hourly,
      forecast,
      left,
    };
  });
  rows.sort(
    by === 'day' ? (a, b) => (a.name < b.name ? -1 : 1) : (a, b) => b.spent - a.spent || (a.name < b.name ? -1 : 1),
  );
  const unattributed = wanted.filter((line) => isInside(line) && line.domainId === undefined);
  const credits = options.credits ? await creditsOf(place, period, now) : undefined;
  const more = {
    period,
    rows,
    unattributed,
    drift,
    books,
    credits,
    basis: sumBasisOf(costs.values(), rates),
    source: rates.source,
  };
  if (options.json) printJson(toJson(more, by, now));
  else if (options.csv) printCsv(CSV, rows.map(csvRow));
  else {
    if (rows.length > 0) printTable(columnsOf(by), rows.map(tableRow));
    tellSums(more, policy.timezone, now);
  }
  tellFaults({ missing: seen.picture.missing, unusable: seen.picture.unusable, faults: [...seen.faults, ...faults] });
  return seen.picture.missing.length + faults.length > 0 ? 1 : 0;
}

/** `month`, `week`, `total`, `2026-11`, `2026-W47` or `2026-09-01..2026-12-20`. Throws ConfigError. */
function periodFrom(text: string, now: Instant, timezone: string): Period {
  if (text === 'month' || text === 'week' || text === 'total') return periodOf(text, now, timezone);
  const week = weekNamed(text, timezone);
  if (week) return week;
  const isDate = (date: string) => new Date(`${date}T00:00:00Z`).toJSON()?.startsWith(date);
  const [, month] = /^(\d{4}-\d\d)$/.exec(text) ?? [];
  if (month !== undefined && isDate(`${month}-01`))
    return periodOf('month', Date.parse(`${month}-15T12:00:00Z`), timezone);
  const [, from = '', to = ''] = /^(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)$/.exec(text) ?? [];
  if (isDate(from) && isDate(to) && from <= to) return periodOf({ from, to }, now, timezone);
  throw new ConfigError(`--period ${text}: not month, week, total, 2026-11, 2026-W47 or 2026-09-01..2026-12-20`);
}

function nameBy(
  by: NonNullable<SpendOptions['by']>,
  line: LedgerLine,
  { team, timezone }: { team: 'domain' | object; timezone: string },
): string {
  if (by === 'day') return localTime(line.from, timezone).date;
  if (by === 'what') return line.what;
  if (line.domainId === undefined) return 'unattributed';
  if (by === 'domain') return line.domainId;
  if (by === 'team') return (team === 'domain' ? line.domainId : line.team) ?? 'no team';
  return line.owner === undefined ? `no owner (${line.domainId})` : `${line.domainId}/${line.owner}`;
}

/** What the tightest budget leaves; undefined where none bounds it. */
function leftFor(
  standings: Standing[],
  line: LedgerLine,
  by: string,
  team: 'domain' | object,
): MicroDollars | undefined {
  const lefts = standings
    .filter(({ subject }) => subject.kind === by && isSubjects(subject, line, team))
    .map(({ limit, spend }) => limit - spend.amount);
  return lefts.length === 0 ? undefined : Math.min(...lefts);
}

/** One request of Cost Explorer, which AWS charges $0.01 for: only where it is asked for. */
async function creditsOf(
  place: { account: string; region: string },
  period: Period,
  now: Instant,
): Promise<MicroDollars> {
  const from = dateOf(Math.max(period.from, now - 390 * DAY));
  const to = dateOf(Math.min(period.to, now) + DAY);
  return billOf({ account: place.account }).credits(place.region, from, to);
}
