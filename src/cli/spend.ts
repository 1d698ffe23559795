import { moneyOf } from '../application/budgets.ts';
import { ratesOf } from '../application/prices.ts';
import { linesIn, spendingIn, trendFrom } from '../application/spending.ts';
import { survey } from '../application/survey.ts';
import { ConfigError } from '../config.ts';
import type { Standing } from '../domain/budget.ts';
import type { LedgerLine } from '../domain/ledger.ts';
import type { MicroDollars } from '../domain/money.ts';
import { dateOf, type Period } from '../domain/period.ts';
import type { Policy } from '../domain/policy.ts';
import { isSubjects } from '../domain/rules/budget.ts';
import { sumClosed, sumSpend } from '../domain/spending.ts';
import { DAY, type Instant } from '../domain/time.ts';
import { billOf } from '../wiring.ts';
import { note, printCsv, printJson, printTable, progress } from './print.ts';
import { tellFaults } from './scan.ts';
import { CSV, csvRow, toJson } from './spend-data.ts';
import { periodFrom } from './spend-period.ts';
import { BUDGET_COLUMNS, budgetRow, columnsOf, tableRow, tellCredits, tellSums } from './spend-print.ts';
import { type By, basisOfSpend, burningOf, leftsOf, rowsOf } from './spend-rows.ts';
import { domainNamed, type Known, knownOf, ownerNamed, teamNamed } from './subject.ts';
import { openWorld, type WorldOptions } from './world.ts';

export interface SpendOptions extends WorldOptions {
  owner?: string;
  team?: string;
  domain?: string;
  by?: By;
  period?: string;
  credits?: boolean;
  json?: boolean;
  csv?: boolean;
}

/** `curfew spend`. @returns the exit code */
export async function spendCommand(options: SpendOptions): Promise<number> {
  refuseClashes(options);
  const { policy, place, now, ports, notes } = await openWorld(options, { tableFor: '`spend`' });
  for (const text of notes) note(text);
  const period = periodFrom(options.period ?? 'month', now, policy.timezone);
  if (options.credits && now < period.from) throw new ConfigError('--credits: that period has not begun yet');
  const by = options.by ?? (options.owner === undefined ? 'owner' : 'what');
  const seen = await progress('Looking at SageMaker Studio', survey(ports, policy, { place, now }));
  const { books } = seen.books;
  const rates = await ratesOf({ prices: ports.prices, policy }, place.region, seen.prices);
  const goings = { place, runs: seen.runs, volumes: seen.volumes, rates, books };
  const record = { runs: ports.runs!, volumes: ports.volumes!, ledger: ports.ledger! };
  // A trend may look at some days before the period.
  const range = { from: books ? trendFrom(period, books) : period.from, to: period.to };
  const all = await progress('Adding up', linesIn(range, record, goings, policy.timezone, now));
  const { standings, faults } = await moneyOf(record, policy, seen, rates, now);
  const known = knownOf(policy, seen, { standings, lines: all, listing: ports.settings });
  const chosen = await chosenOf(options, known, seen.picture.missing.length > 0);
  const burning = burningOf(
    seen.running.map(({ app }) => app),
    rates,
    policy,
    now,
  );
  const isWanted = (who: Who) => isChosen(chosen, who, policy);
  const lines = all.filter(isWanted);
  const drift = books?.drift;
  const facts = { lines, burning: burning.filter(isWanted), standings, period, drift, list: rates };
  // As budgets reckon it, so that a row's forecast is that of its budget.
  const [trend] = await spendingIn([period], record, goings, now);
  const closed = { closedUntil: books?.closedUntil ?? period.from, trendDays: trend?.trendDays ?? 0 };
  const rows = rowsOf({ ...facts, ...closed }, by, policy, now);
  const isNow = period.from <= now && now < period.to;
  const lefts = isNow && chosen ? leftsOf(boundBy(chosen, standings, facts, policy), burning, policy, now) : undefined;
  const whole = sumSpend(sumClosed(period, closed.closedUntil, [{ lines }]).owners, drift);
  const sums = {
    period,
    rows,
    lefts,
    unattributed: lines.filter((line) => line.from >= period.from && line.domainId === undefined),
    drift,
    books,
    credits: options.credits ? await creditsOf(place, period, now) : undefined,
    basis: basisOfSpend(whole, rates),
    source: rates.source,
  };
  if (options.json) printJson(toJson(sums, by, now));
  else if (options.csv) {
    printCsv(CSV, rows.map(csvRow(drift)));
    tellCredits(sums, policy.timezone, now);
  } else {
    if (rows.length > 0) printTable(columnsOf(by), rows.map(tableRow(period, policy.timezone)));
    if (lefts && lefts.length > 0) {
      process.stdout.write('\n');
      printTable(BUDGET_COLUMNS, lefts.map(budgetRow(burning, policy)));
    }
    tellSums(sums, policy.timezone, now);
  }
  tellFaults({ missing: seen.picture.missing, unusable: seen.picture.unusable, faults: [...seen.faults, ...faults] });
  return seen.picture.missing.length + faults.length > 0 ? 1 : 0;
}

