import { stripVTControlCharacters, styleText } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Column, renderTable, style } from '../../src/cli/print.ts';

const SCAN: Column[] = [
  { head: 'ACTION' },
  { head: 'OWNER' },
  { head: 'APP' },
  { head: 'INSTANCE' },
  { head: 'UP' },
  { head: 'WHY', grow: true },
];
const STATUS: Column[] = [
  { head: 'OWNER' },
  { head: 'APP' },
  { head: 'INSTANCE' },
  { head: 'UP SINCE' },
  { head: 'LAST USE', grow: true },
  { head: 'LIMIT', grow: true },
  { head: 'NEXT', grow: true },
  { head: 'COST' },
];
const longest = 'x'.repeat(63);
const scanRows = {
  plain: [
    'warn',
    'alice',
    'JupyterLab default in alice-lab',
    'ml.t3.medium',
    '26 h',
    'everything else: max-uptime — up 26 h 10 min, limit 24 h; warned 14:05, grace 30 min',
  ],
  'of the longest names': [
    'stop',
    longest,
    `JupyterServer ${longest} in ${longest}`,
    'ml.p4de.24xlarge',
    '123 d 23 h',
    `${'a limit '.repeat(7)}: max-uptime`,
  ],
  'of wide letters': [
    'keep',
    '学習基盤チーム管理者',
    'JupyterLab 実験 in データ分析の部屋',
    'ml.t3.medium',
    '26 h',
    '学習は五日まで: max-uptime — up 26 h 10 min',
  ],
  'of emoji and accents': [
    'keep',
    '👩🏽‍🔬 Zoë é̀',
    'JupyterLab 🚀🚀🚀',
    'ml.t3.medium',
    '26 h',
    'naïve — 👍🏽👍🏽👍🏽 up',
  ],
  empty: ['', '', '', '', '', ''],
};
const statusRows = {
  plain: [
    'alice',
    'JupyterLab default in alice-lab',
    'ml.t3.medium',
    'Sun 09:00 (26 h 10 min)',
    '1 h 30 min ago (kernel)',
    'cheap instances',
    'warn Fri 09:00',
    '$1,234.56',
  ],
  'of the longest names': [
    longest,
    `JupyterServer ${longest} in ${longest}`,
    'ml.p4de.24xlarge',
    '2026-10-01 09:00 (123 d 23 h)',
    'unknown',
    longest,
    'stop 2026-12-01 09:00',
    '$123,456.78',
  ],
  'of wide letters': [
    '学習基盤チーム管理者',
    'JupyterLab 実験 in データ分析の部屋',
    'ml.t3.medium',
    '09:00',
    'unknown',
    '学習は五日まで',
    'nothing',
    'no price',
  ],
};

/** Columns of a terminal that a line takes. */
function columns(line: string): number {
  let width = 0;
  const plain = stripVTControlCharacters(line);
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(plain)) {
    const isWide =
      /\p{Emoji_Presentation}|\p{Extended_Pictographic}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/u.test(
        segment,
      );
    width += isWide ? 2 : 1;
  }
  return width;
}
const widest = (table: string) => Math.max(...table.split('\n').map(columns));
const letters = (text: string) => text.replaceAll(/\s/g, '');

describe.each([60, 80, 200])('on %i columns', (width) => {
  describe.each([
    ['scan', SCAN, scanRows],
    ['status', STATUS, statusRows],
  ] as [string, Column[], Record<string, string[]>][])('%s', (_, heads, rows) => {
    it.each(Object.entries(rows))('a row %s fits', (_, row) => {
      const table = renderTable(heads, [row], width);
      expect(widest(table)).toBeLessThanOrEqual(width);
      for (const { head } of heads) expect(table).toContain(head);
    });

    it('all rows together fit', () => {
      expect(widest(renderTable(heads, Object.values(rows), width))).toBeLessThanOrEqual(width);
    });
  });

  it('the prose is wrapped, none of its words lost', () => {
    const table = renderTable(SCAN, [scanRows.plain], width);
    for (const word of scanRows.plain[5]!.split(' ')) expect(table).toContain(word);
  });
});

describe('with room enough', () => {
  it.each(Object.entries(scanRows).filter(([name]) => name !== 'of the longest names'))(
    'nothing of a row %s is cut',
    (_, row) => {
      const table = letters(renderTable(SCAN, [row], 200));
      expect(table).not.toContain('…');
      for (const cell of row) expect(table).toContain(letters(cell));
    },
  );

  it('a table is no wider than it needs', () => {
    expect(widest(renderTable(SCAN, [['keep', 'a', 'b', 'c', 'd', 'e']], 200))).toBeLessThan(60);
  });

  it('columns stand under each other, whatever the letters', () => {
    const rows = [scanRows['of wide letters'], scanRows.plain];
    const lines = renderTable(SCAN, rows, 200).split('\n');
    const starts = lines
      .filter((line) => line.includes('ml.t3.medium'))
      .map((line) => columns(line.slice(0, line.indexOf('ml.t3.medium'))));
    expect(new Set(starts).size).toBe(1);
  });

  it('no rows make a table of heads', () => {
    expect(renderTable(SCAN, [], 80)).toMatch(/ACTION.*WHY/);
  });

  it('an identifier that is cut can still be told from another: the whole name is somewhere', () => {
    // What people need to type into `explain`.
    const table = letters(renderTable(SCAN, [scanRows['of the longest names']], 200));
    expect(table).toContain(longest);
  });
});

describe('colours', () => {
  const stdout = process.stdout as { isTTY?: boolean };
  const before = { isTTY: stdout.isTTY, NO_COLOR: process.env.NO_COLOR };
  beforeEach(() => {
    stdout.isTTY = true;
    delete process.env.NO_COLOR;
  });
  afterEach(() => {
    stdout.isTTY = before.isTTY as boolean;
    if (before.NO_COLOR === undefined) delete process.env.NO_COLOR;
    else process.env.NO_COLOR = before.NO_COLOR;
  });

  it('show on a terminal, and take no room', () => {
    expect(style('red', 'stop')).toBe(styleText('red', 'stop', { validateStream: false }));
    const row = [style('red', 'stop'), ...scanRows.plain.slice(1)];
    const table = renderTable(SCAN, [row], 80);
    expect(table).toContain('\u001b[');
    expect(widest(table)).toBeLessThanOrEqual(80);
  });

  it('do not show under NO_COLOR, nor where stdout is no terminal', () => {
    process.env.NO_COLOR = '1';
    expect(style('red', 'stop')).toBe('stop');
    expect(renderTable(SCAN, [scanRows.plain], 80)).not.toContain('\u001b');
    delete process.env.NO_COLOR;
    stdout.isTTY = false;
    expect(style('red', 'stop')).toBe('stop');
    expect(renderTable(SCAN, [scanRows.plain], 80)).not.toContain('\u001b');
  });
});
