import type { MailUrls } from '../../application/ports.ts';
import type { MicroDollars } from '../../domain/money.ts';
import type { PersonRow, ReportFacts, ReportRow, SavedRow } from '../../domain/report/facts.ts';
import { nameOf } from '../../domain/report/instances.ts';
import { centsThatAddUp } from '../../domain/share-out.ts';
import { isolate, typeName } from '../ses/wording.ts';
import type { Format } from './format.ts';

/** A table of a report. Every member is text; what is absent is ''. */
export interface List {
  heading: string;
  capitals: string;
  first: string;
  second: string;
  last: string;
  rows: ListRow[];
  /** The sum of the last column, where that is one. */
  total: string;
  more: string;
}

interface ListRow {
  name: string;
  about: string;
  text: string;
  end: string;
  /** Leads to the page that stops it. */
  stop: string;
}

/** All tables that have something to tell. */
export function listsOf(facts: ReportFacts, say: Format, urls: MailUrls, most: number): List[] {
  const { scope } = facts;
  const lists = [
    ...(facts.admin ? [accountList(facts, facts.admin, say)] : []),
    ...(scope === 'owner' ? [] : [peopleList(facts, say, most)]),
    ...(facts.admin ? [teamList(facts, facts.admin, say, most)] : []),
    spendList(facts, say, most),
    ...(facts.admin ? [savingsList(facts.admin, say)] : []),
    stopList(facts, say, most),
    runningList(facts, say, urls, most),
    ...(facts.admin ? troubleLists(facts.admin, say, most) : []),
  ];
  return lists.filter(({ rows }) => rows.length > 0);
}

function list(heading: string, columns: [string, string, string], rows: Partial<ListRow>[]): List {
  const [first, second, last] = columns;
  const whole = rows.map((row) => ({ name: '', about: '', text: '', end: '', stop: '', ...row }));
  return { heading, capitals: heading.toUpperCase(), first, second, last, rows: whole, total: '', more: '' };
}

/** Amounts of rows, and of those that are left out, in cents that add up. */
function amounts<Row extends { amount: MicroDollars }>(
  rows: Row[],
  left: { count: number; amount: MicroDollars },
  most: number,
) {
  const shown = rows.slice(0, most);
  const hidden = rows.slice(most);
  const count = hidden.length + left.count;
  const rest = hidden.reduce((sum, { amount }) => sum + amount, left.amount);
  const all = [...shown.map(({ amount }) => amount), ...(count > 0 ? [rest] : [])];
  const cents = centsThatAddUp(all);
  return { shown, cents, count, rest, restCents: cents[shown.length] ?? 0, sum: all.reduce((a, b) => a + b, 0) };
}

function sumOf(rows: { amount: MicroDollars }[]): MicroDollars {
  return rows.reduce((sum, { amount }) => sum + amount, 0);
}

function moreOf({ count, rest, restCents }: Record<'count' | 'rest' | 'restCents', number>, say: Format): string {
  return count > 0 ? `and ${say.number(count)} more, together ${say.cents(restCents, rest)}` : '';
}

/** What only whoever runs the account asks. */
function accountList(
  { hourly, unpriced, source: { drift } }: ReportFacts,
  { running, unattributed, ownCost }: NonNullable<ReportFacts['admin']>,
  say: Format,
): List {
  const lacking = Object.entries(unpriced).map(([what, duration]) => `${say.hours(duration)} of ${isolate(what)}`);
  const off = drift && drift.accrued !== 0 ? drift : undefined;
  return list(
    'The account',
    ['What', 'Of it', 'Figure'],
    [
      { name: 'Running now', text: `${say.number(running)} apps that cost`, end: `${say.money(hourly)} an hour` },
      { name: "Nobody's", text: "AWS's bill names no owner for it", end: say.money(unattributed) },
      {
        name: 'Bill against estimate',
        text: off
          ? `${say.money(off.billed)} billed of ${say.money(off.accrued)} estimated, in ${say.number(off.days)} days`
          : 'no settled day to compare yet',
        end: off ? say.change(off.billed / off.accrued - 1) : '–',
      },
      ...(lacking.length > 0 ? [{ name: 'Without a known price', text: lacking.join(', '), end: 'in no sum' }] : []),
      {
        name: 'Curfew itself',
        text:
          ownCost === undefined
            ? 'AWS does not tell what it used'
            : 'at list prices; what AWS gives for nothing is not taken off',
        end: ownCost === undefined ? 'not known' : say.money(ownCost),
      },
    ],
  );
}

