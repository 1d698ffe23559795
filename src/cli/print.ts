import { styleText } from 'node:util';
import Table from 'cli-table3';

type Style = Parameters<typeof styleText>[0];

/** Colours text for a terminal; plain where stdout is none, or NO_COLOR is set. */
export function style(format: Style, text: string): string {
  return process.stdout.isTTY && !process.env.NO_COLOR ? styleText(format, text, { validateStream: false }) : text;
}

/** One line for people: on stderr, so that stdout holds nothing but data. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Shows what is going on until `work` is done, on a terminal only. */
export async function progress<T>(text: string, work: Promise<T>): Promise<T> {
  if (!process.stderr.isTTY) return work;
  process.stderr.write(`${text} …`);
  try {
    return await work;
  } finally {
    process.stderr.write('\r\x1b[2K');
  }
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** A column: its head, and whether its cells are prose, which gives way first where the terminal is narrow. */
export interface Column {
  head: string;
  grow?: boolean;
}

/** Prints rows as a table that fits the terminal, or tab by tab where stdout is none. */
export function printTable(columns: Column[], rows: string[][]): void {
  if (!process.stdout.isTTY) {
    const lines = [columns.map(({ head }) => head), ...rows];
    process.stdout.write(lines.map((cells) => `${cells.map(plain).join('\t')}\n`).join(''));
    return;
  }
  process.stdout.write(`${renderTable(columns, rows, process.stdout.columns || 80)}\n`);
}

function plain(cell: string): string {
  return cell.replaceAll(/[\t\n]/g, ' ');
}

/** The table as text, at most `width` columns wide as far as the heads allow. */
export function renderTable(columns: Column[], rows: string[][], width: number): string {
  const natural = columns.map(({ head }, i) => Math.max(head.length, ...rows.map((row) => visible(row[i]!))));
  const heads = columns.map(({ head }) => Math.max(head.length, 6));
  const gaps = columns.length * 2;
  let excess = natural.reduce((sum, n) => sum + n, gaps) - width;
  const widths = [...natural];
  // The widest gives way, a column at a time: first of those that may grow, then of all, down to their heads.
  for (const gives of [columns.map(({ grow }) => grow === true), columns.map(() => true)]) {
    for (; excess > 0; excess--) {
      const widest = widths.reduce(
        (best, w, i) => (gives[i] && w > heads[i]! && (best < 0 || w > widths[best]!) ? i : best),
        -1,
      );
      if (widest < 0) break;
      widths[widest]!--;
    }
  }
  const none = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
  };
  const table = new Table({
    head: columns.map(({ head }) => style('bold', head)),
    chars: { ...none, left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '' },
    style: { 'padding-left': 0, 'padding-right': 2, head: [], border: [] },
    colWidths: widths.map((w) => w + 2),
    wordWrap: true,
    wrapOnWordBoundary: true,
  });
  table.push(...rows);
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function visible(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is left out
  return text.replaceAll(/\x1b\[[0-9;]*m/g, '').length;
}
