import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AppRef } from '../../src/domain/app.ts';
import { startLab } from './lab.ts';
import { contextOf, countedRefusals, type Lambda } from './lambda.ts';

type Sample = Record<string, unknown> & { detail: Record<string, unknown>; time: string };
const sample = (name: string): Sample =>
  JSON.parse(readFileSync(new URL(`../samples/${name}.json`, import.meta.url), 'utf8'));
const created = sample('createapp-event');
const deleted = sample('deleteapp-event');
const context = contextOf('curfew-studio-event');
const at = Date.parse('2026-11-20T14:03:11Z');

let lab: Awaited<ReturnType<typeof startLab>>;
let lambda: Lambda;
let names = 0;
let name = '';
beforeAll(async () => {
  lab = await startLab();
  lambda = await lab.lambda('studio-event');
});
afterAll(() => lab.close());
beforeEach(() => {
  names += 1;
  name = `app${names}`;
  lab.aws.calls.reset();
  lab.aws.faults.clear();
});

/** The sample, about an app that no other test has, at another time if told. */
const about = (event: Sample, time = '2026-11-20T14:03:11Z', more: Record<string, unknown> = {}): Sample => {
  const requestParameters = { ...(event.detail.requestParameters as object), appName: name, ...more };
  return { ...event, time, detail: { ...event.detail, eventTime: time, requestParameters } };
};
const ref = (): AppRef => ({
  ...lab.place,
  domainId: 'd-abcdefghijkl',
  spaceName: 'alice-space',
  appType: 'JupyterLab',
  appName: name,
});
const known = () => lab.runs.get(ref());
const invoke = (event: unknown) => lambda.invoke(event, context);

describe('samples', () => {
  it('CreateApp starts a run on the second', async () => {
    expect((await invoke(created)).value).toEqual({ noted: 'run started' });
    expect(await lab.runs.get({ ...ref(), appName: 'default' })).toEqual({
      app: { ...ref(), appName: 'default' },
      startedAt: at,
      instanceType: 'ml.t3.medium',
      warnings: {},
      extensions: [],
      evidence: {},
      version: 1,
    });
    expect((await invoke(created)).value).toEqual({ noted: 'nothing' });
    expect(lab.changes()).toEqual({ 'dynamodb PutItem': 1 });
  });

  it.each([
    ['createapp-failed-event', { noted: 'nothing' }],
    ['createspace-event', { noted: 'nothing' }],
  ])('%s: nothing to record', async (file, value) => {
    const { value: noted, error, text } = await invoke(sample(file));
    expect(error).toBeUndefined();
    expect(noted).toEqual(value);
    expect(text).not.toContain('refused');
    expect(lab.changes()).toEqual({});
  });

  it('createuserprofile-event: its owner is met, and not asked where links lead nowhere', async () => {
    const { value } = await invoke(sample('createuserprofile-event'));
    expect(value).toEqual({ noted: 'owner met' });
    expect(lab.changes()).toEqual({ 'dynamodb PutItem': 1 });
    const { domainId, userProfileName } = sample('createuserprofile-event').detail.requestParameters as {
      domainId: string;
      userProfileName: string;
    };
    expect(await lab.contacts.list(lab.place)).toMatchObject([
      { address: `${userProfileName}@people.example.net`, owners: [`${domainId}/${userProfileName}`], asked: [] },
    ]);
  });

  it.each(['ses-bounce-event', 'ses-complaint-event', 'apigw-v2-post-event'])('%s: refused', async (file) => {
    const invocation = await invoke(sample(file));
    expect(invocation.value).toEqual({ refused: expect.any(String) });
    expect(countedRefusals(invocation)).toBe(1);
    expect(lab.aws.calls.count()).toBe(0);
    expect(invocation.text).not.toMatch(/[\w.+-]+@[\w-]+\.\w+/);
  });

  it('work without a context, as a server calls that stands in for AWS', async () => {
    expect((await lambda.invoke(about(created))).value).toEqual({ noted: 'run started' });
  });
});

