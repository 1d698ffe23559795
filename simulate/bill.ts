import type { Lab } from './lab.ts';
import { chargeOf, lengthOf, rateOf } from './oracle/meter.ts';
import type { TrueRun } from './oracle/truth.ts';
import { DAY } from './spec.ts';

/** Days that Cost Explorer may still be asked for. */
const REMEMBERED = 75 * DAY;

/** AWS writes its bill of all days that are over, by what truly ran: a little more or less than its price list says. */
export function writeBill(lab: Lab): void {
  const { truth } = lab.judge;
  const { bill } = lab.ports;
  const today = Math.floor(truth.now / DAY) * DAY;
  const { factor, late, taggedFrom } = truth.bill;
  bill.estimatedFrom = dateOf(today - late * DAY);
  const oldest = dateOf(today - REMEMBERED);
  bill.rows = bill.rows.filter(({ date }) => date >= oldest);
  for (let day = truth.bill.writtenUntil; day < today; day += DAY) {
    for (const runs of chargesOn(truth.runs, day).values()) {
      const { slot } = runs[0]!;
      const spans = runs.map(({ start, end = truth.now }) => ({
        from: Math.max(start, day),
        to: Math.min(end, day + DAY),
      }));
      const amount = Math.round(rateOf(slot) * lengthOf(spans) * factor);
      const { domainId, spaceName, userProfileName, appType, instanceType } = slot;
      const holder =
        spaceName === undefined ? { domainId, userProfileName: userProfileName! } : { domainId, spaceName };
      const usage = appType === 'Canvas' ? 'Canvas:Session-Hrs' : `Studio:${appType}-${instanceType}`;
      if (amount > 0) bill.rows.push({ date: dateOf(day), usage, amount, ...(day >= taggedFrom ? { holder } : {}) });
    }
  }
  truth.bill.writtenUntil = Math.max(truth.bill.writtenUntil, today);
}

/** What ran on a day, by what it is charged as. */
function chargesOn(all: Map<string, TrueRun[]>, day: number): Map<string, TrueRun[]> {
  const charges = new Map<string, TrueRun[]>();
  for (const run of [...all.values()].flat()) {
    if (rateOf(run.slot) === 0 || run.start >= day + DAY || (run.end ?? Infinity) <= day) continue;
    const key = chargeOf(run.slot);
    charges.set(key, [...(charges.get(key) ?? []), run]);
  }
  return charges;
}

function dateOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
