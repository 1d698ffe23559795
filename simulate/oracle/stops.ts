import { HOUR, type LimitSpec, MINUTE, SECOND } from '../spec.ts';
import { clockOf, isMeant, type Judge, type OwedLetter, type Pass } from './judge.ts';
import { wrongsOfMoney } from './money.ts';
import { pauseEndAt, wrongsOfPause } from './pauses.ts';
import { firstOf, keptUntil, lawOf, type TrueRun, type Word } from './truth.ts';

/** A mail that is taken within this time of being owed is on time. */
const ON_TIME = 5 * MINUTE;

/** Two Lambdas' clocks differ by less than this. */
const MOST_APART = 2 * MINUTE;

/** Judges a DeleteApp that took effect, at that moment. */
export function judgeStop(judge: Judge, pass: Pass, run: TrueRun, callOrder: number): void {
  const intent = pass.intents.get(run.slot.id);
  const wrongs = pass.pressed ? wrongsOfPress(pass, run) : wrongsOfScan(judge, pass, run, callOrder);
  if (!intent) wrongs.push('2 stopped without writing that down before');
  wrongs.push(...wrongsOfPause(judge, pass, run.slot.id, intent?.order ?? callOrder));
  if (pass.does === 'dry scan') wrongs.push('9 a dry run stopped');
  if (!pass.pressed && pass.does !== 'scan' && !(pass.does === 'event' && isMoney(intent?.rule)))
    wrongs.push(`2 stopped by ${pass.does}`);
  for (const rule of wrongs) judge.accuse(rule, `${run.slot.id} up since ${new Date(run.start).toISOString()}`);
}

/** A budget's or a guardrail's stop: it needs no warning, and no limit. */
function isMoney(rule = ''): boolean {
  return / ?: (budget|guardrail)$/.test(rule);
}

/** A person's own link stops the run that its mail was about, and no other. */
function wrongsOfPress({ pressed }: Pass, run: TrueRun): string[] {
  if (pressed!.button !== 'stop') return [`2 stopped by the button "${pressed!.button}"`];
  const isOurs = pressed!.slot === run.slot.id && isMeant(run, pressed!.startedAt);
  return isOurs ? [] : ['2 a link stopped another run than its mail was about'];
}

function wrongsOfScan(judge: Judge, pass: Pass, run: TrueRun, callOrder: number): string[] {
  const { truth } = judge;
  const { spec, lookOrder = 0 } = pass;
  const intent = pass.intents.get(run.slot.id);
  const wrongs: string[] = [];
  pass.stops += 1;
  const most = mostStops(pass);
  if (pass.stops > most) wrongs.push(`8 more than ${most} stops in one scan`);
  if (spec.mode !== 'enforce') wrongs.push(`2 stopped in mode ${spec.mode}`);
  if (!pass.isWhole) wrongs.push('1 stopped on half a picture');
  if (run.startOrder > lookOrder) wrongs.push('2 stopped a run that it never saw');
  const law = lawOf(truth, run.slot, spec, clockOf(pass), lookOrder);
  if (law === 'exempt') wrongs.push('3 stopped an exempt app');
  else if (isMoney(intent?.rule))
    wrongs.push(...wrongsOfMoney(judge, pass, run, intent!.rule), ...wrongsOfGrace(judge, pass, run, intent!));
  else if (law === undefined) wrongs.push('2 stopped without any limit');
  else wrongs.push(...wrongsByLimit(judge, pass, run, law, intent?.order ?? callOrder));
  return wrongs;
}

/** A budget that gives a grace warns first, as a limit does. */
function wrongsOfGrace(
  judge: Judge,
  pass: Pass,
  run: TrueRun,
  { rule, order }: { rule: string; order: number },
): string[] {
  const budget = pass.spec.budgets.find(({ name }) => rule === `${name}: budget`);
  if (budget?.grace === undefined) return [];
  const { grace } = budget;
  return wrongsOfWarning(pass, warningsOf(judge, pass, run, rule, order), grace, Number.NEGATIVE_INFINITY);
}

/** The most stops that a scan may make of what it saw. */
export function mostStops({ spec: { maxStops }, listed = 0 }: Pass): number {
  if ('count' in maxStops) return maxStops.count;
  const share = (maxStops.percent * listed - ((maxStops.percent * listed) % 100)) / 100;
  return share < 1 ? 1 : share;
}

/** One of the limit's two bounds must have been reached, warned of, waited for and looked at again. */
function wrongsByLimit(judge: Judge, pass: Pass, run: TrueRun, limit: LimitSpec, order: number): string[] {
  const kept = keptUntil(run, pass.spec, order);
  const until = kept === 'doubtful' ? Number.NEGATIVE_INFINITY : kept;
  const clock = limit.up === undefined ? ['2 no max-uptime'] : wrongsOfClock(judge, pass, run, limit, until, order);
  if (clock.length === 0) return [];
  const idle = limit.idle === undefined ? ['1 no max-idle'] : wrongsOfIdleness(judge, pass, run, limit, until, order);
  if (idle.length === 0) return [];
  const rule = pass.intents.get(run.slot.id)?.rule ?? '';
  return rule.endsWith('max-idle') ? idle : clock;
}

function wrongsOfClock(
  judge: Judge,
  pass: Pass,
  run: TrueRun,
  limit: LimitSpec,
  until: number,
  order: number,
): string[] {
  const { now } = pass;
  const warnings = warningsOf(judge, pass, run, `${limit.name}: max-uptime`, order);
  const starts = warnings.map(({ letter }) => letter.facts.app!.startedAt);
  const start = Math.min(firstOf(run).start, ...starts) - MINUTE;
  const due = Math.max(start + limit.up!, until);
  if (now < start + limit.up!) return ['2 stopped before its uptime limit'];
  if (now < until) return ['2 stopped while its owner kept it running'];
  return wrongsOfWarning(pass, warnings, limit.grace, due);
}

