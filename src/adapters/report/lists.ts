import type { MailUrls } from '../../application/ports.ts';
import type { PersonRow, ReportFacts, ReportRow, SavedRow } from '../../domain/report/facts.ts';
import { nameOf } from '../../domain/report/instances.ts';
import { sumOf, unpricedIn } from '../../domain/report/spent.ts';
import { isolate, typeName } from '../ses/wording.ts';
import { accountList, troubleLists } from './admin-lists.ts';
import type { Format } from './format.ts';
import { amounts, type List, list } from './list.ts';

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

function spendList(facts: ReportFacts, say: Format, most: number): List {
  const part = amounts(facts.rows, facts.more, most, say);
  const rows = part.shown.map((row, i) => ({
    name: rowName(row, facts.scope),
    about: aboutRow(row, facts.scope),
    text: hoursText(row, say),
    end: part.ends[i]!,
  }));
  return {
    ...list('Where it went', ['What', 'Its time', 'Cost'], rows),
    total: part.total,
    more: part.more,
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
  const part = amounts(people, morePeople, most, say);
  const rows = part.shown.map((row, i) => ({
    name: row.name === undefined ? 'Nobody' : isolate(row.name),
    about: [isolate(teamText(row, scope)), before(row, say)].filter(Boolean).join('; '),
    text: hoursText(row, say),
    end: part.ends[i]!,
  }));
  return {
    ...list('Who spent it', ['Person', 'Time', 'Cost'], rows),
    total: part.total,
    more: part.more,
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
  { spent, unpriced }: ReportFacts,
  { teams, moreTeams }: NonNullable<ReportFacts['admin']>,
  say: Format,
  most: number,
): List {
  const rest = {
    amount: spent - sumOf(teams).amount,
    unpriced: unpricedIn(unpriced) - (sumOf(teams).unpriced ?? 0),
  };
  const part = amounts(teams, { count: moreTeams, ...rest }, most, say);
  const rows = part.shown.map((row, i) => ({
    name: isolate(row.name),
    about: before(row, say),
    text: hoursText(row, say),
    end: part.ends[i]!,
  }));
  return {
    ...list('Teams', ['Team', 'Time', 'Cost'], rows),
    total: part.total,
    more: part.more,
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
  // Without a price nobody knows what it saved, unless it was started again at once.
  const stops = saved.stops.map((row) => {
    return { ...row, amount: row.amount ?? 0, unpriced: row.amount === undefined ? row.duration : 0 };
  });
  const rest = sumOf(stops);
  const part = amounts(
    stops,
    { count: saved.more, amount: saved.amount - rest.amount, unpriced: saved.unpriced - (rest.unpriced ?? 0) },
    most,
    say,
  );
  const rows = part.shown.map((row, i) => ({
    name: isolate(nameOf(row.app as Parameters<typeof nameOf>[0])),
    about: aboutStop(row, scope),
    text: `${say.time(row.at)}, by ${isolate(row.rule)}`,
    end: part.ends[i]!,
  }));
  const unpriced = saved.unpriced > 0 ? `${say.hours(saved.unpriced)} of it without a known price` : '';
  return {
    ...list('What Curfew stopped', ['App', 'When, and why', 'Saved'], rows),
    total: say.sum(saved),
    more: [part.more, unpriced].filter(Boolean).join('; '),
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
    end: app.isUnpriced ? 'no price' : app.cost === undefined ? '' : say.money(app.cost),
    stop: urls.stops?.[i] ?? '',
  }));
  const left = facts.running.length - rows.length + facts.moreRunning;
  const all = rows.length + left;
  return {
    ...list(`Running now (${say.number(all)})`, ['App', 'Since', 'Cost so far'], rows),
    more: left > 0 ? `and ${say.number(left)} more` : '',
  };
}
