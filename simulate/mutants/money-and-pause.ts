import type { Mutant } from './catch.ts';

/** Faults in the kill switch, in budgets and in guardrails. */
export const MONEY_AND_PAUSE: Mutant[] = [
  {
    name: 'the pause is not asked for at the moment of the stop',
    file: 'src/application/stop.ts',
    from: "  if (isPaused(await actor.runs.lastPause(app.ref), now)) return { kind: 'paused' };\n",
    to: '',
  },
  {
    name: 'a warning from before a pause counts after it',
    file: 'src/domain/decide.ts',
    from: '  if (given.at < (app.warningsFrom ?? Number.NEGATIVE_INFINITY)) return undefined;\n',
    to: '',
  },
  {
    name: 'a warning from before a pause is sent after it',
    file: 'src/application/deliver.ts',
    from: 'if (isOutdated(owed.notice.facts, pause)) {',
    to: 'if (isOutdated(owed.notice.facts, undefined)) {',
  },
  {
    name: 'mail goes out in a pause',
    file: 'src/application/deliver.ts',
    from: 'if (isPaused(pause, now)) return { ...report, age: 0, isPaused: true };',
    to: '',
  },
];
