import { appKey, isFree } from '../domain/app.ts';
import { costsSoFar, type Rates } from '../domain/cost.ts';
import { isIdleLimited } from '../domain/coverage.ts';
import { decide } from '../domain/decide.ts';
import { useOf } from '../domain/evidence.ts';
import { corrected } from '../domain/ledger.ts';
import { costOf, type MicroDollars } from '../domain/money.ts';
import type { Policy } from '../domain/policy.ts';
import { isOfTeam, type RunningNow, type WeekBook } from '../domain/report/book.ts';
import type { ReportSource } from '../domain/report/facts.ts';
import { instancesIn, nameOf } from '../domain/report/instances.ts';
import { ownCostOf } from '../domain/report/own-cost.ts';
import { type Week, weekBefore } from '../domain/report/week.ts';
import { teamOnRecord } from '../domain/running-app.ts';
import { beganAt } from '../domain/spend.ts';
import { type OwnerSpend, sumClosed, sumSpend } from '../domain/spending.ts';
import { DAY, HOUR, type Instant, localTime, startOfDay } from '../domain/time.ts';
import type { CanvasUse, Contacts, Fleet, OwnMeter, Prices } from './ports.ts';
import { ratesOf } from './prices.ts';
import { standingsIn } from './report-budgets.ts';
import { type Goings, linesIn, type SpendPorts } from './spending.ts';
import { type Survey, survey } from './survey.ts';
import { appFacts } from './tell.ts';

/** Where the reports of a week come from: the record, and a look at what runs. */
export interface BookPorts extends SpendPorts {
  fleet: Fleet;
  canvasUse?: CanvasUse | undefined;
  contacts: Contacts;
  prices: Prices;
  ownMeter?: OwnMeter | undefined;
}

/** So many weeks before are held against the week. */
const WEEKS_BEFORE = 4;
/** Rows of the admins' lists. */
const MOST_NAMED = 20;

/**
 * Reads all that the reports of a week are made of: a number of queries that does not depend on how many reports there
 * are, and no request of Cost Explorer.
 * @returns also what was seen; where that is half a picture, the book says too little of what runs
 */
export async function readWeek(
  ports: BookPorts,
  policy: Policy,
  { place, now, week }: { place: Goings['place']; now: Instant; week: Week },
): Promise<{ book: WeekBook; seen: Survey }> {
  const { timezone } = policy;
  const seen = await survey(ports, policy, { place, now });
  const rates = await ratesOf({ prices: ports.prices, policy }, place.region, seen.prices);
  const { books } = seen.books;
  const goings = { place, runs: seen.runs, volumes: seen.volumes, rates, books };
  const since = recordSince(seen);
  const lines = await linesIn(week, ports, goings, timezone, now);
  const before: OwnerSpend[][] = [];
  for (let back = 1; back <= WEEKS_BEFORE; back++) {
    const earlier = weekBefore(week, back, timezone);
    if (since > earlier.from) break;
    const its = await linesIn(earlier, ports, goings, timezone, now);
    before.push(sumClosed(earlier, earlier.from, [{ lines: its }]).owners);
  }
  const [past, gone] = await Promise.all([
    ports.runs.history(place, week.from - DAY, now),
    ports.volumes.history(place, week.from, now),
  ]);
  const record = { runs: [...past, ...seen.runs], volumes: [...gone, ...seen.volumes] };
  const book: WeekBook = {
    week,
    at: now,
    account: place.account,
    policy,
    domains: seen.picture.domains,
    lines,
    instances: instancesIn(record, rates, week, now),
    before,
    running: runningNow(seen, policy, rates, now),
    standings: await standingsIn(week, lines, ports, { policy, seen, rates, goings }, now),
    drift: books?.drift,
    list: rates,
    source: { ...(await sourceOf(week, ports, seen)), ...gapOf(week, since, now) },
    totals: await totalsOf(ports, goings, { policy, domains: seen.picture.domains }, week, now),
    admin: { ...(await adminOf(ports.contacts, seen, policy, now)), ...(await ownCostIn(week, ports.ownMeter)) },
  };
  return { book, seen };
}

/** A report without it is whole enough: that AWS does not tell keeps no report from being owed. */
async function ownCostIn(week: Week, ownMeter: OwnMeter | undefined): Promise<{ ownCost?: MicroDollars }> {
  const use = await ownMeter?.read(week).catch(() => undefined);
  return use ? { ownCost: ownCostOf(use, week) } : {};
}

/** Since when there is a record, `Infinity` where there is none: what was before it, nobody knows. */
function recordSince({ books: { books }, runs, volumes, volumeChanges }: Survey): Instant {
  if (books) return books.since;
  const opened = new Set(volumeChanges.map((change) => change.opened));
  const known = volumes.filter((volume) => !opened.has(volume));
  return beganAt({ runs, volumes: known });
}

/** Of a week that is not on record from its first moment: since when it is. */
function gapOf(week: Week, since: Instant, now: Instant): Pick<ReportSource, 'recordedSince'> {
  return since <= week.from ? {} : { recordedSince: Math.min(since, now) };
}