describe('at least once, unordered', () => {
  it('created, deleted: the run ends on the second, and duplicates of both say nothing new', async () => {
    const events = [
      about(created, '2026-11-20T14:03:11Z'),
      about(created, '2026-11-20T14:03:11Z'),
      about(deleted, '2026-11-20T15:00:07Z'),
      about(deleted, '2026-11-20T15:00:07Z'),
      about(created, '2026-11-20T14:03:11Z'),
    ];
    const noted = (await lambda.invokeAll(events, context)).map(({ value }) => value?.noted);
    expect(noted).toEqual(['run started', 'nothing', 'run ended', 'nothing', 'nothing']);
    expect(await known()).toMatchObject({ startedAt: at, endedAt: Date.parse('2026-11-20T15:00:07Z') });
    expect(Object.values(lab.changes()).reduce((a, b) => a + b)).toBe(2);
  });

  it('deleted before created: one run, over, with both its times', async () => {
    await lambda.invokeAll([about(deleted, '2026-11-20T15:00:07Z'), about(created, '2026-11-20T14:03:11Z')], context);
    expect(await known()).toMatchObject({ startedAt: at, endedAt: Date.parse('2026-11-20T15:00:07Z') });
  });

  it('any order of two runs’ events leaves the second going on until it is deleted, and nothing after', async () => {
    const times = ['2026-11-20T14:00:00Z', '2026-11-20T15:00:00Z', '2026-11-20T16:00:00Z', '2026-11-20T17:00:00Z'];
    const inOrder = async (order: number[]) => {
      names += 1;
      name = `order${names}`;
      const events = order.map((i) => about(i % 2 === 0 ? created : deleted, times[i]));
      const results = await lambda.invokeAll([...events, ...events], context);
      expect(results.filter(({ error }) => error)).toEqual([]);
      const { startedAt, endedAt } = (await known())!;
      return { order, startedAt, isOver: endedAt !== undefined };
    };
    for (const order of permutations([0, 1, 2]))
      expect(await inOrder(order)).toEqual({ order, startedAt: Date.parse(times[2]!), isOver: false });
    for (const order of permutations([0, 1, 2, 3])) expect(await inOrder(order)).toMatchObject({ order, isOver: true });
  });

  it('the same event many times at once starts one run', async () => {
    const second = await lab.lambda('studio-event');
    const events = Array.from({ length: 5 }, () => about(created));
    const results = await Promise.all([lambda.invokeAll(events, context), second.invokeAll(events, context)]);
    const noted = results.flat().map(({ value }) => value?.noted);
    expect(noted.filter((what) => what === 'run started')).toHaveLength(1);
    expect(noted.filter((what) => what === 'nothing')).toHaveLength(9);
  });

  it('reads fractions of seconds and offsets', async () => {
    await invoke(about(created, '2026-11-20T15:03:11.250+01:00'));
    expect((await known())?.startedAt).toBe(at + 250);
  });
});

describe('foreign and malformed', () => {
  const detail = (more: object) => ({ ...about(created), detail: { ...about(created).detail, ...more } });
  const parameters = (more: object) => about(created, undefined, { ...more });
  const cases: [string, () => unknown][] = [
    ['Amplify’s CreateApp', () => ({ ...detail({ eventSource: 'amplify.amazonaws.com' }), source: 'aws.amplify' })],
    ['Amplify’s CreateApp under SageMaker’s name', () => detail({ eventSource: 'amplify.amazonaws.com' })],
    ['an event of another source', () => ({ ...about(created), source: 'aws.ec2' })],
    ['an event of another region', () => ({ ...about(created), region: 'eu-west-1' })],
    ['an event of another account', () => ({ ...about(created), account: '999988887777' })],
    ['a call that we do not listen to', () => detail({ eventName: 'DeleteDomain' })],
    ['a call named as an object’s own', () => detail({ eventName: '__proto__' })],
    ['no account', () => ({ ...about(created), account: undefined })],
    ['no region', () => ({ ...about(created), region: undefined })],
    ['no time of the event', () => detail({ eventTime: undefined })],
    ['a time that is none', () => detail({ eventTime: 'yesterday' })],
    ['a day that does not exist', () => detail({ eventTime: '2026-02-30T10:00:00Z' })],
    ['a time in seconds', () => detail({ eventTime: 1795424400 })],
    ['no parameters', () => detail({ requestParameters: null })],
    ['parameters in a list', () => detail({ requestParameters: [] })],
    ['neither profile nor space', () => parameters({ spaceName: undefined })],
    ['both profile and space', () => parameters({ userProfileName: 'alice' })],
    ['an app name with a slash', () => parameters({ appName: 'a/b' })],
    ['an app name with a hash', () => parameters({ appName: 'a#b' })],
    ['an app name that is too long', () => parameters({ appName: 'a'.repeat(64) })],
    [
      'an app name of nothing but dashes between two letters, longer than any key',
      () => parameters({ appName: `a${'-'.repeat(3000)}b` }),
    ],
    ['a space name of dashes, a little too long', () => parameters({ spaceName: `a${'-'.repeat(62)}b` })],
    ['a domain id that is none', () => parameters({ domainId: 'lab' })],
    ['an app type that is none', () => parameters({ appType: 'Jupyter#Lab' })],
    ['an instance type that is a number', () => parameters({ resourceSpec: { instanceType: 5 } })],
    ['nothing', () => null],
    ['a text', () => 'CreateApp'],
    ['a number', () => 7],
    ['a list', () => [about(created)]],
    ['an empty object', () => ({})],
    ['no detail', () => ({ ...about(created), detail: undefined })],
    ['a detail that is a text', () => ({ ...about(created), detail: 'x' })],
  ];

  it.each(cases)('%s: refused with a reason, counted once, and nothing is changed', async (_, make) => {
    const invocation = await invoke(make());
    expect(invocation.error).toBeUndefined();
    expect(invocation.value).toEqual({ refused: expect.stringMatching(/\S/) });
    expect(countedRefusals(invocation)).toBe(1);
    expect(invocation.log).toContainEqual(
      expect.objectContaining({ level: 'WARN', message: 'event refused', reason: expect.stringMatching(/\S/) }),
    );
    expect(lab.changes()).toEqual({});
  });

  it('a failed call is no app, whatever else it holds', async () => {
    for (const more of [{ requestParameters: null }, { requestParameters: { appType: 'x' } }, {}])
      expect((await invoke(detail({ errorCode: 'ResourceLimitExceeded', ...more }))).value).toEqual({
        noted: 'nothing',
      });
    expect(lab.aws.calls.count()).toBe(0);
  });

  it('members that AWS may leave out, or fill with null, are no fault', async () => {
    const { resourceSpec: _, ...bare } = about(created).detail.requestParameters as Record<string, unknown>;
    for (const requestParameters of [bare, { ...bare, resourceSpec: null, userProfileName: null, tags: null }]) {
      expect((await invoke(detail({ requestParameters, errorCode: null }))).error).toBeUndefined();
    }
    expect(await known()).not.toHaveProperty('instanceType');
  });

  it('a fault of ours is no refusal: the event fails, and AWS gives it again', async () => {
    const fault = {
      service: 'dynamodb' as const,
      times: Number.POSITIVE_INFINITY,
      status: 400,
      code: 'AccessDeniedException',
    };
    lab.aws.faults.add({ ...fault, action: 'GetItem', message: 'no' });
    const failed = await invoke(about(created));
    expect(failed.error?.message).toContain('dynamodb:GetItem');
    expect(countedRefusals(failed)).toBe(0);
    lab.aws.faults.clear();
    expect((await invoke(about(created))).value).toEqual({ noted: 'run started' });
  });
});