/** Of a run that AWS shows as the one before, which nobody may have seen end, what was told of that one may count too. */
function wrongsOfIdleness(
  judge: Judge,
  pass: Pass,
  run: TrueRun,
  limit: LimitSpec,
  until: number,
  order: number,
): string[] {
  const wrongs = wrongsOfQuiet(judge, pass, run, limit, until, order);
  const { kin } = run;
  if (wrongs.length === 0 || !kin || kin.goneAt !== undefined || kin.toldEnd !== undefined) return wrongs;
  const asShown = { ...run, start: kin.start, words: [...kin.words, ...run.words] };
  return wrongsOfQuiet(judge, pass, asShown, limit, until, order);
}

function wrongsOfQuiet(
  judge: Judge,
  pass: Pass,
  run: TrueRun,
  limit: LimitSpec,
  until: number,
  order: number,
): string[] {
  const { now, spec } = pass;
  // Canvas is asked for what it told until the scan's own moment.
  const isHeard = (by: number) => (word: Word) => word.order < order && (word.source === 'agent' || word.at < by);
  const words = run.words.filter(isHeard(now));
  // Another scan, whose clock was ahead, may have written down what came a little later.
  const known = run.words.filter(isHeard(now + MOST_APART));
  const fresh = known.filter(({ at }) => now - at <= spec.staleAfter);
  if (fresh.length === 0) return ['1 stopped as idle without fresh evidence'];
  const sure = words.filter(({ isSure }) => isSure);
  for (const source of ['agent', 'canvas'] as const) {
    const own = sure.filter((word) => word.source === source);
    const newest = Math.max(...own.map(({ at }) => at));
    const later = words.some((word) => word.source === source && !word.isSure && word.at > newest);
    const last = own.filter(({ at }) => at === newest);
    if (last.length > 0 && !later && last.every(({ busy }) => busy)) return ['1 stopped as idle what is at work'];
  }
  const lastUse = Math.max(firstOf(run).start, ...sure.map((word) => word.lastUse));
  // A minute: Canvas tells the minute only.
  const due = Math.max(lastUse + limit.idle! - MINUTE, until);
  if (now < lastUse + limit.idle! - MINUTE) return ['1 stopped as idle what was used within max-idle'];
  if (now < until) return ['2 stopped while its owner kept it running'];
  const warnings = warningsOf(judge, pass, run, `${limit.name}: max-idle`, order);
  const counting = warnings.filter(({ letter }) => letter.owedAt >= due);
  const lastWarned = Math.min(...counting.map(({ letter }) => letter.owedAt));
  const wrongs = wrongsOfWarning(pass, warnings, limit.grace, due);
  const hasLooked = known.some(({ at }) => at > lastWarned);
  return wrongs.length > 0 || hasLooked ? wrongs : ['2 stopped as idle without a look since the warning'];
}

/** The warnings of a run by a rule that announced a stop, owed before a moment, and after the last pause. */
function warningsOf({ bySlot, truth }: Judge, pass: Pass, run: TrueRun, rule: string, order: number): OwedLetter[] {
  const from = pauseEndAt(truth, pass.loadOrder ?? order);
  return (bySlot.get(run.slot.id) ?? []).filter(({ letter: { facts, owedAt }, order: owed, by }) => {
    const isThis = facts.kind === 'warning' && facts.rule === rule && facts.stopAt !== undefined;
    // What was sent again because its reader asked is no warning of its own.
    return isThis && by.does !== 'renew' && owed < order && owedAt >= from && isMeant(run, facts.app!.startedAt);
  });
}

function wrongsOfWarning(pass: Pass, warnings: OwedLetter[], grace: number, due: number): string[] {
  const { now, at: trueNow } = pass;
  const ofThis = warnings.filter(({ letter }) => letter.owedAt >= due);
  if (ofThis.length === 0) return ['2 stopped without a warning of this very reason'];
  const old = ofThis.filter(({ letter, at }) => letter.owedAt + grace <= now && at + grace <= trueNow + MOST_APART);
  if (old.length === 0) return ['2 stopped before the grace was over'];
  const kept = old.filter(({ letter }) => letter.facts.stopAt! <= now + SECOND);
  if (kept.length === 0) return ['2 stopped before the moment that its warning named'];
  return kept.some((warning) => hasGoneOut(warning, ofThis, grace, now))
    ? []
    : ['2 stopped though its warning’s mail had not gone out a grace ago'];
}

/** Whether a warning's mail went out in time, or a grace ago, or nobody has yet tried to send it. */
function hasGoneOut(warning: OwedLetter, all: OwedLetter[], grace: number, now: number): boolean {
  // To several readers, each by a letter of its own: the first that it reached counts.
  const group = all.filter(({ letter }) => Math.abs(letter.owedAt - warning.letter.owedAt) < 2 * HOUR);
  const moments = group.flatMap(({ taken, fate, letter }) => {
    const own = taken.map((one) => ({ at: one.now, owedAt: letter.owedAt }));
    return fate?.kind === 'redirected' ? [...own, { at: fate.now, owedAt: letter.owedAt }] : own;
  });
  if (moments.length === 0) return group.every(({ claims }) => claims.length === 0);
  return moments.some(({ at, owedAt }) => at - owedAt <= ON_TIME || now >= at + grace);
}
