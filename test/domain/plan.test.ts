import { describe, expect, test } from 'vitest';
import type { Decision } from '../../src/domain/decide.ts';
import { emptyPicture, type Part } from '../../src/domain/picture.ts';
import { plan } from '../../src/domain/plan.ts';
import { mostStops } from '../../src/domain/rules/valve.ts';
import { policy, quietApp, ref } from './builders.ts';

const decided = (action: Decision['action'], app = quietApp): Decision => ({
  app,
  action,
  rule: 'r',
  reason: 'because',
  upheld: [],
});
const picture = (...missing: Part[]) => ({
  ...emptyPicture(ref),
  missing: missing.map((part) => ({ part, why: 'throttled' })),
});
const spacious = { ...policy, safety: { maxStops: { count: 100 } } };
const held = (decision: Decision, seen = picture(), mode = policy.mode) =>
  plan([decision], seen, { ...spacious, mode }).intents[0]!.held;

describe('what the mode forbids', () => {
  test.each([
    ['observe', 'warn', 'the mode is observe'],
    ['observe', 'stop', 'the mode is observe'],
    ['warn', 'warn', undefined],
    ['warn', 'stop', 'the mode is warn'],
    ['enforce', 'stop', undefined],
  ] as const)('%s holds %s: %s', (mode, action, expected) =>
    expect(held(decided(action), picture(), mode)).toBe(expected),
  );
});

describe('no stop on half a picture', () => {
  test.each(['apps', 'spaces', 'tags', 'domains'] as const)('%s missing holds a stop', (part) => {
    expect(held(decided('stop'), picture(part))).toBe(`half a picture: the ${part} are incomplete (throttled)`);
  });

  test('a warning waits only for what could change its rule or its reader', () => {
    expect(held(decided('warn'), picture('apps'))).toBeUndefined();
    expect(held(decided('warn'), picture('spaces'))).toBeUndefined();
    expect(held(decided('warn'), picture('tags'))).toContain('tags');
    const { userProfileName: _, ...spaceRef } = { ...ref, spaceName: 'lost' };
    expect(held(decided('warn', { ...quietApp, ref: spaceRef }), picture('spaces'))).toContain('spaces');
  });
});

describe('the safety valve', () => {
  const decisions = (stops: number, keeps: number) => [
    ...Array.from({ length: stops }, () => decided('stop')),
    ...Array.from({ length: keeps }, () => decided('keep')),
  ];
  const quarter = { ...policy, safety: { maxStops: { share: 0.25 } } };

  test('as many stops as allowed: all are made', () => {
    const { intents, valve } = plan(decisions(5, 15), picture(), quarter);
    expect(valve).toBeUndefined();
    expect(intents.every(({ held }) => held === undefined)).toBe(true);
  });

  test('one more: none is made', () => {
    const { intents, valve } = plan(decisions(6, 14), picture(), quarter);
    expect(valve).toEqual({ wanted: 6, most: 5 });
    expect(intents.filter(({ decision, held }) => decision.action === 'stop' && held === undefined)).toEqual([]);
  });

  test('stops that are held anyway do not close it', () => {
    expect(plan(decisions(6, 14), picture(), { ...quarter, mode: 'warn' }).valve).toBeUndefined();
  });

  test.each([
    [{ share: 0.25 }, 20, 5],
    [{ share: 0.25 }, 7, 1],
    [{ share: 0.25 }, 1, 1],
    [{ share: 0.29 }, 100, 29],
    [{ share: 0 }, 10, 1],
    [{ count: 0 }, 10, 0],
    [{ count: 3 }, 10, 3],
  ])('%j of %i running allows %i', (maxStops, running, most) => expect(mostStops(maxStops, running)).toBe(most));
});
