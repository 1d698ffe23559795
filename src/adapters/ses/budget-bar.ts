import type { BudgetFacts } from '../../domain/notice.ts';

/** A piece of the bar, in percent of its width. */
interface Piece {
  tone: 'spent' | 'over' | 'expected' | 'left';
  color: string;
  width: number;
}

/** Mail clients that know no style sheet show these; in the dark, the style sheet has others. */
export const COLORS = { spent: '#4f46b8', over: '#b42318', expected: '#b5b0ea', left: '#e3e6ea' };

/** So many times the limit are drawn. The figures beside the bar are exact; it ends where it is full. */
const MOST = 4;

/** A mark's name has room in so many percent of a small screen. */
const ROOM = 13;

/**
 * A budget as a bar: what is spent, what of it is over the limit, what is expected beyond it and what is left, with the
 * limit and the thresholds, reached or to come, marked below.
 */
export function budgetBar({ spent, limit, forecast = 0, crossed, warnAt = [] }: BudgetFacts): {
  pieces: Piece[];
  marks: { width: number; name: string; tick: boolean }[];
} {
  const shareOf = (amount: number) => Math.min(MOST, Math.max(0, limit > 0 ? amount / limit : amount > 0 ? MOST : 0));
  const now = shareOf(spent);
  const soon = Math.max(now, shareOf(forecast));
  const full = Math.max(1, soon);
  const percent = (share: number) => Math.round((share / full) * 100);
  const ends: [Piece['tone'], number][] = [
    ['spent', percent(Math.min(1, now))],
    ['over', percent(now)],
    ['expected', percent(soon)],
    ['left', 100],
  ];
  const pieces = ends.map(([tone, end], index) => {
    const begin = Math.max(0, ...ends.slice(0, index).map(([, before]) => before));
    return { tone, color: COLORS[tone], width: end - begin };
  });
  const told = crossed.flatMap(({ kind, share }) => (kind === 'spent' ? [share] : []));
  const shares = [...new Set([...told, ...warnAt])]
    .filter((share) => share > 0 && share < 1)
    .map((share) => ({ at: percent(share), name: `${Math.round(share * 100)} %` }))
    .sort((a, b) => b.at - a.at);
  // The limit's mark comes first; what stands too close to the next one is in the words beside the bar.
  const points = [{ at: percent(1), name: 'limit' }];
  for (const share of shares) if (points[0]!.at - share.at >= ROOM && share.at >= ROOM) points.unshift(share);
  const marks = points.map(({ at, name }, index) => ({ width: at - (points[index - 1]?.at ?? 0), name, tick: true }));
  const rest = 100 - percent(1);
  return {
    pieces: pieces.filter(({ width }) => width > 0),
    marks: [...marks, { width: rest, name: '', tick: false }].filter(({ width }) => width > 0),
  };
}
