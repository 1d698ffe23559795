import { moneyOf } from '../application/budgets.ts';
import { ratesOf } from '../application/prices.ts';
import { survey } from '../application/survey.ts';
import { holderName } from '../domain/app.ts';
import { decide, tryRules } from '../domain/decide.ts';
import { comingNext } from '../domain/forecast.ts';
import { matches } from '../domain/match.ts';
import { plan } from '../domain/plan.ts';
import type { Policy } from '../domain/policy.ts';
import type { RunningApp } from '../domain/running-app.ts';
import { describeDuration, describeInstant, localTime } from '../domain/time.ts';
import type { Verdict } from '../domain/verdict.ts';
import { tellPause } from './pause.ts';
import { note, progress, style } from './print.ts';
import { nameForPeople, ownerOf, tellFaults } from './scan.ts';
import { openWorld, type WorldOptions } from './world.ts';

/** `curfew explain APP`. @returns the exit code */
export async function explainCommand(name: string, options: WorldOptions): Promise<number> {
  const { policy, place, now, ports, notes } = await openWorld(options);
  for (const text of notes) note(text);
  const seen = await progress('Looking at SageMaker Studio', survey(ports, policy, { place, now }));
  const { picture, running, faults, pause } = seen;
  tellPause(pause, policy.timezone, now);
  tellFaults({ missing: picture.missing, unusable: picture.unusable, faults });
  const found = running.map(({ app }) => app).filter((app) => isCalled(app, name));
  if (found.length === 0) {
    const some = running.slice(0, 5).map(({ app: { ref } }) => `${holderName(ref)}/${ref.appType}/${ref.appName}`);
    note(
      `curfew: no running app is called "${name}". Name it as APP, HOLDER/APP, HOLDER/TYPE/APP or DOMAIN/HOLDER/TYPE/APP${some.length ? `; there are ${some.join(', ')}${running.length > 5 ? ', …' : ''}` : '; none is running'}`,
    );
    return 1;
  }
  const rates = await ratesOf({ prices: ports.prices, policy }, place.region, seen.prices);
  const money = await moneyOf(ports, policy, seen, rates, now);
  for (const fault of money.faults) note(`curfew: ${fault}`);
  // What holds one app may be the others: the safety valve counts all.
  const decisions = running.map(({ app }) => decide(app, policy, now, money.verdictsOn(app)));
  const held = new Map(plan(decisions, picture, policy).intents.map((intent) => [intent.decision.app, intent.held]));
  process.stdout.write(
    `${found.map((app) => explain(app, policy, money.verdictsOn(app), held.get(app), now).join('\n')).join('\n\n')}\n`,
  );
  return picture.missing.length + faults.length > 0 ? 1 : 0;
}

/** Whether `name` is the app's name, with as much before it as is needed; its owner may stand for the space that holds it. */
export function isCalled({ ref, owner }: Pick<RunningApp, 'ref' | 'owner'>, name: string): boolean {
  const { domainId, appType, appName } = ref;
  const holders = [holderName(ref), ...(owner === undefined ? [] : [owner])];
  const names = holders.flatMap((holder) => [
    `${holder}/${appName}`,
    `${holder}/${appType}/${appName}`,
    `${domainId}/${holder}/${appType}/${appName}`,
  ]);
  return [appName, ...names].some((candidate) => candidate.toLowerCase() === name.toLowerCase());
}

