import { awsError, type Input, invalid, unknownOperation } from './answers.ts';
import { issueToken, type Key, readToken, takePage } from './paging.ts';
import type { Place } from './studio-events.ts';
import { demand } from './validate.ts';

/** A one-time schedule, as it was made or last changed; `at` in milliseconds since 1970. */
export interface OneTimeSchedule {
  name: string;
  group: string;
  at: number;
  /** `sagemaker:deleteApp`, and its parameters. */
  action: string;
  parameters: Record<string, unknown>;
  role: string;
  queue: string | undefined;
  /** How long, and how often, it is tried. */
  retry: { seconds: number; attempts: number };
  deletesItself: boolean;
  madeAt: number;
  seq: number;
}

/** EventBridge Scheduler: who looks at it, and the hand that turns its clock. */
export interface Scheduler {
  /** Every schedule there is, in the order in which they were made. */
  schedules(): OneTimeSchedule[];
  /** Makes a group, as a stack does. */
  createGroup(name: string): void;
  /** When the next one is due, or is tried again; undefined where none is. */
  next(): number | undefined;
  /** Performs what is due by now: calls the service itself, over HTTP. */
  fire(): Promise<void>;
  /** What was given up, as it would lie in its dead-letter queue. */
  dead: { schedule: OneTimeSchedule; error: string }[];
}

const namePattern = /^[0-9a-zA-Z\-_.]{1,64}$/;
const expressionPattern = /^at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)$/;
const arnOf = (place: Place, rest: string) =>
  `arn:${place.partition}:scheduler:${place.region}:${place.account}:${rest}`;

/** Fired, tried and failed: the first wait, which doubles. AWS says only that it grows. */
const FIRST_WAIT = 60_000;

type Due = OneTimeSchedule & { tries: number; tryAt: number };

/**
 * Starts an EventBridge Scheduler that knows one-time schedules, in UTC, with universal targets on SageMaker. Source: its API
 * reference (CreateSchedule, UpdateSchedule, DeleteSchedule, ListSchedules, GetScheduleGroup) and user guide ("Schedule types").
 * @param send gives a call to the service that a schedule is about, signed as Scheduler's own
 */
export function startScheduler(
  place: Place,
  now: () => number,
  send: (action: string, parameters: Record<string, unknown>) => Promise<{ status: number; error: string }>,
): { scheduler: Scheduler; perform(action: string, input: Input): unknown } {
  const groups = new Map<string, number>([['default', now()]]);
  const all = new Map<string, Due>();
  const dead: Scheduler['dead'] = [];
  const tokens = new Map<string, { name: string; asked: string }>();
  let seq = 0;
  const key = (group: string, name: string) => `${group}/${name}`;

  const insistOnGroup = (group: string) => {
    if (!groups.has(group)) throw awsError('ResourceNotFoundException', `Schedule group ${group} does not exist.`, 404);
  };
  const find = (input: Input): Due => {
    const { group, name } = nameOf(input);
    insistOnGroup(group);
    const found = all.get(key(group, name));
    if (!found) throw awsError('ResourceNotFoundException', `Schedule ${name} does not exist.`, 404);
    return found;
  };
  const arn = ({ group, name }: Pick<OneTimeSchedule, 'group' | 'name'>) => arnOf(place, `schedule/${group}/${name}`);

  const operations: Record<string, (input: Input) => unknown> = {
    CreateSchedule(input) {
      const { group, name } = nameOf(input);
      insistOnGroup(group);
      const schedule = read(input, place, now());
      // The same call sent again is the same call; the token with another call is a conflict.
      const { ClientToken: token, ...rest } = input;
      const asked = JSON.stringify(rest);
      const before = token === undefined ? undefined : tokens.get(token);
      if (before?.asked === asked) return { ScheduleArn: arn(schedule) };
      if (all.has(key(group, name)) || before)
        throw awsError('ConflictException', `Schedule ${name} already exists.`, 409);
      if (token !== undefined) tokens.set(token, { name, asked });
      seq += 1;
      all.set(key(group, name), { ...schedule, madeAt: now(), seq, tries: 0, tryAt: schedule.at });
      return { ScheduleArn: arn(schedule) };
    },
    UpdateSchedule(input) {
      const known = find(input);
      const schedule = read(input, place, now());
      all.set(key(known.group, known.name), { ...known, ...schedule, tries: 0, tryAt: schedule.at });
      return { ScheduleArn: arn(known) };
    },
    DeleteSchedule(input) {
      const known = find(input);
      all.delete(key(known.group, known.name));
      return {};
    },
    ListSchedules(input) {
      const limit = Number(input.MaxResults ?? 100);
      const isFit = Number.isInteger(limit) && limit >= 1 && limit <= 100;
      demand(isFit, input.MaxResults, 'maxResults', 'Member must have value between 1 and 100');
      const group: string | undefined = input.ScheduleGroup;
      if (group !== undefined) insistOnGroup(group);
      const query = JSON.stringify(['ListSchedules', group, input.NamePrefix]);
      const after = input.NextToken === undefined ? undefined : readToken(query, input.NextToken, now());
      if (typeof after === 'string') throw invalid('Invalid NextToken.');
      const accepts = (one: Due) =>
        (group === undefined || one.group === group) && one.name.startsWith(input.NamePrefix ?? '');
      const keyOf = (one: Due): Key => [0, one.seq];
      const { page, last } = takePage([...all.values()], keyOf, { after, limit, descending: false, accepts });
      return {
        Schedules: page.map((one) => ({
          ...{ Arn: arn(one), Name: one.name, GroupName: one.group, State: 'ENABLED' },
          ...{ CreationDate: one.madeAt / 1000, LastModificationDate: one.madeAt / 1000 },
          Target: { Arn: targetArn(place, one.action) },
        })),
        ...(last ? { NextToken: issueToken(query, last, now()) } : {}),
      };
    },
    GetScheduleGroup(input) {
      insistOnGroup(input.Name);
      const at = groups.get(input.Name)! / 1000;
      const group = arnOf(place, `schedule-group/${input.Name}`);
      return { Arn: group, Name: input.Name, State: 'ACTIVE', CreationDate: at, LastModificationDate: at };
    },
  };

  const isOver = ({ at, retry, tries }: Due) => tries > retry.attempts || now() > at + retry.seconds * 1000;
  return {
    perform(action, input) {
      const operation = operations[action];
      if (!operation) throw unknownOperation('scheduler', action);
      return operation(input);
    },
    scheduler: {
      schedules: () => [...all.values()],
      createGroup: (name) => void groups.set(name, now()),
      next: () =>
        [...all.values()].reduce<number | undefined>((a, { tryAt }) => Math.min(a ?? tryAt, tryAt), undefined),
      dead,
      async fire() {
        const due = [...all.values()].filter(({ tryAt }) => tryAt <= now());
        for (const one of due.sort((a, b) => a.tryAt - b.tryAt || a.seq - b.seq)) {
          const { status, error } = await send(one.action, one.parameters);
          one.tries += 1;
          const isDone = status < 400;
          const mayWork = status >= 500 || /Throttl|TooManyRequests/.test(error);
          one.tryAt = now() + FIRST_WAIT * 2 ** (one.tries - 1);
          if (!isDone && mayWork && !isOver({ ...one, at: one.at })) continue;
          if (!isDone) dead.push({ schedule: one, error });
          // Whoever changed it meanwhile has another one.
          if (one.deletesItself && all.get(key(one.group, one.name)) === one) all.delete(key(one.group, one.name));
          else one.tryAt = Number.POSITIVE_INFINITY;
        }
      },
    },
  };
}

