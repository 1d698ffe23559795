import { styleText } from 'node:util';
import { describeMoney } from '../../src/domain/money.ts';
import { localTime } from '../../src/domain/time.ts';
import { clockTime, dayHeading, ZONE } from './calendar.ts';
import type { Report, Summary } from './report.ts';
import { showBill } from './show-bill.ts';
import type { Entry } from './timeline.ts';

type Style = Parameters<typeof styleText>[0];

/** The report for people, no line wider than `width`. Colours only where stdout is a terminal that wants them. */
export function show(report: Report, width: number): string {
  return [...showTimeline(report.timeline, width), '', ...showSummary(report, width)].join('\n');
}

const paint = (style: Style, text: string) => styleText(style, text, { stream: process.stdout });

const COLOURS: Record<Entry['kind'], Style> = {
  warned: 'yellow',
  kept: 'green',
  lifted: 'green',
  stopped: 'red',
  'already gone': 'dim',
  failed: 'magenta',
  told: 'cyan',
  answered: 'cyan',
};

function showTimeline(entries: Entry[], width: number): string[] {
  const lines: string[] = [];
  const whoWidth = Math.max(...entries.map(({ who }) => who.length), 0);
  const whatWidth = Math.max(...entries.map(({ what }) => what.length), 0);
  let date = '';
  for (const entry of entries) {
    const today = localTime(entry.at, ZONE).date;
    if (today !== date) lines.push('', paint('bold', dayHeading(entry.at)));
    date = today;
    const times = entry.times > 1 ? ` (${entry.times} times)` : '';
    const code = entry.code && entry.app ? `${entry.code}: ` : '';
    const why = `${code}${ruleOf(entry)}${entry.why}${times}`;
    const head = `  ${clockTime(entry.at).padEnd(9)} ${entry.kind.padEnd(12)} ${entry.who.padEnd(whoWidth)}`;
    const full = entry.what === '' ? head : `${head}  ${entry.what.padEnd(whatWidth)}`;
    const painted = full.replace(entry.kind, () => paint(COLOURS[entry.kind], entry.kind));
    const indent = entry.what === '' || full.length + 40 > width ? 12 : full.length + 2;
    const [first = '', ...rest] = wrap(why, width - indent);
    if (entry.what === '' && full.length + 2 + why.length <= width) lines.push(`${painted}  ${why}`);
    else if (indent === 12) lines.push(painted.trimEnd(), ...[first, ...rest].map((line) => ' '.repeat(indent) + line));
    else lines.push(`${painted}  ${first}`, ...rest.map((line) => ' '.repeat(indent) + line));
  }
  return lines;
}

/** The rule in front of its reason. A warning lifts by another rule's reason, or its own's end. */
function ruleOf({ kind, rule }: Entry): string {
  if (rule === undefined) return '';
  const [, name = rule, key] = /^(.*): (max-\w+|budget|guardrail)$/.exec(rule) ?? [];
  const words = key === undefined ? name : `${name} (${key})`;
  return kind === 'lifted' ? `no more by ${words}; now: ` : `${words}: `;
}

/** Breaks a text between words; a word that is longer than a line is cut. */
function wrap(text: string, width: number): string[] {
  const most = Math.max(20, width);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((one) => one.match(new RegExp(`.{1,${most}}`, 'gu')) ?? [''])) {
    if (line !== '' && line.length + 1 + word.length > most) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

function showSummary({ seed, days, policy, summary, bill, stories, invariants }: Report, width: number): string[] {
  const rows = rowsOf(summary);
  const label = Math.max(...rows.map(([name]) => name.length));
  const lines = [
    paint(
      'bold',
      `${days} ${days === 1 ? 'day' : 'days'} of the lab (seed ${seed}${policy === undefined ? '' : `, governed by ${policy}`})`,
    ),
  ];
  for (const [name, value] of rows) {
    const [first, ...rest] = wrap(value, width - label - 4);
    lines.push(`  ${name.padEnd(label)}  ${first}`, ...rest.map((line) => ' '.repeat(label + 4) + line));
  }
  lines.push(
    '',
    ...wrap(`${summary.savedMeans} Prices: ${summary.prices}.`, width),
    '',
    paint('bold', 'Estimate against bill, day by day (UTC)'),
    ...showBill(bill).map((line) => `  ${line}`),
    '',
    paint('bold', 'Who was idle, who was not, and who spent too much'),
    ...stories.flatMap(({ told }) => wrap(told, width - 4).map((line, i) => `${i === 0 ? '  ' : '    '}${line}`)),
    '',
    paint('bold', 'Promises, held against what truly happened'),
  );
  for (const { promise, holds, broken, skipped } of invariants) {
    const word = skipped === undefined ? paint('green', 'kept  ') : paint('dim', 'open  ');
    lines.push(`  ${holds ? word : paint('red', 'BROKEN')}  ${promise}${skipped === undefined ? '' : ` (${skipped})`}`);
    for (const line of broken.slice(0, 10)) lines.push(...wrap(line, width - 10).map((part) => `          ${part}`));
    if (broken.length > 10) lines.push(`          and ${broken.length - 10} more`);
  }
  return lines;
}

function rowsOf(summary: Summary): [string, string][] {
  const mails = Object.entries(summary.mails);
  const total = mails.reduce((sum, [, count]) => sum + count, 0);
  const unpriced = Object.entries(summary.unpricedHours).map(([type, hours]) => `${hours} h of ${type}`);
  return [
    [
      'Apps',
      `${summary.runs} runs, ${summary.runsSeen} of them seen by Curfew (${summary.eventsLost} events were lost on the way)`,
    ],
    ['Warned', `${summary.warned}, ${summary.warnedIdle} of them for idleness`],
    ['Warnings lifted', `${summary.lifted}`],
    ['Stopped', stoppedOf(summary)],
    ['Failed at first', summary.failed === 0 ? '0' : `${summary.failed}, each tried again`],
    ['Mails', `${total}${total > 0 ? `: ${mails.map(([kind, count]) => `${count} ${kind}`).join(', ')}` : ''}`],
    ['Addresses', addressesOf(summary.addresses)],
    ['Heartbeats', `${summary.heartbeats} sent by agents, ${summary.heartbeatsLost} of them lost on the way`],
    ['Scans', `${summary.scans}, ${summary.callsPerScan} calls of SageMaker each`],
    ['Saved', `${describeMoney(summary.savedMicroDollars)}, ${summary.savedHours} h`],
    ...(unpriced.length > 0 ? [['Saved, no price known', unpriced.join(', ')] as [string, string]] : []),
  ];
}

function addressesOf({ asked, confirmed, bounced, unsubscribed, kept }: Summary['addresses']): string {
  return `${asked} asked to confirm, ${confirmed} did; ${bounced} bounce, ${unsubscribed} unsubscribed; apps kept running by a link ${kept} times`;
}

function stoppedOf({ stopped, stoppedIdle, stoppedForMoney, stoppedUnheard, alreadyGone }: Summary): string {
  const unheard = ` (${stoppedUnheard} in use again, which no heartbeat had told yet)`;
  const gone = `, and ${alreadyGone} found gone already`;
  return `${stopped}, ${stoppedIdle} of them for idleness${stoppedUnheard ? unheard : ''}, ${stoppedForMoney} by budgets and guardrails${alreadyGone ? gone : ''}`;
}
