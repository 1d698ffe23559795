import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderReportPage } from '../../src/adapters/report/page.ts';
import { renderNotice } from '../../src/adapters/ses/render.ts';
import { csvRows, toJson } from '../../src/cli/report-print.ts';
import type { ReportFacts } from '../../src/domain/report/facts.ts';
import { HOUR } from '../../src/domain/time.ts';
import { app, EVIL, notice, ZONE } from './notices.ts';
import { adminReport, ownerReport } from './report-notices.ts';

/** Cents of `$1,234.56`, `-$0.05` or `under $0.01`; none where there is no price. */
function cents(shown: string): number {
  const [, sign = '', dollars = '0', part = '00'] = /(-?)\$([\d,]+)\.(\d\d)$/.exec(shown) ?? [];
  return shown.includes('under') ? 0 : Number(`${sign}${dollars.replaceAll(',', '')}${part}`);
}

/** What each table with a total shows, in cents: its rows, what it leaves out, and the total. */
function tablesOf(text: string): { heading: string; sum: number; total: number }[] {
  return text.split('\n\n').flatMap((block) => {
    const [heading = '', ...lines] = block.split('\n');
    const total = lines.find((line) => line.startsWith('Together: '));
    if (!total) return [];
    const ends = lines.flatMap((line) => {
      if (line.startsWith('- ')) return [line.split('; ').at(-1)!];
      return /^and .* more, together ([^;]*)/.exec(line)?.[1] ?? [];
    });
    return [{ heading, sum: ends.reduce((sum, end) => sum + cents(end), 0), total: cents(total) }];
  });
}

const amount = fc.oneof(fc.integer({ min: -2_000_000, max: 90_000_000 }), fc.integer({ min: 0, max: 30_000 }));
const sum = (rows: { amount?: number }[]) => rows.reduce((all, one) => all + (one.amount ?? 0), 0);

