import type { Audience, StoppedFacts, WarningFacts } from '../../domain/notice.ts';
import { BY_REQUEST } from '../../domain/rules/by-request.ts';
import { describeDuration, type Instant } from '../../domain/time.ts';
import { addressLinks } from './address-links.ts';
import { ADMIN, appRows, appView, costRow, upSince } from './app-view.ts';
import { describePeriod } from './budget-period.ts';
import { causeOf } from './cause.ts';
import { fullTime, shortTime } from './wording.ts';

/** What the warning of a stop says. */
export function warningView(facts: WarningFacts, now: Instant, zone: string, names: number) {
  const { stopAt } = facts;
  const cause = causeOf(facts.rule);
  const stop = stopAt !== undefined && {
    short: shortTime(stopAt, now, zone),
    full: fullTime(stopAt, now, zone),
    grace: stopAt > facts.warnedAt ? describeDuration(stopAt - facts.warnedAt) : '',
  };
  return {
    preview: `${facts.reason}.`,
    reason: facts.reason,
    cause,
    stop,
    owner: facts.audience.role === 'owner',
    idle: facts.rule.endsWith('max-idle'),
    uptime: facts.rule.endsWith('max-uptime'),
    why: reasonToWrite(facts.audience),
    app: {
      ...appView(facts.app, facts.audience, names),
      rows: [
        ...(stop ? [{ label: 'Stops', value: `${stop.full}, or soon after` }] : []),
        ...appRows(facts.app),
        upSince(facts.app, facts.warnedAt, now, zone),
        ...costRow('Cost so far', facts.app),
        cause.row,
      ],
    },
  };
}

/** What the news of a stop says. */
export function stoppedView(facts: StoppedFacts, now: Instant, zone: string, names: number) {
  const stopped = fullTime(facts.stoppedAt, now, zone);
  const cause = causeOf(facts.rule);
  const ran = describeDuration(facts.stoppedAt - facts.app.startedAt);
  return {
    preview: `${facts.reason}. Files are kept.`,
    cause,
    appeal: addressLinks(facts.appeal),
    again: againWords(facts, zone),
    asked: facts.rule === BY_REQUEST,
    reason: facts.reason,
    stopped,
    short: shortTime(facts.stoppedAt, now, zone),
    owner: facts.audience.role === 'owner',
    why: reasonToWrite(facts.audience),
    app: {
      ...appView(facts.app, facts.audience, names),
      rows: [
        ...appRows(facts.app),
        { label: 'Started', value: fullTime(facts.app.startedAt, now, zone) },
        { label: 'Stopped', value: `${stopped}, after ${ran}` },
        ...costRow('Cost', facts.app),
        ...(facts.rule === BY_REQUEST ? [] : [cause.row]),
      ],
    },
  };
}

/** What becomes of what is started again, where a budget or a guardrail stopped it. */
function againWords({ budget, audience, stoppedAt, rule }: StoppedFacts, zone: string): string {
  if (!causeOf(rule).money) return '';
  const what = audience.role === 'owner' ? 'An app that you start again' : 'Started again, the app';
  if (!budget) return `${what} may be stopped again for the same reason.`;
  if (budget.atLimit === 'stop') return `${what} goes on: this budget stops what ran when its limit was reached.`;
  const { ends } = describePeriod(budget.period, stoppedAt, zone);
  const until = [ends, 'an admin grants more or lifts the budget'].filter(Boolean).join(', or ');
  return `${what} is stopped again, until ${until}.`;
}

function reasonToWrite(audience: Audience): string {
  if (audience.role === 'owner') return 'You get this mail because the app is yours.';
  return audience.why ?? ADMIN;
}
