import type { ReportFacts } from '../../domain/report/facts.ts';
import { HOUR } from '../../domain/time.ts';
import { isolate } from '../ses/wording.ts';
import type { Format } from './format.ts';
import { type List, list } from './list.ts';

/** What only whoever runs the account asks. */
export function accountList(
  { hourly, isHourlyLeast, unpriced, source: { drift } }: ReportFacts,
  { running, unattributed, ownCost }: NonNullable<ReportFacts['admin']>,
  say: Format,
): List {
  const lacking = Object.entries(unpriced).map(([what, duration]) => `${say.hours(duration)} of ${isolate(what)}`);
  const an = say.sum({ amount: hourly, ...(isHourlyLeast ? { unpriced: HOUR } : {}) });
  const hourlyText = hourly === 0 && isHourlyLeast ? an : `${an} an hour`;
  const off = drift && drift.accrued !== 0 ? drift : undefined;
  return list(
    'The account',
    ['What', 'Of it', 'Figure'],
    [
      { name: 'Running now', text: `${say.number(running)} apps that cost`, end: hourlyText },
      { name: "Nobody's", text: "AWS's bill names no owner for it", end: say.money(unattributed) },
      {
        name: 'Bill against estimate',
        text: off
          ? `${say.money(off.billed)} billed of ${say.money(off.accrued)} estimated, in ${say.number(off.days)} days`
          : 'no settled day to compare yet',
        end: off ? say.change(off.billed / off.accrued - 1) : '–',
      },
      ...(lacking.length > 0 ? [{ name: 'Without a known price', text: lacking.join(', '), end: 'in no sum' }] : []),
      {
        name: 'Curfew itself',
        text:
          ownCost === undefined
            ? 'AWS does not tell what it used'
            : 'at list prices; what AWS gives for nothing is not taken off',
        end: ownCost === undefined ? 'not known' : say.money(ownCost),
      },
    ],
  );
}

/** What keeps Curfew from its work, for its admins. */
export function troubleLists(admin: NonNullable<ReportFacts['admin']>, say: Format, most: number): List[] {
  const names = (heading: string, some: string[], left: number, text: string) => {
    const count = some.length + left;
    const shown = some.slice(0, most);
    const rest = count - shown.length;
    const rows = count === 0 ? [] : [{ name: say.number(count), text: shown.map(isolate).join(', '), about: text }];
    return { ...list(heading, ['How many', 'Which', ''], rows), more: rest > 0 ? `and ${say.number(rest)} more` : '' };
  };
  return [
    names('Use unknown, under an idle limit', admin.withoutAgent, admin.moreWithoutAgent, 'no agent, or a silent one'),
    names('Stops that keep failing', admin.failedStops, 0, 'still running, and paid for'),
    names('Not to be told', admin.unconfirmed, admin.moreUnconfirmed, 'address not confirmed, or not reached'),
    list(
      "AWS's bill",
      ['', 'What to mend', ''],
      admin.findings.map((text) => ({ name: 'To do', text })),
    ),
  ];
}
