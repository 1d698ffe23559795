import type { DigestFacts, DigestRow } from '../../domain/notice.ts';
import { UNSIZED } from '../../domain/spend.ts';
import type { Instant } from '../../domain/time.ts';
import { ADMIN } from './app-view.ts';
import { idleList } from './idle-list.ts';
import { moneyList } from './money-list.ts';
import { clip, clock, count, dayOf, isolate, listed, money, number, shortTime, typeName, zoneName } from './wording.ts';

const MODES = {
  observe: 'Curfew only observes: it warns nobody and stops nothing.',
  warn: 'Curfew warns, but stops nothing.',
  enforce: '',
};

/** What the admins' digest says, with so many rows of each list at most. */
export function digestView(facts: DigestFacts, zone: string, most: number) {
  const { at, running, more } = facts;
  const failing = facts.failing.length + more.failing;
  const warned = facts.warned.length + more.warned;
  const stopped = facts.stopped.length + more.stopped;
  const hourly = facts.hourly === 0 && facts.unpriced.length > 0 ? 'unknown' : money(facts.hourly);
  const time = (instant: Instant | undefined, word: string) =>
    instant === undefined ? '' : `${word} ${shortTime(instant, at, zone)}`;
  const list = (name: keyof typeof more, heading: string, why: string, word: string) => {
    const rows = facts[name].slice(0, most);
    const left = facts[name].length - rows.length + more[name];
    return {
      heading: `${heading} (${number(rows.length + left)})`,
      what: 'App',
      why,
      last: 'Cost',
      capitals: `${heading} (${number(rows.length + left)})`.toUpperCase(),
      rows: rows.map((row) => ({ ...rowView(row), at: time(row.at, word) })),
      more: left > 0 ? `and ${number(left)} more` : '',
    };
  };
  const lacking = [...new Set([...facts.unpriced, ...(facts.unpricedSince ?? [])])];
  const day = dayOf(facts.date);
  const state = running === 0 ? 'nothing is running' : `${count(running, 'app')} running at ${hourly} an hour`;
  const events = [
    failing > 0 ? `${count(failing, 'stop')} ${failing === 1 ? 'keeps' : 'keep'} failing` : '',
    state,
    warned > 0 ? `${number(warned)} warned` : '',
    stopped > 0 ? `${number(stopped)} stopped` : '',
  ];
  return {
    summary: `Studio, ${day}: ${events.filter(Boolean).join(', ')}`,
    preview: `${state}.`,
    day,
    at: `${clock(at, zone)} ${zoneName(at, zone)}`,
    running: running === 0 ? '' : `${count(running, 'app')} ${running === 1 ? 'was' : 'were'}`,
    stopped: stopped === 0 ? '' : count(stopped, 'app'),
    warned: warned === 0 ? '' : `${count(warned, 'app')} ${warned === 1 ? 'is' : 'are'}`,
    failing: failing === 0 ? '' : `${count(failing, 'stop')} ${failing === 1 ? 'keeps' : 'keep'}`,
    quiet:
      [running, stopped, warned, failing, lacking.length].every((amount) => amount === 0) &&
      !facts.nativeIdle &&
      !facts.money,
    mode: MODES[facts.mode],
    numbers: [
      { value: number(running), label: 'running' },
      { value: hourly, label: `an hour, at ${facts.basis ?? 'list price'}` },
      { value: number(facts.unlimited), label: 'without a limit' },
      { value: number(facts.unknownUse.length + more.unknownUse), label: 'use unknown' },
    ],
    unpriced: listed(lacking, 12),
    naming: lacking.flatMap(priceKey)[0] ?? '',
    lists: [
      list('failing', 'Stops that keep failing', 'What happened', 'due'),
      list('warned', 'Warned', 'Why', 'stops'),
      list('stopped', 'Stopped in the last 24 hours', 'Why', 'stopped'),
      list('unknownUse', 'Use unknown: the agent is missing or silent', 'What is known', 'stops'),
      list('longest', 'Running longest', 'How it stands', 'stops'),
      ...(facts.money ? [moneyList(facts.money, most)] : []),
      ...(facts.nativeIdle ? [idleList(facts.nativeIdle, most)] : []),
    ].filter(({ rows, more }) => rows.length > 0 || more),
    why: ADMIN,
  };
}

/** How the policy names a price of it. A size that AWS does not tell is none's. */
function priceKey(what: string): string[] {
  if (what === UNSIZED) return [];
  return [`prices: { ${isolate(what)}: … USD/${what === 'volume' ? 'GB-month' : 'h'} }`];
}

function rowView({ app, reason }: DigestRow) {
  const about = [app.owner ?? '', typeName(app.appType), app.instanceType ?? ''];
  const name = app.spaceName !== undefined && app.appName === 'default' ? app.spaceName : app.appName;
  return {
    name: isolate(name),
    about: about.filter(Boolean).map(isolate).join(', '),
    reason: clip(reason, 160),
    end: app.cost === undefined ? '' : money(app.cost),
  };
}