/** Before anything is asked of AWS, since Cost Explorer is paid for. Throws ConfigError. */
function refuseClashes({ json, csv, credits, ...options }: SpendOptions): void {
  if (json && csv) throw new ConfigError('--json and --csv: name one of them');
  const one = (['owner', 'team', 'domain'] as const).find((key) => options[key] !== undefined);
  if (credits && one)
    throw new ConfigError(`--credits and --${one}: AWS gives credits to the account, and to nobody in it`);
}

type Who = Pick<LedgerLine, 'domainId' | 'owner' | 'team'>;

/** Whose spend is wanted: an owner as `d-…/alice`, a domain by its id, a team as it is recorded. */
interface Chosen {
  owner?: string;
  team?: string;
  domain?: string;
}

/** What the options name, as the record has it; undefined where they name nobody. Throws ConfigError for who is unknown. */
async function chosenOf(
  { owner, team, domain }: SpendOptions,
  known: Known,
  isHalf: boolean,
): Promise<Chosen | undefined> {
  if (owner === undefined && team === undefined && domain === undefined) return undefined;
  const found = async (flag: string, name: string, resolved: Promise<string>) => {
    try {
      return await resolved;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      if (!isHalf) throw new ConfigError(`${flag} ${name}: ${error.message}`, { cause: error });
      // Of what half a picture lacks, nobody knows that it is not there.
      note(`${flag} ${name}: ${error.message}`);
      return name;
    }
  };
  const chosen: Chosen = {};
  if (domain !== undefined) chosen.domain = await found('--domain', domain, domainNamed(domain, known));
  if (team !== undefined) chosen.team = await found('--team', team, teamNamed(team, known));
  if (owner !== undefined)
    chosen.owner = await found(
      '--owner',
      owner,
      ownerNamed(owner, known, { inDomain: chosen.domain, right: 'PROFILE or DOMAIN/PROFILE' }),
    );
  return chosen;
}

function isChosen(chosen: Chosen | undefined, { domainId, owner, team }: Who, policy: Pick<Policy, 'team'>): boolean {
  return (
    (chosen?.owner === undefined || (owner !== undefined && `${domainId}/${owner}` === chosen.owner)) &&
    (chosen?.domain === undefined || domainId === chosen.domain) &&
    (chosen?.team === undefined || (policy.team === 'domain' ? domainId : team) === chosen.team)
  );
}

/** The budgets that bound whom the options name: an owner's are also those of the teams that they spend for, and the account's. */
function boundBy(
  chosen: Chosen,
  standings: Standing[],
  { lines, burning }: { lines: Who[]; burning: Who[] },
  { team: teams }: Pick<Policy, 'team'>,
): Standing[] {
  const { owner, domain, team } = chosen;
  const [domainId, profile] = owner?.split('/') ?? [domain ?? (teams === 'domain' ? team : undefined)];
  const who: Who = {
    ...(domainId === undefined ? {} : { domainId }),
    ...(profile === undefined ? {} : { owner: profile }),
    ...(team === undefined ? {} : { team }),
  };
  const all = owner === undefined ? [who] : [who, ...lines, ...burning];
  return standings.filter(({ subject }) => all.some((one) => isSubjects(subject, one, teams)));
}

/** One request of Cost Explorer, which AWS charges $0.01 for: only where it is asked for. */
async function creditsOf(
  place: { account: string; region: string },
  period: Period,
  now: Instant,
): Promise<{ amount: MicroDollars; from: string }> {
  const from = dateOf(Math.max(period.from, now - 390 * DAY));
  // The day after the last that has anything of it: its end, in most zones, lies within a day of the bill.
  const to = now < period.to ? dateOf(now + DAY) : dateOf(Math.ceil(period.to / DAY) * DAY);
  return { amount: await billOf({ account: place.account }).credits(place.region, from, to), from };
}
