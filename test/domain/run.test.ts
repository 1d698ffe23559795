import { describe, expect, test } from 'vitest';
import type { App } from '../../src/domain/app.ts';
import { onCreated, onDeleted, type Run, sight } from '../../src/domain/run.ts';
import { HOUR, MINUTE, SECOND } from '../../src/domain/time.ts';
import { NOON, quietRun, ref } from './builders.ts';

const row = (over: Partial<App> = {}): App =>
  ({ ...ref, status: 'InService', createdAt: quietRun.startedAt, ...over }) as App;
const ended = (at: number): Run => ({ ...quietRun, endedAt: at });
const warned: Run = { ...quietRun, warnings: { a: { number: 1 } }, extensions: [1], evidence: {} };

describe('a run as a listing shows it', () => {
  test.each(['Pending', 'InService', 'SomethingNew'])('%s runs', (status) => {
    expect(sight(row({ status }), undefined, NOON).now).toBe('started');
  });

  test.each(['Deleted', 'Failed', 'Deleting'])('%s does not', (status) => {
    expect(sight(row({ status }), undefined, NOON).now).toBe('absent');
    expect(sight(row({ status }), quietRun, NOON)).toMatchObject({ now: 'ended', at: NOON });
  });

  test('first seen: it started at its CreationTime', () => {
    expect(sight(row(), undefined, NOON)).toMatchObject({ run: { startedAt: NOON - HOUR } });
  });

  test('first seen without a CreationTime: it started now', () => {
    const { createdAt: _, ...undated } = row();
    expect(sight(undated, undefined, NOON)).toMatchObject({ run: { startedAt: NOON } });
  });

  test('created after the event that this pass was called with, which may be a repeat: at its CreationTime all the same', () => {
    const createdAt = NOON + 2 * MINUTE;
    expect(sight(row({ createdAt }), undefined, NOON)).toMatchObject({ run: { startedAt: createdAt } });
  });

  test('known, and its CreationTime within the second that CloudTrail cuts off: the same run', () => {
    expect(sight(row({ createdAt: quietRun.startedAt + 999 }), warned, NOON)).toEqual({ now: 'running', run: warned });
  });

  test('known since an event, and an older CreationTime that spans the stop before: the same run', () => {
    expect(sight(row({ createdAt: quietRun.startedAt - 5 * HOUR }), quietRun, NOON).now).toBe('running');
  });

  test('created anew under the same name: a new run with a clean slate, the old one over by then', () => {
    const createdAt = NOON - 10 * MINUTE;
    const sighting = sight(row({ createdAt }), warned, NOON);
    expect(sighting).toMatchObject({ now: 'started', run: { startedAt: createdAt, warnings: {}, extensions: [] } });
    expect(sighting).toMatchObject({ replaces: { startedAt: quietRun.startedAt, endedAt: createdAt } });
  });

  test('seen gone, and running again with the CreationTime of before: it started at this sight', () => {
    expect(sight(row(), ended(NOON - 30 * MINUTE), NOON)).toMatchObject({
      now: 'started',
      run: { startedAt: NOON, warnings: {} },
    });
  });

  test('seen gone, and created since: it started at its CreationTime', () => {
    const createdAt = NOON - MINUTE;
    expect(sight(row({ createdAt }), ended(NOON - 30 * MINUTE), NOON)).toMatchObject({ run: { startedAt: createdAt } });
  });

  test('an event that says otherwise, and may be newer than the listing, is left to the next scan', () => {
    expect(sight(row(), ended(NOON - MINUTE), NOON).now).toBe('unsure');
    expect(sight(undefined, { ...quietRun, startedAt: NOON - MINUTE }, NOON).now).toBe('unsure');
    expect(sight(undefined, { ...quietRun, startedAt: NOON + MINUTE }, NOON).now).toBe('unsure');
  });

  test('in no row of a complete listing: over', () => {
    expect(sight(undefined, quietRun, NOON)).toMatchObject({ now: 'ended', at: NOON });
    expect(sight(undefined, ended(NOON - HOUR), NOON).now).toBe('absent');
  });
});

