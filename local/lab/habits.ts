import type { AppType } from '../aws/validate.ts';

/** What somebody starts, again and again, and how they go about it. */
export interface Habit {
  appType: AppType;
  appName: string;
  instanceType?: string;
  /** The space it runs in; without one it is the profile's own. */
  space?: string;
  tags?: Record<string, string>;
  /** 0 is Sunday. */
  weekdays: readonly number[];
  /** How likely they come at all on such a day. */
  comes: number;
  /** When, in hours after midnight of that day: the earliest and the latest. */
  starts: readonly [number, number];
  ends: readonly [number, number];
  /** When they leave it, where that is not when they end it. */
  leaves?: readonly [number, number];
  /** They leave its tab open in their browser until they end it. */
  leavesTab?: true;
  /** They leave a job behind, for so many hours, and close the browser. */
  trains?: number;
  /** Nobody put an activity agent into it; or it dies so many hours after each start. */
  agent?: 'none' | number;
  /** How likely they leave it running, to think of it only days later. */
  forgets: number;
  /** So many days later; Infinity: never. */
  forgetsFor: readonly [number, number];
  /** AWS keeps the CreationTime of the run before, which ended the same day. */
  keepsCreationTime?: boolean;
  /** It ran before the lab's first day: since so many hours before. */
  runsSince?: number;
  /** AWS refuses it: the quota is used up. */
  refused?: boolean;
}

export const WEEKDAYS = [1, 2, 3, 4, 5];
const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6];

const BASE = { appName: 'default', weekdays: WEEKDAYS, comes: 0.85, forgetsFor: [1, 4] } as const;

/** JupyterLab in a space of one's own, on working days. */
export function notebook(space: string, instanceType: string, forgets: number, more: Partial<Habit> = {}): Habit {
  return { ...BASE, appType: 'JupyterLab', space, instanceType, starts: [8, 11], ends: [16, 19], forgets, ...more };
}

/** Code Editor in a space of one's own, on working days. */
export function editor(space: string, instanceType: string, forgets: number, more: Partial<Habit> = {}): Habit {
  return { ...notebook(space, instanceType, forgets), appType: 'CodeEditor', ...more };
}

/** Studio Classic: a kernel's app, held by the profile. */
export function kernel(appName: string, instanceType: string, forgets: number, more: Partial<Habit> = {}): Habit {
  const { space: _, ...habit } = notebook('', instanceType, forgets);
  return { ...habit, appType: 'KernelGateway', appName, ...more };
}

/** Studio Classic's own server: free, always there, and exempt. */
export function classicServer(): Habit {
  const times = { starts: [7, 8], ends: [7, 8], runsSince: 500, forgets: 1, forgetsFor: [99, 99] } as const;
  return { ...BASE, ...times, appType: 'JupyterServer', instanceType: 'system', comes: 0 };
}

/** Canvas: billed by the session-hour, so no instance and no price. */
export function canvas(forgets: number): Habit {
  return { ...BASE, appType: 'Canvas', starts: [9, 12], ends: [13, 17], forgets };
}

/** From late in the evening to the early morning. */
export function nightShift(space: string, instanceType: string): Habit {
  return notebook(space, instanceType, 0.15, { weekdays: EVERY_DAY, starts: [20.5, 23], ends: [29, 31.5], comes: 0.9 });
}

/** A job begun in the early evening, that trains until the morning in a closed browser; then its owner ends it. */
export function overnight(space: string, instanceType: string): Habit {
  const times = { starts: [16.5, 17.5], ends: [31.1, 31.7], comes: 1, trains: 13.5 } as const;
  return notebook(space, instanceType, 0, times);
}

/** Work until noon; the tab stays open, and the app with it, until the evening. */
export function openTab(space: string, instanceType: string): Habit {
  const times = {
    starts: [8, 9],
    leaves: [11, 12],
    leavesTab: true,
    ends: [17, 18],
    comes: 1,
    weekdays: [1, 4],
  } as const;
  return notebook(space, instanceType, 0, times);
}

/** Another machine beside one's own, now and then of an afternoon. */
export function secondMachine(space: string, instanceType: string): Habit {
  return notebook(space, instanceType, 0, { weekdays: [2, 4], comes: 1, starts: [13, 15], ends: [16, 17] });
}

/** The course's exercise: everybody at once, and half of them walk away from it. */
export function exercise(space: string, weekday: number): Habit {
  const times = { weekdays: [weekday], starts: [14, 14.6], ends: [16, 17], comes: 0.95 } as const;
  return notebook(space, 'ml.t3.medium', 0.5, { ...times, forgetsFor: [5, 12] });
}

/** Runs once, from a day's morning, and nobody ever ends it. */
export function forgotten(habit: Habit, day: number): Habit {
  const times = { weekdays: [(day + 1) % 7], comes: day < 7 ? 1 : 0.7, forgets: 1 } as const;
  return { ...habit, ...times, forgetsFor: [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY] };
}
