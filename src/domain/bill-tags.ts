import type { BilledDay, BilledRow } from './bill.ts';
import { describeMoney, type MicroDollars } from './money.ts';
import { billingDay, overlap, type Period } from './period.ts';
import type { Run } from './run.ts';
import { usageOf, VOLUME_USAGE } from './usage.ts';
import type { Volume } from './volume.ts';

const TAGS = { profile: 'sagemaker:user-profile-arn', space: 'sagemaker:space-arn' } as const;
type Kind = keyof typeof TAGS;

/** A smaller share of what Studio costs may have lost its tags for another reason. */
const MUCH = 0.1;

/**
 * Which of SageMaker's tags nobody has activated, and what to do. Where nothing carries a tag, the bill names no owner. Where
 * only profiles are named though spaces cost something that is nobody's, or the other way round, that one tag is missing.
 */
export function untaggedFindings(days: BilledDay[], record: { runs: Run[]; volumes: Volume[] }): string[] {
  const rows = days.flatMap((day) => day.rows).filter(({ usage }) => /^(Studio|Canvas):/i.test(usage));
  if (rows.length === 0) return [];
  const kinds = (['profile', 'space'] as const).filter((kind) => !rows.some((row) => kindOf(row) === kind));
  if (kinds.length === 2)
    return [
      `No row of the bill carries ${TAGS.profile} or ${TAGS.space}, so it names no owner and owners’ figures are estimates. ` +
        activate([TAGS.profile, TAGS.space, 'sagemaker:domain-arn']),
    ];
  return kinds.flatMap((kind) => {
    const lost = days.reduce((sum, day) => sum + untaggedOf(kind, day, record), 0);
    const all = rows.reduce((sum, { amount }) => sum + amount, 0);
    if (lost <= all * MUCH) return [];
    return [
      `No row of the bill carries ${TAGS[kind]}, though ${kind}s ran what ${describeMoney(lost)} of it is for, which names nobody: ` +
        `figures of what ${kind}s cost are estimates. ${activate([TAGS[kind]])}`,
    ];
  });
}

function kindOf({ holder }: BilledRow): Kind | undefined {
  return holder && (holder.spaceName === undefined ? 'profile' : 'space');
}

/** What carries no tag, of usage that only such holders as these can explain, or they too. */
function untaggedOf(kind: Kind, { date, rows }: BilledDay, record: { runs: Run[]; volumes: Volume[] }): MicroDollars {
  const nobodys = rows.filter(({ holder }) => !holder);
  if (nobodys.length === 0) return 0;
  const used = usedOn(billingDay(date), kind, record);
  return nobodys.reduce((sum, { usage, amount }) => sum + (used.has(usage.toLowerCase()) ? amount : 0), 0);
}

function usedOn(day: Period, kind: Kind, { runs, volumes }: { runs: Run[]; volumes: Volume[] }): Set<string> {
  const isThen = (from: number, to = Number.POSITIVE_INFINITY) => overlap(from, to, day) > 0;
  const ran = runs.filter(({ app, startedAt, endedAt }) => {
    return (app.spaceName === undefined ? 'profile' : 'space') === kind && isThen(startedAt, endedAt);
  });
  const usages = ran.map((run) => usageOf(run));
  if (kind === 'space' && volumes.some(({ since, until }) => isThen(since, until))) usages.push(VOLUME_USAGE);
  return new Set(usages.map((usage) => usage.toLowerCase()));
}

function activate(tags: string[]): string {
  const which = tags.length === 1 ? 'it as a cost allocation tag' : 'them as cost allocation tags';
  return (
    `Activate ${which} in the management account (Billing console, Cost allocation tags; or aws ce update-cost-allocation-tags-status ` +
    `--cost-allocation-tags-status ${tags.map((tag) => `TagKey=${tag},Status=Active`).join(' ')}). ` +
    `${tags.length === 1 ? 'It counts' : 'They count'} from then on, within 48 hours.`
  );
}