it('2,000 spoiled samples: none is thrown at, every refusal is counted, and none of the refused changes anything', async () => {
  const files = [
    'createapp-event',
    'createapp-failed-event',
    'createspace-event',
    'createuserprofile-event',
    'deleteapp-event',
  ];
  const samples = files.map(sample);
  const random = generator(20261123);
  const events = Array.from({ length: 2000 }, (_, i) => spoil(samples[i % samples.length]!, random));
  const results = await lambda.invokeAll(events, context);
  const odd = results.flatMap(({ error, value, ...rest }, i) => {
    const isRefused = value !== undefined && 'refused' in value;
    const isFine =
      !error && (isRefused ? countedRefusals({ ...rest }) === 1 : countedRefusals({ ...rest }) === 0 && value?.noted);
    return isFine ? [] : [{ event: JSON.stringify(events[i]).slice(0, 3000), error, value }];
  });
  expect(odd.slice(0, 3)).toEqual([]);
  const refused = events.filter((_, i) => 'refused' in results[i]!.value!);
  expect(refused.length).toBeGreaterThan(500);
  lab.aws.calls.reset();
  await lambda.invokeAll(refused, context);
  expect(lab.aws.calls.counts()).toEqual({});
  // What was taken is of use still: every run can be read.
  for (const run of (await lab.runs.load(lab.place)).runs) expect(Number.isFinite(run.startedAt)).toBe(true);
});

/** mulberry32: the same seed, the same spoiled events. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A copy with one to three of its members removed, replaced by what does not belong there, or swapped. */
function spoil(event: object, random: () => number): unknown {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const junk: unknown[] = [
    null,
    true,
    0,
    -1,
    1e308,
    '',
    ' ',
    'x'.repeat(5000),
    '\u0000\ud800"\\',
    '../../etc/passwd',
    '%{jndi:ldap://x}',
    "'; DROP TABLE runs; --",
    'attribute_not_exists(pk)',
    'alice',
    '日本語',
    '2026-11-20T14:03:11Z',
    '9999-12-31T23:59:59Z',
    '0000-01-01T00:00:00Z',
    [],
    [[]],
    {},
    { S: 'x' },
    { toString: 'x' },
    { length: 1 },
    ['a', null, {}],
  ];
  const copy = structuredClone(event) as Record<string, unknown>;
  const times = 1 + Math.floor(random() * 3);
  for (let i = 0; i < times; i++) {
    let holder: Record<string, unknown> = copy;
    let key = pick(Object.keys(holder));
    // Downwards as a rule: what matters lies deep.
    while (random() < 0.85 && isFilled(holder[key])) {
      holder = holder[key] as Record<string, unknown>;
      key = pick(Object.keys(holder));
    }
    // Straight at what is read, every other time.
    if (random() < 0.5) {
      const detail = copy.detail;
      holder = pick(
        [copy, detail, (detail as Record<string, unknown> | undefined)?.requestParameters].filter(isFilled),
      );
      key = pick(Object.keys(holder));
    }
    const what = random();
    if (what < 0.25) delete holder[key];
    else if (what < 0.85) holder[key] = structuredClone(pick(junk));
    else if (what < 0.92) holder[key] = [holder[key]];
    else holder[pick(['userProfileName', 'spaceName', 'errorCode', 'constructor', 'resourceSpec'])] = pick(junk);
    if (Object.keys(copy).length === 0) break;
  }
  return copy;
}

function isFilled(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function permutations<T>(items: T[]): T[][] {
  if (items.length < 2) return [items];
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
}
