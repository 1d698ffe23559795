import type { Place } from '../domain/app.ts';
import { isInHand, LEASE } from '../domain/backstop.ts';
import type { Instant } from '../domain/time.ts';
import { each } from './each.ts';
import type { Backstop, Runs } from './ports.ts';

/** What was taken down, what still stands that should not, and what failed, in words. */
export interface SweepReport {
  removed: number;
  remain: number;
  /** Runs whose schedule was gone: the next scan makes it anew. */
  lost: number;
  faults: string[];
}

const WIDTH = 16;

/**
 * Once a day: takes down what no run on record stands for, and forgets what is on record and does not stand. The listing first,
 * then the record: whoever arms meanwhile has written it down before, and is found there.
 */
export async function sweepBackstops(
  { backstop, runs }: { backstop: Backstop; runs: Runs },
  place: Place,
  now: Instant,
): Promise<SweepReport> {
  const listed = new Set<string>();
  for await (const names of pagesOf(backstop)) for (const name of names) listed.add(name);
  const armed = (await runs.load(place)).runs.filter((run) => run.backstop);
  const known = new Set(armed.map((run) => run.backstop!.name));
  const report = await takeDown(
    backstop,
    [...listed].filter((name) => !known.has(name)),
  );
  // One that is due may just have fired, and what a pass is at may not be listed yet.
  const isLost = ({ name, at, since, isSet }: NonNullable<(typeof armed)[number]['backstop']>) =>
    isSet === true && !listed.has(name) && at > now && since < now - LEASE;
  const lost = armed.filter(({ backstop, endedAt }) => endedAt === undefined && isLost(backstop!));
  await each(lost, WIDTH, async (run) => {
    if (isInHand(run.backstop, now)) return;
    if (await runs.change(run, { kind: 'backstop', backstop: undefined })) report.lost++;
  });
  return report;
}

/** Takes down every schedule that there is, page by page: what `curfew pause` does. Throws PortError where none can be listed. */
export async function takeDownAll(backstop: Backstop): Promise<SweepReport> {
  const report: SweepReport = { removed: 0, remain: 0, lost: 0, faults: [] };
  for await (const names of pagesOf(backstop)) {
    const page = await takeDown(backstop, names);
    report.removed += page.removed;
    report.remain += page.remain;
    report.faults.push(...page.faults);
  }
  return report;
}

async function takeDown(backstop: Backstop, names: string[]): Promise<SweepReport> {
  const report: SweepReport = { removed: 0, remain: 0, lost: 0, faults: [] };
  await each(names, WIDTH, async (name) => {
    try {
      await backstop.disarm(name);
      report.removed++;
    } catch (error) {
      report.remain++;
      report.faults.push(`the schedule ${name} still stands: ${error instanceof Error ? error.message : error}`);
    }
  });
  return report;
}

async function* pagesOf(backstop: Backstop): AsyncGenerator<string[]> {
  let after: string | undefined;
  do {
    const { names, next } = await backstop.armed(after);
    yield names;
    after = next;
  } while (after !== undefined);
}
