import { spendBasisOf } from '../cost.ts';
import type { Audience } from '../notice.ts';
import { teamNamed } from '../policy.ts';
import { sumSpend } from '../spending.ts';
import { joined, ownerKey, type Part, partOfTeam, type WeekBook, type Who } from './book.ts';
import { budgetRows } from './budgets.ts';
import type { Amount, BudgetRow, PersonRow, ReportFacts, ReportRow, RestRow, Saved } from './facts.ts';
import { idlestOf } from './idlest.ts';
import { daysOf, hoursOf, knownSpend, lacking, partsOf, type Row, rowsOf, spentIn, sumOf } from './spent.ts';
import { datesOf } from './week.ts';

/** What a report holds at most, so that it fits a mail, and an item of DynamoDB: the rest is counted, and is in every sum. */
const MOST = { rows: 40, people: 40, budgets: 20, stops: 15, running: 15, savings: 5, teams: 30 };

/** The report of a reader's own profiles, `domain/profile`. */
export function ownerReport(book: WeekBook, parts: ReadonlyMap<string, Part>, owners: string[]): ReportFacts {
  const its = owners.flatMap((owner) => parts.get(owner) ?? []);
  const part = joined(its, book.before.length);
  const whose = owners.map((owner) => owner.slice(owner.indexOf('/') + 1)).join(', ');
  const budgets = budgetRows(book, ({ kind, name }) => kind === 'owner' && owners.includes(name));
  const audience: Audience = { role: 'owner' };
  return { ...reportOf(book, part, budgets), scope: 'owner', audience, whose, owners, people: [], morePeople: NONE };
}

const NONE = { count: 0, amount: 0 };

/** The report of a team, for its leads. */
export function teamReport(book: WeekBook, team: string): ReportFacts {
  const part = partOfTeam(book, team);
  const { policy, domains } = book;
  const facts = reportOf(book, part, []);
  const isTheirs = ({ kind, name }: { kind: string; name: string }) =>
    (kind === 'team' || (kind === 'domain' && policy.team === 'domain')) &&
    (name === team || (policy.team === 'domain' && domains.get(name) === team));
  const { since } = teamNamed(policy, team) ?? {};
  const amount = book.totals.get(team);
  return {
    ...facts,
    ...capped(budgetRows(book, isTheirs)),
    scope: 'team',
    whose: team,
    audience: { role: 'admins', why: `You get this mail because the policy names you as a lead of ${team}.` },
    ...peopleOf(book, part),
    ...(since !== undefined && amount !== undefined ? { total: { since, amount } } : {}),
  };
}

/** The report of the whole account, for its admins. */
export function adminReport(book: WeekBook): ReportFacts {
  const facts = reportOf(book, book, []);
  const rows = rowsOf(book.lines, book.instances, book.drift);
  const savings = [...rows].filter(({ idleCost = 0 }) => idleCost > 0).sort((a, b) => b.idleCost! - a.idleCost!);
  const teams = teamsOf(book);
  const unattributed = rows.filter(({ kind }) => kind === 'unattributed').reduce((sum, { amount }) => sum + amount, 0);
  return {
    ...facts,
    ...capped(budgetRows(book, () => true)),
    scope: 'admin',
    whose: book.account,
    audience: { role: 'admins' },
    ...peopleOf(book, book),
    admin: {
      ...book.admin,
      teams: teams.slice(0, MOST.teams),
      moreTeams: Math.max(0, teams.length - MOST.teams),
      unattributed,
      running: book.running.length,
      savings: savings.slice(0, MOST.savings).map(bare),
    },
  };
}

/** Whether there is nothing to tell: nothing spent, nothing up, nothing running. */
export function isEmpty({ spent, hours, running, unpriced, rows }: ReportFacts): boolean {
  const isNothing = spent === 0 && hours.up === 0 && running.length === 0 && Object.keys(unpriced).length === 0;
  return isNothing && rows.every(({ amount }) => amount === 0);
}