function spendList(facts: ReportFacts, say: Format, most: number): List {
  const part = amounts(facts.rows, facts.more, most);
  const rows = part.shown.map((row, i) => ({
    name: rowName(row, facts.scope),
    about: aboutRow(row, facts.scope),
    text: hoursText(row, say),
    end: say.cents(part.cents[i]!, row.amount),
  }));
  return {
    ...list('Where it went', ['What', 'Its time', 'Cost'], rows),
    total: say.money(part.sum),
    more: moreOf(part, say),
  };
}

function rowName({ name, kind }: ReportRow, scope: ReportFacts['scope']): string {
  if (kind === 'storage') return scope === 'owner' ? 'Storage of your spaces' : 'Storage of spaces';
  return isolate(name);
}

function aboutRow({ kind, appType, instanceType, owner, isReckoned }: ReportRow, scope: ReportFacts['scope']): string {
  if (kind === 'unattributed') return "AWS's bill names no owner";
  const parts = [
    scope === 'owner' ? '' : (owner ?? 'nobody'),
    appType === undefined ? '' : typeName(appType),
    instanceType ?? '',
    kind === 'other' ? "as AWS's bill calls it" : '',
    isReckoned ? 'its owner is reckoned' : '',
  ];
  return parts.filter(Boolean).map(isolate).join(', ');
}

function hoursText({ up, used = 0, idle = 0, unknown = 0, idleCost = 0 }: Partial<ReportRow>, say: Format): string {
  if (up === undefined) return '';
  const cost = idleCost > 0 ? ` (${say.money(idleCost)})` : '';
  const parts = [
    used > 0 ? `${say.hours(used)} in use` : '',
    idle > 0 ? `${say.hours(idle)} idle${cost}` : '',
    unknown > 0 ? `${say.hours(unknown)} unknown` : '',
  ].filter(Boolean);
  return `${say.hours(up)} up${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`;
}

function peopleList({ scope, people, morePeople }: ReportFacts, say: Format, most: number): List {
  const part = amounts(people, morePeople, most);
  const rows = part.shown.map((row, i) => ({
    name: row.name === undefined ? 'Nobody' : isolate(row.name),
    about: [isolate(teamText(row, scope)), before(row, say)].filter(Boolean).join('; '),
    text: hoursText(row, say),
    end: say.cents(part.cents[i]!, row.amount),
  }));
  return {
    ...list('Who spent it', ['Person', 'Time', 'Cost'], rows),
    total: say.money(part.sum),
    more: moreOf(part, say),
  };
}

/** Of a team's own people nobody need say that they are its. */
function teamText({ name, team }: PersonRow, scope: ReportFacts['scope']): string {
  if (team !== undefined) return scope === 'team' ? '' : team;
  return name === undefined ? "AWS's bill names no owner" : '';
}

function before({ last }: PersonRow, say: Format): string {
  return last === undefined ? '' : `${say.money(last)} the week before`;
}

/** What the bill gives nobody is a row of its own, so that all of them together are what was spent. */
function teamList(
  { spent }: ReportFacts,
  { teams, moreTeams }: NonNullable<ReportFacts['admin']>,
  say: Format,
  most: number,
): List {
  const part = amounts(teams, { count: moreTeams, amount: spent - sumOf(teams) }, most);
  const rows = part.shown.map((row, i) => ({
    name: isolate(row.name),
    about: before(row, say),
    text: hoursText(row, say),
    end: say.cents(part.cents[i]!, row.amount),
  }));
  return {
    ...list('Teams', ['Team', 'Time', 'Cost'], rows),
    total: say.money(part.sum),
    more: moreOf(part, say),
  };
}

