import type { Place } from '../../domain/app.ts';
import type { ReportFacts } from '../../domain/report/facts.ts';
import { reportPage, reportStyleHash } from '../pages/page.generated.mjs';
import { tidy } from '../ses/wording.ts';
import { type Format, formatFor } from './format.ts';
import { reportView } from './view.ts';

/** Rows of a list on a page: all that a report holds. */
const MOST_ROWS = 100;

const WIDTH = 800;
const HEIGHT = 240;
const BASE = 200;
const TOP = 30;
const LEFT = 60;

/** A report as one HTML page that stands alone: its charts are in it, and nothing is fetched, and nothing runs. */
export function renderReportPage(report: ReportFacts, place: Place, timezone: string): string {
  const facts = tidy(report);
  const view = reportView(facts, timezone, {}, MOST_ROWS);
  const say = formatFor(facts.locale, timezone);
  const { account, region } = place;
  return reportPage({
    ...view,
    place: tidy({ account, region }),
    timezone,
    chart: chartOf(facts, view.days, say),
    use: useOf(facts, say),
    budgets: view.budgets.map((budget) => ({ ...budget, width: budget.bar * 8 })),
  });
}

/** What the policy of a page with a report allows as style. */
export const REPORT_STYLE = reportStyleHash;

function chartOf({ days }: ReportFacts, words: { day: string; amount: string }[], say: Format) {
  const most = Math.max(0, ...days.map(({ amount }) => amount));
  const step = niceStep(most / 1e6 / 3);
  const steps = Math.max(1, Math.ceil(most / 1e6 / step));
  const scale = (amount: number) => ((BASE - TOP) * Math.max(0, amount)) / (steps * step * 1e6);
  const slot = (WIDTH - LEFT) / days.length;
  return {
    width: WIDTH,
    height: HEIGHT,
    label: words.map(({ day, amount }) => `${day}: ${amount}`).join('; '),
    grid: Array.from({ length: steps + 1 }, (_, i) => {
      const y = rounded(BASE - scale(i * step * 1e6));
      return { x1: 0, x2: WIDTH, y, textY: y - 4, label: say.money(i * step * 1e6) };
    }),
    // On a phone the days lie below one another, so that they can be read.
    rows: days.map(({ amount }, i) => {
      const width = most === 0 ? 0 : rounded((Math.max(0, amount) / most) * 165);
      return { y: i * 27 + 2, textY: i * 27 + 14, width, ...words[i]! };
    }),
    bars: days.map(({ amount }, i) => {
      const height = amount > 0 ? Math.max(1, scale(amount)) : 0;
      const x = LEFT + i * slot + slot * 0.18;
      const y = BASE - height;
      return {
        ...{ x: rounded(x), y: rounded(y), width: rounded(slot * 0.64), height: rounded(height) },
        ...{ middle: rounded(x + slot * 0.32), valueY: rounded(y - 6), dayY: BASE + 22 },
        ...words[i]!,
      };
    }),
  };
}

/** A step of 1, 2 or 5 times a power of ten, of dollars: a cent at the least. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(0.01, least)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least) ?? 10 * power;
}

function useOf({ hours }: ReportFacts, say: Format) {
  const { up, used, idle, unknown } = hours;
  if (up === 0) return [];
  let x = 0;
  const parts = [
    { kind: 'spent', duration: used, label: `in use ${say.hours(used)}` },
    { kind: 'idle', duration: idle, label: `idle ${say.hours(idle)}` },
    { kind: 'unknown', duration: unknown, label: `unknown ${say.hours(unknown)}` },
  ].filter(({ duration }) => duration > 0);
  return parts.map(({ kind, duration, label }) => {
    const width = rounded((duration / up) * WIDTH);
    x += width;
    return { kind, x: rounded(x - width), width, label };
  });
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
