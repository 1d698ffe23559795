// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of source files
import type { Mutant } from './catch.ts';

/** Faults in the kill switch, in budgets and in guardrails. */
export const MONEY_AND_PAUSE: Mutant[] = [
  {
    name: 'the pause is not asked for at the moment of the stop',
    lab: '1.5',
    file: 'src/application/stop.ts',
    from: "  if (isPaused(await actor.runs.lastPause(app.ref), now)) return { kind: 'paused' };\n",
    to: '',
  },
  {
    name: 'a warning from before a pause counts after it',
    lab: '1.2',
    file: 'src/domain/decide.ts',
    from: '  if (given.at < (app.warningsFrom ?? Number.NEGATIVE_INFINITY)) return undefined;\n',
    to: '',
  },
  {
    name: 'a warning from before a pause is sent after it',
    lab: '1.3',
    file: 'src/application/deliver.ts',
    from: 'if (isOutdated(owed.notice.facts, pause)) {',
    to: 'if (isOutdated(owed.notice.facts, undefined)) {',
  },
  {
    name: 'mail goes out in a pause',
    lab: '1.6',
    file: 'src/application/deliver.ts',
    from: 'if (isPaused(pause, now)) return { ...report, age: 0, isPaused: true };',
    to: '',
  },
  {
    name: 'a threshold is told again once the spend has dipped, or is another',
    file: 'src/domain/budget.ts',
    from: 'mark: `${kind} ${share} of ${limit}`',
    to: 'mark: `${kind} ${share} of ${amount}`',
  },
  {
    name: 'the limit itself is no threshold',
    file: 'src/domain/budget.ts',
    from: 'new Set([...budget.warnAt, 1])',
    to: 'new Set([...budget.warnAt])',
  },
  {
    name: 'budgets and guardrails do not ask for exemptions',
    file: 'src/domain/decide.ts',
    from: "if (exempt.says === 'keep') return",
    to: "if (exempt.says === 'keep' && money.every(({ says }) => says !== 'over')) return",
  },
  {
    name: 'a block lets new apps be',
    lab: '1.25',
    file: 'src/domain/budget.ts',
    from: "if (since === undefined || startedAt <= since || standing.budget.atLimit !== 'stop') return since ?? now;",
    to: 'if (since === undefined || startedAt <= since) return since ?? now;',
  },
  {
    name: 'what starts after a limit is spent is stopped, where only a block would',
    file: 'src/domain/budget.ts',
    from: "if (since === undefined || startedAt <= since || standing.budget.atLimit !== 'stop') return since ?? now;",
    to: 'if (since === undefined || startedAt <= since || now > 0) return since ?? now;',
  },
  {
    name: 'a closed day is counted twice',
    file: 'src/application/spending.ts',
    from: 'const openFrom = (period: Period) => Math.max(period.from, books?.closedUntil ?? period.from);',
    to: 'const openFrom = (period: Period) => Math.max(period.from, books ? books.closedUntil - DAY : period.from);',
  },
  {
    name: 'a settled bill is added to what was accrued',
    file: 'src/domain/spending.ts',
    from: 'else if (accrued !== undefined) accrue(sum, partOf(accrued, line, period), isPolicys);',
    to: 'if (accrued !== undefined) accrue(sum, partOf(accrued, line, period), isPolicys);',
  },
  {
    name: 'kernels on one instance are charged one by one',
    file: 'src/domain/cost.ts',
    from: "if (app.appType !== 'KernelGateway' || instanceType === undefined) return",
    to: "if (app.appType !== '' || instanceType === undefined) return",
  },
  {
    name: 'of more apps than a guardrail allows, all are stopped',
    lab: '1.4',
    file: 'src/domain/rules/guardrail.ts',
    from: '        isOlder(other, app) &&\n',
    to: '        other !== app &&\n',
  },
];