function reportOf(
  book: WeekBook,
  part: Part,
  budgets: BudgetRow[],
): Omit<ReportFacts, 'scope' | 'audience' | 'whose' | 'people' | 'morePeople'> {
  const { week, at, drift, policy, list, source } = book;
  const { timezone, report } = policy;
  const sum = spentIn(part.lines, week, drift);
  const dates = datesOf(week, timezone);
  const rows = rowsOf(part.lines, part.instances, drift);
  const idleCost = rows.reduce((total, one) => total + (one.idleCost ?? 0), 0);
  const idlest = idlestOf(rows, sum.amount, dates, timezone);
  const before = part.before.map((owners) => sumSpend(owners, drift));
  const last = before[0] && knownSpend(before[0]);
  const running = [...part.running].sort((a, b) => b.hourly - a.hourly || a.facts.startedAt - b.facts.startedAt);
  const mean = before.reduce((total, { amount }) => total + amount, 0) / before.length;
  return {
    kind: 'report',
    week: week.name,
    period: { from: week.from, to: week.to },
    at,
    locale: report.locale ?? 'en-US',
    owners: [],
    spent: sum.amount,
    billed: sum.billed,
    estimated: sum.amount - sum.billed,
    ...(last === undefined ? {} : { last }),
    ...(before.length > 1 ? { mean: { amount: Math.round(mean), weeks: before.length } } : {}),
    days: daysOf(part.lines, dates, drift, timezone),
    hours: hoursOf(part.instances, idleCost),
    unpriced: sum.unpriced,
    rows: rows.slice(0, MOST.rows).map(bare),
    more: restOf(rows.slice(MOST.rows)),
    ...capped(budgets),
    ...(idlest ? { idlest } : {}),
    saved: savedOf(part),
    running: running.slice(0, MOST.running).map(({ facts, isUnpriced }) => {
      return { ...facts, ...(isUnpriced ? { isUnpriced } : {}) };
    }),
    moreRunning: Math.max(0, running.length - MOST.running),
    hourly: running.reduce((total, { hourly }) => total + hourly, 0),
    ...(running.some(({ isUnpriced }) => isUnpriced) ? { isHourlyLeast: true as const } : {}),
    source: { ...source, basis: spendBasisOf(sum, list), ...(drift ? { drift } : {}) },
  };
}

function capped(budgets: BudgetRow[]): Pick<ReportFacts, 'budgets' | 'moreBudgets'> {
  return {
    budgets: budgets.slice(0, MOST.budgets),
    moreBudgets: Math.max(0, budgets.length - MOST.budgets),
  };
}

function bare({ instance: _, ...row }: Row): ReportRow {
  return row;
}

function restOf(rows: Amount[]): RestRow {
  return { count: rows.length, ...sumOf(rows) };
}

function savedOf({ instances }: Part): Saved {
  const stops = instances.flatMap((one) => one.stops).sort((a, b) => (b.amount ?? 0) - (a.amount ?? 0) || a.at - b.at);
  const sum = (some: typeof stops) => some.reduce((total, { duration }) => total + duration, 0);
  return {
    amount: stops.reduce((total, { amount = 0 }) => total + amount, 0),
    duration: sum(stops),
    unpriced: sum(stops.filter(({ amount }) => amount === undefined)),
    stops: stops.slice(0, MOST.stops),
    more: Math.max(0, stops.length - MOST.stops),
  };
}

/** Who spent it, the most first: what nobody answers for is a line of its own. */
function peopleOf(book: WeekBook, part: Part): Pick<ReportFacts, 'people' | 'morePeople'> {
  const people = groupedRows(book, part, ownerKey, (line) => ({
    ...(line.owner === undefined ? {} : { name: line.owner }),
    ...teamOf(line, book),
  }));
  return { people: people.slice(0, MOST.people), morePeople: restOf(people.slice(MOST.people)) };
}

function teamsOf(book: WeekBook): (PersonRow & { name: string })[] {
  const name = (who: Who) => teamOf(who, book).team ?? (who.domainId === undefined ? 'unattributed' : 'no team');
  const rows = groupedRows(book, book, name, (who) => ({ name: name(who) }));
  return rows as (PersonRow & { name: string })[];
}

function teamOf({ domainId, team }: Who, { policy, domains }: WeekBook): { team?: string } {
  const name = policy.team === 'domain' ? (domains.get(domainId ?? '') ?? domainId) : team;
  return name === undefined ? {} : { team: name };
}

function groupedRows(
  { drift }: WeekBook,
  part: Part,
  keyOf: (who: Who) => string,
  describe: (who: Who) => Partial<PersonRow>,
): PersonRow[] {
  const lines = Map.groupBy(part.lines, keyOf);
  const instances = Map.groupBy(part.instances, keyOf);
  const last = part.before[0] && Map.groupBy(part.before[0], keyOf);
  const firsts = new Map<string, Who>();
  for (const who of [...part.lines, ...part.instances, ...(part.before[0] ?? [])])
    if (!firsts.has(keyOf(who))) firsts.set(keyOf(who), who);
  const keys = [...firsts.keys()];
  const amounts = partsOf(
    keys.map((key) => lines.get(key) ?? []),
    drift,
  );
  const rows = keys.map((key, i): PersonRow => {
    const amount = amounts[i]!;
    const its = instances.get(key) ?? [];
    const idleCost = rowsOf(lines.get(key) ?? [], its, drift).reduce((sum, one) => sum + (one.idleCost ?? 0), 0);
    const before = last && knownSpend(sumSpend(last.get(key) ?? [], drift));
    return {
      ...describe(firsts.get(key)!),
      amount,
      ...lacking(lines.get(key) ?? []),
      ...(before === undefined ? {} : { last: before }),
      ...hoursOf(its, idleCost),
    };
  });
  const isThere = ({ amount, up, unpriced = 0, last: before = 0 }: PersonRow) =>
    amount !== 0 || up > 0 || unpriced > 0 || before !== 0;
  return rows.filter(isThere).sort((a, b) => b.amount - a.amount || ((a.name ?? '') < (b.name ?? '') ? -1 : 1));
}
