import { ConfigError, loadPolicy } from '../config.ts';
import { fits } from '../domain/glob.ts';
import type { Match } from '../domain/match.ts';
import { periodOf } from '../domain/period.ts';
import type { Policy } from '../domain/policy.ts';
import type { Instant } from '../domain/time.ts';
import { KNOWN_TYPES, parameterReader, regionOfSdk } from '../wiring.ts';
import { note, style } from './print.ts';
import { readNow } from './world.ts';

/** `curfew policy check`: every fault of the policy, and what of it is right but matches nothing. @returns the exit code */
export async function policyCheckCommand(file: string | undefined): Promise<number> {
  const source = file ?? (process.env.CURFEW_POLICY || 'curfew.yml');
  try {
    const policy = await loadPolicy(source, parameterReader(await regionOfSdk()));
    const { mode, limits, exempt, budgets, guardrails } = policy;
    const doubts = [...doubtsOf(policy), ...budgetDoubts(policy, readNow({}))];
    const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? '' : 's'}`;
    const word = doubts.length === 0 ? 'fine' : `no fault, but ${count(doubts.length, 'doubt')}`;
    process.stdout.write(
      `${source}: ${word}. Mode ${mode}, ${count(limits.length, 'limit')}, ${count(exempt.length, 'exemption')}, ${count(budgets.length, 'budget')}, ${count(guardrails.length, 'guardrail')}.\n`,
    );
    for (const doubt of doubts) note(style('yellow', `${source}  ${doubt}`));
    return 0;
  } catch (error) {
    // A file that cannot be read is wrong usage; one with faults is what this command is for.
    if (!(error instanceof ConfigError) || error.cause !== undefined) throw error;
    note(error.message);
    return 1;
  }
}

/** Patterns of instance and app types that match none that is known. AWS may have newer ones, so these are no faults. */
function doubtsOf({ limits, exempt, guardrails, prices }: Policy): string[] {
  const instances = [...KNOWN_TYPES.instance, ...Object.keys(prices)];
  const ofInstances = (key: string, patterns: string[] = []) =>
    patterns.flatMap((pattern) => doubt(key, pattern, 'instance type', instances));
  const ofMatch = (key: string, { instance, appType = [] }: Match) => [
    ...ofInstances(`${key}.instance`, instance),
    ...appType.flatMap((pattern) => doubt(`${key}.app-type`, pattern, 'app type', KNOWN_TYPES.appType)),
  ];
  return [
    ...limits.flatMap(({ match }, i) => ofMatch(`limits[${i}].match`, match)),
    ...exempt.flatMap((match, i) => ofMatch(`exempt[${i}]`, match)),
    ...guardrails.flatMap(({ match, allow, atMost }, i) => [
      ...ofMatch(`guardrails[${i}].match`, match),
      ...ofInstances(`guardrails[${i}].allow.instance`, allow),
      ...ofInstances(
        `guardrails[${i}].at-most`,
        atMost.map(({ pattern }) => pattern),
      ),
    ]),
  ];
}

/** Budgets that are right, and yet bound nobody: a term that is over, and a name that was meant for a pattern. */
function budgetDoubts({ budgets, timezone }: Policy, now: Instant): string[] {
  return budgets.flatMap(({ period, for: whose }, i) => {
    const key = `budgets[${i}]`;
    const isOver = typeof period === 'object' && periodOf(period, now, timezone).to <= now;
    const over = isOver ? [`${key}.period: the term is over since ${period.to}: it acts and tells no more`] : [];
    const names = typeof whose === 'string' ? [] : Object.entries(whose);
    const patterns = names.filter(([, name]) => /[*?]/.test(name));
    return [
      ...over,
      ...patterns.map(([kind, name]) => {
        const each = kind === 'domain' ? '' : `, or each ${kind} for every one by itself`;
        return `${key}.for.${kind}: "${name}" is no pattern here, and names are exact: it bounds only ${kind === 'owner' ? 'who' : 'what'} is called so; name one${each}`;
      }),
    ];
  });
}

function doubt(key: string, pattern: string, what: string, known: readonly string[]): string[] {
  const isKnown = (candidate: string) => known.some((type) => fits(candidate, type));
  if (isKnown(pattern)) return [];
  const bare = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9*?]/g, '');
  const near =
    known.find((type) => bare(type) === bare(pattern)) ??
    [`${pattern}.*`, `ml.${pattern}`, `ml.${pattern}.*`, `${pattern}*`].find(isKnown);
  return [
    `${key}: "${pattern}" matches no ${what} that this release knows; ${near ? `did you mean "${near}"?` : 'is it newer than this release, or a mistake?'}`,
  ];
}