function explain(app: RunningApp, policy: Policy, money: Verdict[], held: string | undefined, now: number): string[] {
  const when = (instant: number) => describeInstant(instant, policy.timezone, now);
  const { ref, run } = app;
  const tags = Object.entries(app.tags).map(([key, value]) => `${key}=${value}`);
  const lines = [
    style('bold', `${nameForPeople(ref)}, domain ${app.domainName ?? ref.domainId}`),
    `  owner     ${ownerOf(app)}${app.teams.length === 0 ? '' : `, team ${app.teams[0]}`}`,
    `  instance  ${app.instanceType ?? 'not told by AWS'}`,
    `  run       since ${when(app.startedAt)} (${describeDuration(now - app.startedAt)})`,
    `  tags      ${tags.length > 0 ? tags.join(', ') : 'none that the policy speaks of'}`,
    ...evidenceLines(app, policy.evidence.staleAfter, now),
    ...Object.entries(run.warnings).map(
      ([rule, { given }]) =>
        `  warning   ${rule}: ${given ? `given ${when(given.at)}${given.stopAt === undefined ? ', with no stop announced' : `, stop from ${when(given.stopAt)}`}` : 'lifted'}`,
    ),
    ...run.extensions.map((at) => `  extension asked ${when(at)}`),
    ...(run.stop
      ? [
          `  stop      set out on ${when(run.stop.at)}, ${run.stop.failures} failed${run.stop.code ? ` (${run.stop.code})` : ''}`,
        ]
      : []),
    '',
    '  Rules, in the order they are tried:',
  ];
  const { limit, verdicts } = tryRules(app, policy, now, money);
  const exempt = verdicts[0];
  const bounds = verdicts.slice(1 + money.length);
  lines.push(`    ${mark(exempt!.says)} ${exempt!.rule}: ${exempt!.reason}`);
  for (const { rule, says, reason } of money) lines.push(`    ${mark(says)} ${rule}: ${reason}`);
  const local = localTime(now, policy.timezone);
  for (const candidate of policy.limits) {
    if (candidate === limit) {
      const governs = exempt!.says === 'keep' ? 'it would govern, were the app not exempt' : 'so it governs';
      lines.push(`    → limit "${candidate.name}": the first that matches, ${governs}`);
      for (const verdict of bounds)
        lines.push(`        ${mark(verdict.says)} ${verdict.rule.slice(candidate.name.length + 2)}: ${verdict.reason}`);
    } else {
      lines.push(
        `    · limit "${candidate.name}": ${matches(candidate.match, app, local) ? 'matches, but an earlier one governs' : 'does not match'}`,
      );
    }
  }
  if (!limit) lines.push('    · no limit matches');
  const decision = decide(app, policy, now, money);
  const { action, rule, reason } = decision;
  const next = comingNext(decision, policy, now);
  const by = next?.limit === undefined || next.limit === limit?.name ? '' : ` (${next.limit})`;
  const coming = next ? `; next: ${next.action} ${next.at <= now ? 'now' : when(next.at)}${by}` : '';
  const what = held === undefined ? action : `${action} (held: ${held})`;
  return [...lines, '', `  ${style('bold', `Decision: ${what}`)}, by ${rule}: ${reason}${coming}`];
}

function evidenceLines({ run }: RunningApp, staleAfter: number, now: number): string[] {
  const all = Object.values(run.evidence);
  if (all.length === 0) return ['  evidence  none: use is unknown, and unknown is never idle'];
  return all.flatMap(({ source, observedAt, seen = [], ...summary }) => {
    const silent = now - observedAt > staleAfter ? ': silent since, so it says nothing any more' : '';
    const looked = `  evidence  ${source} looked ${describeDuration(now - observedAt)} ago${silent}`;
    const pieces = seen.length > 0 ? seen : [summary];
    return [
      looked,
      ...pieces.map(({ kind, busy, lastUseAt }) => `            ${kind}: ${describeUse(busy, lastUseAt, now)}`),
    ];
  });
}

function describeUse(busy: boolean, lastUseAt: number | undefined, now: number): string {
  if (busy) return 'busy';
  return lastUseAt === undefined ? 'never used' : `last used ${describeDuration(now - lastUseAt)} ago`;
}

function mark(says: string): string {
  return { over: '✗', keep: '✓', within: '✓', unknown: '?', nothing: '·' }[says] ?? '·';
}