function nameOf(input: Input): { group: string; name: string } {
  const { Name: name, GroupName: group = 'default' } = input;
  const pattern = 'Member must satisfy regular expression pattern: ^[0-9a-zA-Z-_.]+$';
  demand(typeof name === 'string' && namePattern.test(name), name, 'name', pattern);
  demand(typeof group === 'string' && namePattern.test(group), group, 'groupName', pattern);
  return { group, name };
}

function targetArn(place: Place, action: string): string {
  return `arn:${place.partition}:scheduler:::aws-sdk:${action}`;
}

/** Checks what AWS checks. That a time that is past is refused is not documented: whoever relies on anything else is told here. */
function read(input: Input, place: Place, now: number): Omit<OneTimeSchedule, 'madeAt' | 'seq'> {
  const { group, name } = nameOf(input);
  const { ScheduleExpression, ScheduleExpressionTimezone = 'UTC', FlexibleTimeWindow, Target } = input;
  const [, text] = expressionPattern.exec(String(ScheduleExpression)) ?? [];
  const at = Date.parse(`${text}Z`);
  // `2026-02-30` is no day, and JavaScript takes it for March.
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 19) !== text)
    throw invalid(`Invalid Schedule Expression ${ScheduleExpression}.`);
  if (at < now) throw invalid(`Invalid Schedule Expression ${ScheduleExpression}: it is in the past.`);
  if (ScheduleExpressionTimezone !== 'UTC') throw invalid('The embedded Scheduler knows UTC alone.');
  demand(
    ['OFF', 'FLEXIBLE'].includes(FlexibleTimeWindow?.Mode),
    FlexibleTimeWindow?.Mode,
    'flexibleTimeWindow.mode',
    'Member must satisfy enum value set: [OFF, FLEXIBLE]',
  );
  demand(
    [undefined, 'NONE', 'DELETE'].includes(input.ActionAfterCompletion),
    input.ActionAfterCompletion,
    'actionAfterCompletion',
    'Member must satisfy enum value set: [NONE, DELETE]',
  );
  demand(
    (input.Description ?? '').length <= 512,
    input.Description,
    'description',
    'Member must have length less than or equal to 512',
  );
  const role = Target?.RoleArn;
  const isRole = typeof role === 'string' && /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/.test(role);
  demand(
    isRole,
    role,
    'target.roleArn',
    'Member must satisfy regular expression pattern: ^arn:aws[a-z-]*:iam::\\d{12}:role\\/[\\w+=,.@\\/-]+$',
  );
  const prefix = targetArn(place, '');
  const action = String(Target.Arn).slice(prefix.length);
  if (!String(Target.Arn).startsWith(prefix) || action !== 'sagemaker:deleteApp')
    throw invalid(`Invalid request provided: ${Target.Arn} is not a supported target.`);
  const { MaximumEventAgeInSeconds: seconds = 86_400, MaximumRetryAttempts: attempts = 185 } = Target.RetryPolicy ?? {};
  demand(
    seconds >= 60 && seconds <= 86_400,
    seconds,
    'target.retryPolicy.maximumEventAgeInSeconds',
    'Member must have value between 60 and 86400',
  );
  demand(
    attempts >= 0 && attempts <= 185,
    attempts,
    'target.retryPolicy.maximumRetryAttempts',
    'Member must have value between 0 and 185',
  );
  return {
    ...{ name, group, at, action, role, queue: Target.DeadLetterConfig?.Arn, retry: { seconds, attempts } },
    parameters: readInput(Target.Input),
    deletesItself: input.ActionAfterCompletion === 'DELETE',
  };
}

function readInput(text: unknown): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(String(text));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {}
  throw invalid('Invalid Target Input: it must be a JSON object.');
}
