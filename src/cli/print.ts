import { stripVTControlCharacters, styleText } from 'node:util';
import Table from 'cli-table3';
import stringWidth from 'string-width';

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

/** Prints rows as CSV (RFC 4180), without what a spreadsheet would take for a formula. */
export function printCsv(head: string[], rows: string[][]): void {
  const cell = (text: string) => {
    const safe = /^[=+@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  process.stdout.write([head, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join(''));
}

/** A column: its head, and whether its cells are prose, which gives way first where the terminal is narrow. */
export interface Column {
  head: string;
  grow?: boolean;
  /** Its cells carry our own colours: they are not tamed. */
  isStyled?: boolean;
}

/** Prints rows as a table that fits the terminal, or tab by tab where stdout is none. */
export function printTable(columns: Column[], rows: string[][]): void {
  if (!process.stdout.isTTY) {
    const lines = [columns.map(({ head }) => head), ...rows];
    process.stdout.write(lines.map((cells) => `${cells.map(tame).join('\t')}\n`).join(''));
    return;
  }
  process.stdout.write(`${renderTable(columns, rows, process.stdout.columns || 80)}\n`);
}

/** Names come from AWS and from files: nothing in them may move the cursor, break a line or a column. */
export function tame(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\p{Cc}/gu, ' ');
}

/** What prose needs at least to be read as such. */
const LEAST_PROSE = 24;
const GAP = 2;

/** The table as text, no line wider than `width`; where the columns cannot stand side by side, each row is a block of lines. */
export function renderTable(columns: Column[], rows: string[][], width: number): string {
  const cells = rows.map((row) => row.map((cell, i) => (columns[i]!.isStyled ? cell : tame(cell))));
  const natural = columns.map(({ head }, i) =>
    Math.max(stringWidth(head), ...cells.map((row) => stringWidth(row[i]!))),
  );
  const widths = [...natural];
  let excess = natural.reduce((sum, n) => sum + n + GAP, 0) - width;
  // The widest column of prose gives way, a cell at a time.
  for (; excess > 0; excess--) {
    const widest = widths.reduce(
      (best, w, i) => (columns[i]!.grow && w > LEAST_PROSE && (best < 0 || w > widths[best]!) ? i : best),
      -1,
    );
    if (widest < 0) return renderBlocks(columns, cells, width);
    widths[widest]!--;
  }
  return renderColumns(
    columns.map(({ head }) => style('bold', head)),
    cells,
    widths,
  );
}

/** Each row as lines of `HEAD  cell`, for narrow terminals. */
function renderBlocks(columns: Column[], rows: string[][], width: number): string {
  const heads = Math.max(...columns.map(({ head }) => head.length));
  const widths = [heads, Math.max(1, width - heads - 2 * GAP)];
  const blocks = rows.map((row) =>
    renderColumns(
      [],
      columns.map(({ head }, i) => [style('bold', head), row[i]!]),
      widths,
    ),
  );
  return blocks.join('\n\n');
}

function renderColumns(head: string[], rows: string[][], widths: number[]): string {
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
    head,
    chars: { ...none, left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '' },
    style: { 'padding-left': 0, 'padding-right': GAP, head: [], border: [] },
    colWidths: widths.map((w) => w + GAP),
    wordWrap: true,
    // Words are kept whole where they fit: a column is never narrower than its longest one, but for prose.
    wrapOnWordBoundary: true,
  });
  table.push(...rows.map((row) => row.map((cell, i) => breakWords(cell, widths[i]!))));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Cuts words that are wider than their column: the table would end them with an ellipsis, and lose the rest. */
function breakWords(text: string, width: number): string {
  return text
    .split(' ')
    .map((word) => {
      if (stringWidth(word) <= width) return word;
      const lines = [''];
      for (const character of word) {
        if (stringWidth(lines.at(-1)! + character) > width) lines.push('');
        lines[lines.length - 1] += character;
      }
      return lines.join(' ');
    })
    .join(' ');
}