function savingsList({ savings }: NonNullable<ReportFacts['admin']>, say: Format): List {
  const rows = savings.map((row) => ({
    name: rowName(row, 'admin'),
    about: aboutRow(row, 'admin'),
    text: `${say.hours(row.idle ?? 0)} idle, of ${say.hours(row.up ?? 0)} up`,
    end: say.money(row.idleCost ?? 0),
  }));
  return list('Savings to make: what was up and idle', ['App', 'Time', 'Cost of it'], rows);
}

function stopList({ saved, scope }: ReportFacts, say: Format, most: number): List {
  const stops = saved.stops.map((row) => ({ ...row, amount: row.amount ?? 0, isPriced: row.amount !== undefined }));
  const part = amounts(stops, { count: saved.more, amount: saved.amount - sumOf(stops) }, most);
  const rows = part.shown.map((row, i) => ({
    name: isolate(nameOf(row.app as Parameters<typeof nameOf>[0])),
    about: aboutStop(row, scope),
    text: `${say.time(row.at)}, by ${isolate(row.rule)}`,
    end: row.isPriced ? say.cents(part.cents[i]!, row.amount) : 'no price',
  }));
  const unpriced = saved.unpriced > 0 ? `${say.hours(saved.unpriced)} of it without a known price` : '';
  return {
    ...list('What Curfew stopped', ['App', 'When, and why', 'Saved'], rows),
    total: say.money(saved.amount),
    more: [moreOf(part, say), unpriced].filter(Boolean).join('; '),
  };
}

function aboutStop({ app, instanceType, owner }: SavedRow, scope: ReportFacts['scope']): string {
  const parts = [scope === 'owner' ? '' : (owner ?? 'nobody'), typeName(app.appType), instanceType ?? ''];
  return parts.filter(Boolean).map(isolate).join(', ');
}

function runningList(facts: ReportFacts, say: Format, urls: MailUrls, most: number): List {
  const rows = facts.running.slice(0, most).map((app, i) => ({
    name: isolate(nameOf(app)),
    about: aboutStop({ ...app, app } as never, facts.scope),
    text: say.time(app.startedAt),
    end: app.cost === undefined ? '' : say.money(app.cost),
    stop: urls.stops?.[i] ?? '',
  }));
  const left = facts.running.length - rows.length + facts.moreRunning;
  const all = rows.length + left;
  return {
    ...list(`Running now (${say.number(all)})`, ['App', 'Since', 'Cost so far'], rows),
    more: left > 0 ? `and ${say.number(left)} more` : '',
  };
}

/** What keeps Curfew from its work, for its admins. */
function troubleLists(admin: NonNullable<ReportFacts['admin']>, say: Format, most: number): List[] {
  const names = (heading: string, some: string[], left: number, text: string) => {
    const count = some.length + left;
    const shown = some.slice(0, most);
    const rest = count - shown.length;
    const rows = count === 0 ? [] : [{ name: say.number(count), text: shown.map(isolate).join(', '), about: text }];
    return { ...list(heading, ['How many', 'Which', ''], rows), more: rest > 0 ? `and ${say.number(rest)} more` : '' };
  };
  return [
    names('Use unknown, under an idle limit', admin.withoutAgent, admin.moreWithoutAgent, 'no agent, or a silent one'),
    names('Stops that keep failing', admin.failedStops, 0, 'still running, and paid for'),
    names('Not to be told', admin.unconfirmed, admin.moreUnconfirmed, 'address not confirmed, or not reached'),
    list(
      "AWS's bill",
      ['', 'What to mend', ''],
      admin.findings.map((text) => ({ name: 'To do', text })),
    ),
  ];
}
