import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderReportPage } from '../../src/adapters/report/page.ts';
import { renderNotice } from '../../src/adapters/ses/render.ts';
import { toJson } from '../../src/cli/report-print.ts';
import type { ReportFacts } from '../../src/domain/report/facts.ts';
import { HOUR } from '../../src/domain/time.ts';
import { EVIL, notice, ZONE } from './notices.ts';
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
  expect([199_200_000, 200_000_000, 58_000_000].map(shown)).toEqual(['99%', '100%', '29%']);
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
      expect(part).toContain('$72.03, and 5 h of Canvas without a price, of $90.00 (at least 80%), until ');
      expect(part).toContain('; at most $17.97 left; expected by its end: at least $141.00');
    }
    const { unpriced: _, ...whole } = row;
    expect(shown(whole).text).toMatch(
      /: \$72\.03 of \$90\.00 \(80%\), until .*; \$17\.97 left; expected by its end: \$141\.00\n/,
    );
  });

  test('of which nothing has one, has no share; what is spent without it is spent', () => {
    expect(shown({ ...row, spent: 0 }).text).toContain(': 5 h of Canvas without a price, of $90.00, until ');
    expect(shown({ ...row, spent: 90_000_000 }).text).toContain('of $90.00 (at least 100%)');
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