test('what is shown of a table adds up to its total, to the cent, and so do days and tables among themselves', () => {
  const amounts = fc.array(amount, { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(amounts, amounts, amounts, amounts, fc.nat(5), amount, (rows, people, teams, stops, count, rest) => {
      const [row, person, team, stop] = [
        adminReport.rows[0]!,
        adminReport.people[0]!,
        adminReport.admin!.teams[0]!,
        adminReport.saved.stops[0]!,
      ];
      const spent = rows.reduce((a, b) => a + b, 0) + (count > 0 ? rest : 0);
      const left = (some: number[]) => spent - some.reduce((a, b) => a + b, 0);
      const priced = stops.map((one, i) => (i % 7 === 6 ? stop : { ...stop, amount: Math.abs(one) }));
      const bare: ReportFacts['saved']['stops'] = priced.map((one, i) =>
        i % 7 === 6 ? (({ amount: _, ...more }) => more)(one) : one,
      );
      const facts: ReportFacts = {
        ...adminReport,
        spent,
        days: adminReport.days.map(({ date }, i) => ({
          date,
          amount: i === 6 ? left(rows.slice(0, 6)) : (rows[i] ?? 0),
        })),
        rows: rows.map((one) => ({ ...row, amount: one })),
        more: { count, amount: count > 0 ? rest : 0 },
        people: people.map((one) => ({ ...person, amount: one })),
        morePeople: { count: 3, amount: left(people) },
        saved: { amount: sum(bare) + rest, duration: 1, unpriced: 0, stops: bare, more: 2 },
        admin: { ...adminReport.admin!, teams: teams.map((one) => ({ ...team, amount: one })), moreTeams: 4 },
      };
      const { text } = renderNotice(notice(facts), { timezone: ZONE }, {});
      const tables = tablesOf(text);
      expect(tables.map(({ heading }) => heading)).toEqual([
        'WHO SPENT IT',
        'TEAMS',
        'WHERE IT WENT',
        'WHAT CURFEW STOPPED',
      ]);
      for (const { heading, sum: shown, total } of tables) expect([heading, shown]).toEqual([heading, total]);
      const [who, byTeam, where] = tables;
      expect([byTeam!.total, where!.total]).toEqual([who!.total, who!.total]);
      const days = text.split('DAY BY DAY\n')[1]!.split('\n').slice(0, 7);
      expect(days.reduce((all, line) => all + cents(line), 0)).toBe(who!.total);
    }),
  );
});

test('a budget’s share is rounded down: what is nearly all of it is not told as all', () => {
  const [row] = adminReport.budgets;
  const shown = (spent: number) => {
    const facts = { ...adminReport, budgets: [{ ...row!, spent, limit: 200_000_000 }] };
    return /\((\d+\s?%)\)/.exec(renderNotice(notice(facts), { timezone: ZONE }, {}).text)?.[1];
  };
  // 0.29 * 100 is less than 29 to a computer.
  expect([199_200_000, 200_000_000, 58_000_000].map(shown)).toEqual(['99 %', '100 %', '29 %']);
});

describe('what has no price', () => {
  const place = { account: '123456789012', region: 'us-east-1' };
  const [row] = adminReport.rows;
  const [person] = adminReport.people;
  const none = { amount: 0, unpriced: 37 * HOUR };
  const [stop] = adminReport.saved.stops;
  const { amount: _, ...unpricedStop } = stop!;
  const { mean: __, total: ___, ...bare } = adminReport;
  const facts: ReportFacts = {
    ...bare,
    ...{ spent: 0, billed: 0, estimated: 0, unpriced: { 'ml.x9.large': 37 * HOUR } },
    days: adminReport.days.map(({ date }, i) => (i === 2 ? { date, ...none } : { date, amount: 0 })),
    rows: [{ ...row!, ...none, idleCost: 0 }],
    more: { count: 2, ...none },
    people: [{ ...person!, ...none, idleCost: 0 }],
    budgets: [],
    saved: { amount: 0, duration: 24 * HOUR, unpriced: 24 * HOUR, stops: [unpricedStop], more: 0 },
    ...{ running: [{ ...app, isUnpriced: true }], hourly: 0, isHourlyLeast: true },
    admin: { ...adminReport.admin!, teams: [{ ...person!, name: 'alpha', ...none }], savings: [], unattributed: 0 },
  };
  const text = (some: Partial<ReportFacts> = {}) =>
    renderNotice(notice({ ...facts, ...some }), { timezone: ZONE }, {}).text;
  const block = (heading: string, some?: Partial<ReportFacts>) =>
    text(some)
      .split('\n\n')
      .find((one) => one.startsWith(heading))!
      .split('\n');

  test('is never $0 in a list, a total, a day or a headline', () => {
    for (const heading of ['WHO SPENT IT', 'TEAMS', 'WHERE IT WENT', 'WHAT CURFEW STOPPED']) {
      const lines = block(heading);
      expect([heading, lines.at(-1)]).toEqual([heading, 'Together: no price']);
      expect(lines[1]).toMatch(/; no price$/);
    }
    expect(block('WHERE IT WENT')).toContain('and 2 more, together no price');
    expect(block('DAY BY DAY').slice(2, 5)).toEqual([
      expect.stringMatching(/: \$0\.00$/),
      'Wed 18 Nov: no price',
      expect.stringMatching(/: \$0\.00$/),
    ]);
    expect(renderNotice(notice(facts), { timezone: ZONE }, {}).subject).toBe("Studio, the week's cost: no price");
    expect(text()).toContain('\nno price this week\n');
    expect(text()).toContain('\nno price an hour, by what runs now\n');
    expect(block('THE ACCOUNT')[1]).toBe('- Running now: 42 apps that cost; no price');
    expect(block('RUNNING NOW')[1]).toMatch(/; no price$/);
    expect(renderReportPage(facts, place, ZONE)).toContain('>no price</text>');
  });

  test('makes a sum the least', () => {
    const rows = [{ ...row!, amount: 2_020_000, unpriced: HOUR }];
    const part = { rows, more: { count: 0, amount: 0 }, spent: 2_020_000, hourly: 1_410_000 };
    expect(block('WHERE IT WENT', part).slice(-2)).toEqual([
      expect.stringMatching(/; \$2\.02 and more$/),
      'Together: $2.02 and more',
    ]);
    expect(text(part)).toContain('\n$2.02 and more this week\n');
    expect(block('THE ACCOUNT', part)[1]).toBe('- Running now: 42 apps that cost; $1.41 and more an hour');
  });

  test('that was started again at once was stopped, and saved nothing', () => {
    const saved = { ...facts.saved, duration: 0, unpriced: 0, stops: [{ ...unpricedStop, duration: 0 }] };
    expect(block('WHAT CURFEW STOPPED', { saved }).slice(-2)).toEqual([
      expect.stringMatching(/; \$0\.00$/),
      'Together: $0.00',
    ]);
  });

  test('is null in JSON and empty in CSV', () => {
    expect(toJson(facts)).toMatchObject({
      ...{ spentUsd: null, billedUsd: 0, estimatedUsd: null, hourlyUsd: null, isHourlyLeast: true },
      rows: [{ amountUsd: null, unpricedHours: 37 }],
      people: [{ amountUsd: null, unpricedHours: 37 }],
      saved: { amountUsd: null, unpricedHours: 24 },
    });
    expect(toJson(ownerReport)).toMatchObject({ hourlyUsd: 1.41, isHourlyLeast: false });
    const column = csvRows(facts).map((cells) => [cells[0], cells[5]]);
    expect(column).toEqual([
      ['app', ''],
      ['other', ''],
      ['person', ''],
    ]);
  });
});

describe('a budget', () => {
  const [one] = ownerReport.budgets;
  const { forecast: _, ...row } = { ...one!, spent: 90_000_000, limit: 200_000_000 };
  const NOV = row.period;
  const about = (budget: Partial<typeof one>, facts: Partial<ReportFacts> = {}) => {
    const shown = { ...ownerReport, ...facts, budgets: [{ ...row, ...budget } as typeof row] };
    return /^- per person: (.*)$/m.exec(renderNotice(notice(shown), { timezone: ZONE }, {}).text)?.[1];
  };
  const week = ownerReport.period;

  test.each<[string, Parameters<typeof about>]>([
    ["$90.00 of $200.00 (45 %) by the week's end; $110.00 left until Mon 30 Nov", [{}]],
    ['$90.00 of $200.00 (45 %) so far; $110.00 left until Mon 30 Nov', [{}, { at: week.from + 5 * HOUR }]],
    ["$90.00 of $200.00 (45 %) by the week's end; $110.00 left", [{ period: { from: 0 } }]],
    ['$90.00 of $200.00 (45 %) that week; $110.00 left', [{ period: week }]],
    ['$90.00 of $200.00 (45 %) by Fri 20 Nov; $110.00 left', [{ period: { ...NOV, to: week.to - 48 * HOUR } }]],
    [
      "$90.00 of $350.00 (25 %) by the week's end; $150.00 of the limit granted by an admin; $260.00 left until Mon 30 Nov",
      [{ limit: 350_000_000, granted: 150_000_000 }],
    ],
    [
      "$90.00 of $80.00 (112 %) by the week's end; nothing left until Mon 30 Nov; lifted until Mon 30 Nov: it stops nothing",
      [{ limit: 80_000_000, lifted: { until: NOV.to! } }],
    ],
    [
      "$90.00 of $80.00 (112 %) by the week's end; nothing left; lifted for good: it stops nothing",
      [{ limit: 80_000_000, lifted: {}, period: { from: 0 } }],
    ],
  ])('is said: %s', (words, args) => {
    expect(about(...args)).toBe(words);
  });

  test('is told in JSON with what was granted, and until when it is lifted', () => {
    const json = toJson({ ...ownerReport, budgets: [{ ...row, granted: 150_000_000, lifted: { until: NOV.to! } }] });
    expect(json).toMatchObject({ budgets: [{ grantedUsd: 150, lifted: { until: '2026-12-01T05:00:00.000Z' } }] });
  });
});

test('days and percents are written as in all other mail, in English; other languages have their own', () => {
  const text = (locale: string) => renderNotice(notice({ ...ownerReport, locale }), { timezone: ZONE }, {}).text;
  for (const locale of ['en-US', 'en-GB'])
    for (const words of ['Mon 16 Nov – 22 Nov 2026', '(48 %)', 'corrected by -3 %', 'Thu 19 Nov, 18:05 EST'])
      expect(text(locale)).toContain(words);
  expect(text('de-DE')).toContain('Mo., 16. Nov. – 22. Nov. 2026');
});

describe('a budget of which a part has no price', () => {
  const [one] = ownerReport.budgets;
  const row = { ...one!, spent: 72_030_000, limit: 90_000_000, unpriced: { Canvas: 5 * HOUR } };
  const shown = (budget: ReportFacts['budgets'][number]) => {
    const facts = { ...ownerReport, budgets: [budget] };
    const { text, html } = renderNotice(notice(facts), { timezone: ZONE }, {});
    return { text, mail: html, page: renderReportPage(facts, { account: '123456789012', region: 'us-east-1' }, ZONE) };
  };

  test('says so, and that what is left is the most, in the mail’s text, its HTML and on the page', () => {
    for (const part of Object.values(shown(row))) {
      expect(part).toContain('$72.03, and 5 h of Canvas without a price, of $90.00 (at least 80 %) by the week');
      expect(part).toContain('; at most $17.97 left until Mon 30 Nov; expected by then: at least $141.00');
    }
    const { unpriced: _, ...whole } = row;
    expect(shown(whole).text).toMatch(
      /: \$72\.03 of \$90\.00 \(80 %\) by the week's end; \$17\.97 left until .*; expected by then: \$141\.00\n/,
    );
  });

  test('of which nothing has one, has no share; what is spent without it is spent', () => {
    expect(shown({ ...row, spent: 0 }).text).toContain(': 5 h of Canvas without a price, of $90.00 by the ');
    expect(shown({ ...row, spent: 90_000_000 }).text).toContain('of $90.00 (at least 100 %)');
    expect(shown({ ...row, spent: 90_000_000 }).text).toContain('; nothing left');
  });

  test('forges no line by the name of what has none', () => {
    const { text } = shown({ ...row, unpriced: { [`x\n${EVIL}`]: HOUR } });
    expect(text.match(/^- per person.*without a price, of \$90/gm)).toHaveLength(1);
  });

  test('is told in JSON in hours', () => {
    const json = toJson({ ...ownerReport, budgets: [row], unpriced: { Canvas: 5 * HOUR } });
    expect(json).toMatchObject({
      ...{ unpricedHours: { Canvas: 5 }, saved: { unpricedHours: 0 } },
      budgets: [{ spentUsd: 72.03, unpricedHours: { Canvas: 5 } }],
    });
  });
});
