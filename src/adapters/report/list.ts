import type { Amount, RestRow } from '../../domain/report/facts.ts';
import { sumOf } from '../../domain/report/spent.ts';
import { centsThatAddUp } from '../../domain/share-out.ts';
import type { Format } from './format.ts';

/** A table of a report. Every member is text; what is absent is ''. */
export interface List {
  heading: string;
  capitals: string;
  first: string;
  second: string;
  last: string;
  rows: ListRow[];
  /** The sum of the last column, where that is one. */
  total: string;
  more: string;
}

interface ListRow {
  name: string;
  about: string;
  text: string;
  end: string;
  /** Leads to the page that stops it. */
  stop: string;
}

/** A table without a total. */
export function list(heading: string, columns: [string, string, string], rows: Partial<ListRow>[]): List {
  const [first, second, last] = columns;
  const whole = rows.map((row) => ({ name: '', about: '', text: '', end: '', stop: '', ...row }));
  return { heading, capitals: heading.toUpperCase(), first, second, last, rows: whole, total: '', more: '' };
}

/** Amounts of rows, and of those that are left out, in cents that add up. */
export function amounts<Row extends Amount>(rows: Row[], left: RestRow, most: number, say: Format) {
  const shown = rows.slice(0, most);
  const hidden = rows.slice(most);
  const count = hidden.length + left.count;
  const rest = sumOf([...hidden, left]);
  const all: Amount[] = [...shown, ...(count > 0 ? [rest] : [])];
  const cents = centsThatAddUp(all.map(({ amount }) => amount));
  const text = (one: Amount, i: number) => say.sum(one, say.cents(cents[i]!, one.amount));
  return {
    shown,
    ends: shown.map(text),
    more: count > 0 ? `and ${say.number(count)} more, together ${text(rest, shown.length)}` : '',
    total: say.sum(sumOf(all)),
  };
}