/** What runs and costs: nobody wants to be told each week of a JupyterServer, which is always there and free. */
function runningNow(seen: Survey, policy: Policy, rates: Rates, now: Instant): RunningNow[] {
  const apps = seen.running.map(({ app }) => app).filter(({ ref, instanceType }) => !isFree({ ...ref, instanceType }));
  const costs = costsSoFar(apps, rates, now);
  return apps.map((app) => {
    const team = teamOnRecord(app, policy);
    const cost = costs.get(appKey(app.ref));
    return {
      domainId: app.ref.domainId,
      ...(app.owner === undefined ? {} : { owner: app.owner }),
      ...(team === undefined ? {} : { team }),
      facts: appFacts(app, rates, now),
      hourly: cost?.kind === 'known' ? costOf(cost.rate, HOUR) : 0,
      ...(cost?.kind === 'unknown' ? { isUnpriced: true as const } : {}),
    };
  });
}

async function sourceOf(week: Week, { ledger }: SpendPorts, seen: Survey): Promise<WeekBook['source']> {
  const { books } = seen.books;
  const days = books ? await ledger.days(seen.picture, Math.floor(week.from / DAY) * DAY, week.to) : [];
  const open = days.findIndex(({ settledAt }) => settledAt === undefined);
  const settled = (open < 0 ? days : days.slice(0, open)).at(-1);
  const foreign = new Map<string, number>();
  for (const { amount, currency } of days.flatMap((day) => day.foreign ?? []))
    foreign.set(currency, (foreign.get(currency) ?? 0) + Number(amount));
  return {
    ...(books?.billedAt === undefined ? {} : { billedAt: books.billedAt }),
    ...(settled ? { billedUntil: Math.min(week.to, Date.parse(settled.date) + DAY) } : {}),
    foreign: [...foreign].map(([currency, amount]) => ({ currency, amount: amount.toFixed(2) })),
  };
}

/** What teams with a first day spent from then until the week's end: a week of the books at a time, so that no memory holds all of them. */
async function totalsOf(
  ports: SpendPorts,
  goings: Goings,
  { policy, domains }: Pick<WeekBook, 'policy' | 'domains'>,
  week: Week,
  now: Instant,
): Promise<Map<string, MicroDollars>> {
  const began = Object.entries(policy.teams).flatMap(([team, { since }]) =>
    since === undefined ? [] : [{ team, from: startOfDay(since, policy.timezone) }],
  );
  const sums = new Map(began.map(({ team }) => [team, { billed: 0, accrued: 0 }]));
  let at = Math.min(...began.map(({ from }) => from));
  while (at < Math.min(week.to, now)) {
    // A local day has 23 to 25 hours: a week's end is found by its date.
    const date = new Date(Date.parse(localTime(at, policy.timezone).date) + 7 * DAY).toISOString().slice(0, 10);
    const to = Math.min(week.to, startOfDay(date, policy.timezone));
    const lines = await linesIn({ from: at, to }, ports, goings, policy.timezone, now);
    for (const { team, from } of began) {
      const its = lines.filter((line) => line.from >= from && isOfTeam(team, line, { policy, domains }));
      const { billed, accrued } = sumSpend(sumClosed({ from: at, to }, at, [{ lines: its }]).owners, undefined);
      const sum = sums.get(team)!;
      sum.billed += billed;
      sum.accrued += accrued;
    }
    at = to;
  }
  return new Map(
    [...sums].map(([team, { billed, accrued }]) => [team, billed + corrected(accrued, goings.books?.drift)]),
  );
}

async function adminOf(contacts: Contacts, seen: Survey, policy: Policy, now: Instant): Promise<WeekBook['admin']> {
  const local = localTime(now, policy.timezone);
  const name = (app: Survey['running'][number]['app']) => `${app.owner ?? 'nobody'}: ${nameOf(app.ref)}`;
  const apps = seen.running.map(({ app }) => app);
  const unseen = apps.filter((app) => {
    const isLimited = isIdleLimited(decide(app, policy, now, []), policy, local);
    return isLimited && useOf(app.run.evidence, policy.evidence.staleAfter, now).kind === 'unknown';
  });
  const failing = apps.filter(({ run }) => (run.stop?.failures ?? 0) > 0);
  const people = (await contacts.list(seen.picture)).filter(({ consent, owners }) => {
    return owners.length > 0 && consent !== 'confirmed';
  });
  const unconfirmed = people.flatMap(({ owners }) => owners.map((owner) => owner.slice(owner.indexOf('/') + 1)));
  return {
    withoutAgent: unseen.slice(0, MOST_NAMED).map(name),
    moreWithoutAgent: Math.max(0, unseen.length - MOST_NAMED),
    failedStops: failing.slice(0, MOST_NAMED).map((app) => `${name(app)} (${app.run.stop!.code ?? 'unknown'})`),
    unconfirmed: unconfirmed.slice(0, MOST_NAMED),
    moreUnconfirmed: Math.max(0, unconfirmed.length - MOST_NAMED),
    findings: (seen.books.books?.findings ?? []).slice(0, 5),
  };
}
