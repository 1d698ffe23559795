import type { DigestBudget, DigestFacts } from '../../domain/notice.ts';
import { describeUnpriced } from '../../domain/spending.ts';
import { isolate, money, number, tidy } from './wording.ts';

const STATES: Record<NonNullable<DigestBudget['state']>, string> = {
  blocked: 'over, and blocked',
  over: 'over',
  lifted: 'over, and lifted by an admin',
};

/** Budgets and the bill, as a list of the digest. */
export function moneyList({ budgets, more, findings }: NonNullable<DigestFacts['money']>, most: number) {
  const shown = budgets.slice(0, most);
  const left = budgets.length - shown.length + more;
  const heading = `Budgets and the bill (${number(shown.length + left + findings.length)})`;
  // What has no price is in no sum: one that lacks it is the least that was spent.
  const lacking = ({ unpriced = {} }: DigestBudget) => isolate(tidy(describeUnpriced(unpriced)));
  const share = (row: DigestBudget) =>
    `${lacking(row) && 'at least '}${number(Math.floor((row.spent * 100) / row.limit))} %`;
  const spent = (row: DigestBudget) =>
    `${money(row.spent)}${lacking(row) && `, and ${lacking(row)} without a price,`} of ${money(row.limit)} spent`;
  return {
    heading,
    what: 'Budget',
    why: 'How it stands',
    last: 'Share',
    capitals: heading.toUpperCase(),
    rows: [
      ...shown.map((row) => ({
        name: isolate(row.whose),
        about: isolate(row.budget),
        reason: `${spent(row)}${row.state ? `: ${STATES[row.state]}` : ''}`,
        at: '',
        end: share(row),
      })),
      ...findings.map((finding) => ({ name: "AWS's bill", about: 'to be mended', reason: finding, at: '', end: '' })),
    ],
    more: left > 0 ? `and ${number(left)} more` : '',
  };
}