describe('a run as events tell it', () => {
  test('CreateApp starts a run on the second', () => {
    expect(onCreated(ref, NOON, undefined)).toMatchObject({ kind: 'start', run: { startedAt: NOON } });
  });

  test('CreateApp again says nothing new', () => {
    expect(onCreated(ref, quietRun.startedAt, quietRun).kind).toBe('none');
    expect(onCreated(ref, quietRun.startedAt - SECOND, ended(NOON)).kind).toBe('none');
  });

  test('CreateApp of the run before, told late: it is history, over by the start of this one', () => {
    expect(onCreated({ ...ref, instanceType: 'ml.t3.medium' }, quietRun.startedAt - HOUR, quietRun)).toMatchObject({
      kind: 'past',
      run: { startedAt: quietRun.startedAt - HOUR, endedAt: quietRun.startedAt, instanceType: 'ml.t3.medium' },
    });
  });

  test('CreateApp within a run whose end is known: two runs, and the end is the second one’s', () => {
    expect(onCreated(ref, NOON - 40 * MINUTE, ended(NOON - 30 * MINUTE))).toMatchObject({
      kind: 'start',
      run: { startedAt: NOON - 40 * MINUTE, endedAt: NOON - 30 * MINUTE },
      replaces: { startedAt: quietRun.startedAt, endedAt: NOON - 40 * MINUTE },
    });
  });

  test('CreateApp while a run is open: AWS refuses it while the app exists, so that run is over', () => {
    expect(onCreated(ref, NOON, warned)).toMatchObject({
      kind: 'start',
      run: { startedAt: NOON, warnings: {} },
      replaces: { endedAt: NOON },
    });
  });

  test('DeleteApp ends a run on the second, and once', () => {
    expect(onDeleted(ref, NOON, quietRun)).toEqual({ kind: 'end', endedAt: NOON, laterEnds: [] });
    expect(onDeleted(ref, NOON, ended(NOON)).kind).toBe('none');
  });

  test('DeleteApp is more exact than the scan that saw the app gone', () => {
    expect(onDeleted(ref, NOON - MINUTE, ended(NOON))).toEqual({ kind: 'end', endedAt: NOON - MINUTE, laterEnds: [] });
  });

  test('DeleteApp of the run before does not end this one: history learns when that was over', () => {
    const at = quietRun.startedAt - 2 * MINUTE;
    expect(onDeleted(ref, at, quietRun)).toMatchObject({ kind: 'past', run: { startedAt: at, endedAt: at } });
  });

  test('DeleteApp just after Curfew wrote down its own stop says nothing new', () =>
    expect(onDeleted(ref, NOON + 7 * SECOND, ended(NOON)).kind).toBe('none'));

  test('DeleteApp before its own CreateApp: the late CreateApp opens no run, but dates it', () => {
    const tombstone = onDeleted(ref, NOON, undefined);
    expect(tombstone).toMatchObject({ kind: 'start', run: { startedAt: NOON, endedAt: NOON } });
    const known = (tombstone as { run: Run }).run;
    expect(onCreated({ ...ref, instanceType: 'ml.t3.medium' }, NOON - HOUR, known)).toMatchObject({
      kind: 'start',
      run: { startedAt: NOON - HOUR, endedAt: NOON, instanceType: 'ml.t3.medium' },
    });
    expect(onCreated(ref, NOON + HOUR, known)).toMatchObject({
      kind: 'start',
      run: { startedAt: NOON + HOUR },
      replaces: known,
    });
  });

  test('DeleteApp of a later run came first: once its own is here too, the late CreateApp opens a run that is over', () => {
    const earlier = onDeleted(ref, NOON - 30 * MINUTE, ended(NOON));
    expect(earlier).toEqual({ kind: 'end', endedAt: NOON - 30 * MINUTE, laterEnds: [NOON] });
    const known = { ...quietRun, endedAt: NOON - 30 * MINUTE, laterEnds: [NOON] };
    expect(onCreated(ref, NOON - 10 * MINUTE, known)).toMatchObject({
      kind: 'start',
      run: { startedAt: NOON - 10 * MINUTE, endedAt: NOON },
    });
    const { run } = onCreated(ref, NOON + MINUTE, known) as { run: Run };
    expect(run).toMatchObject({ startedAt: NOON + MINUTE });
    expect(run.endedAt).toBeUndefined();
  });

  test('an end before the start, by a clock that is behind, is an end at the start', () => {
    expect(onDeleted(ref, quietRun.startedAt - SECOND, quietRun)).toEqual({
      kind: 'end',
      endedAt: quietRun.startedAt,
      laterEnds: [],
    });
  });
});
