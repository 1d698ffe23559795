// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of source files
import type { Mutant } from './catch.ts';

/** Faults in the backstop, in reports, in grants and lifts. */
export const BACKSTOP_AND_REPORTS: Mutant[] = [
  {
    name: 'a schedule is made without being written down',
    file: 'src/application/backstop.ts',
    from: "  if (!(await runs.change(run, { kind: 'backstop', backstop: intention }))) return undefined;\n",
    to: '',
  },
  {
    name: 'the backstop leaves a living Curfew no margin',
    file: 'src/domain/backstop.ts',
    from: 'const earliest = outOfExemption(app, policy, Math.max(at, floor) + margin, now);',
    to: 'const earliest = outOfExemption(app, policy, Math.max(at, floor), now);',
  },
  {
    name: 'the backstop does not ask for exemptions',
    file: 'src/domain/backstop.ts',
    from: 'return isExempt(now) ? undefined : at;',
    to: 'return at;',
  },
  {
    name: 'the backstop acts in every mode',
    lab: '1.1',
    file: 'src/domain/backstop.ts',
    from: "if (isPaused || policy.mode !== 'enforce') return",
    to: 'if (isPaused) return',
  },
  {
    name: 'the backstop does not know what "keep it running" may still buy',
    lab: '1.1',
    file: 'src/domain/deadline.ts',
    from: 'at: due + grace + left * (extensions.hours + grace)',
    to: 'at: due + grace + 0 * left * (extensions.hours + grace)',
  },
  {
    name: 'uptimes have no backstop',
    lab: '1.37',
    file: 'src/domain/deadline.ts',
    from: "  if (policy.backstop.for.includes('uptime')) deadlines.push(...uptimeDeadline(app, policy, now));\n",
    to: '',
  },
  {
    name: 'an event that comes late goes by its own time',
    lab: '2.6',
    file: 'src/application/survey.ts',
    from: 'const now = isLate ? Math.max(since, picture.at ?? since) : since;',
    to: 'const now = since;',
  },
  {
    name: 'a pause forgets the one before it',
    lab: '1.23',
    file: 'src/domain/pause.ts',
    from: '  if (!known) return pause;\n',
    to: '  if (!known || known.from < pause.from) return pause;\n',
  },
  {
    name: 'what the backstop stopped is told to nobody',
    file: 'src/application/stop.ts',
    from: 'const fired = seen.endedAt === undefined ? await firedOn(actor, seen, now) : undefined;',
    to: 'const fired = seen.endedAt === 0 ? await firedOn(actor, seen, now) : undefined;',
  },
  {
    name: 'a report’s notice is that of the moment, and not of the week',
    lab: '1.3',
    file: 'src/application/send-report.ts',
    from: '`${facts.week} ${about}`',
    to: '`${facts.week} ${about} ${now}`',
  },
  {
    name: 'a report is of the week before the last',
    lab: '1.3',
    file: 'src/domain/report/week.ts',
    from: 'const week = weekBefore(weekOf(due, timezone), 1, timezone);',
    to: 'const week = weekBefore(weekOf(due, timezone), 2, timezone);',
  },
  {
    name: 'a grant grants nothing',
    file: 'src/domain/standings.ts',
    from: 'const limit = budget.limit + granted;',
    to: 'const limit = budget.limit + 0 * granted;',
  },
  {
    name: 'a lift lifts nothing',
    lab: '1.25',
    file: 'src/domain/rules/budget.ts',
    from: 'if (standing.lifted) return {',
    to: 'if (standing.lifted && !standing.isOver) return {',
  },
  {
    name: 'a budget with a grace stops at once',
    file: 'src/domain/rules/budget.ts',
    from: 'grace: budget.grace ?? 0, reason: spent',
    to: 'grace: 0, reason: spent',
  },
];
