import { describe, expect, it, test } from 'vitest';
import { type Beat, checkLastScan } from '../../src/domain/checkup/deployment.ts';
import { checkTrails } from '../../src/domain/checkup/events.ts';
import { some } from '../../src/domain/checkup/finding.ts';
import { checkSender, checkSending, identitiesOf } from '../../src/domain/checkup/mail.ts';
import { checkTable } from '../../src/domain/checkup/table.ts';
import { MINUTE } from '../../src/domain/time.ts';
import { NOON } from './builders.ts';

describe('a sender', () => {
  test('may be verified by its address, its domain or one above it', () => {
    const sender = 'Curfew <curfew@mail.lab.example.org>';
    const names = ['curfew@mail.lab.example.org', 'mail.lab.example.org', 'lab.example.org', 'example.org'];
    expect(identitiesOf(sender)).toEqual(names);
    expect(identitiesOf('curfew@example.org')).toEqual(['curfew@example.org', 'example.org']);
    for (const verified of names) {
      const standings = names.map(
        (name) => [name, name === verified ? 'verified' : 'none'] as [string, 'verified' | 'none'],
      );
      expect(checkSender(sender, standings).health).toBe('ok');
    }
  });
  test('that only waits is told how to be verified, by address or by domain', () => {
    expect(
      checkSender('a@b.org', [
        ['a@b.org', 'not verified'],
        ['b.org', 'none'],
      ]).mend[0],
    ).toMatch(/link in the mail/);
    expect(
      checkSender('a@b.org', [
        ['a@b.org', 'none'],
        ['b.org', 'not verified'],
      ]).mend[0],
    ).toMatch(/DKIM/);
  });
});

describe('sending', () => {
  const well = {
    isProduction: true,
    isSending: true,
    enforcement: 'HEALTHY',
    perDay: 100,
    perSecond: 1,
    sentLastDay: 0,
  };
  test.each([
    [{ sentLastDay: 79 }, 'ok'],
    [{ sentLastDay: 80 }, 'warning'],
    [{ sentLastDay: 100 }, 'wrong'],
    [{ sentLastDay: 100, perDay: -1 }, 'ok'],
    [{ enforcement: 'SHUTDOWN' }, 'wrong'],
    [{ isProduction: false }, 'wrong'],
  ])('%j is %s', (spoiled, health) => expect(checkSending({ ...well, ...spoiled }, 'enforce').health).toBe(health));
  test('in the sandbox will do while only the admins get mail', () =>
    expect(checkSending({ ...well, isProduction: false }, 'observe').health).toBe('warning'));
});

describe('the last scan', () => {
  const scan = { handler: 'scan', name: 'scan', role: 'r' };
  const beat = (ago: number, errors = 0, invocations = 1): Beat => ({ at: NOON - ago * MINUTE, invocations, errors });
  test.each([
    ['fresh', [beat(5), beat(10)], 'ok'],
    ['as late as may be', [beat(20)], 'ok'],
    ['a minute later', [beat(21)], 'wrong'],
    ['none', [], 'wrong'],
    ['minutes with none', [beat(5, 0, 0)], 'wrong'],
    ['failed, after a good one', [beat(5, 1), beat(10)], 'wrong'],
    ['good, after a failed one', [beat(5), beat(10, 1)], 'warning'],
    ['good, long after a failed one', [beat(5), beat(90, 1)], 'ok'],
  ])('%s: %s', (_, beats, health) => expect(checkLastScan(scan, beats, NOON).health).toBe(health));
  test('of no function is not known', () => expect(checkLastScan(undefined, [], NOON).health).toBe('not known'));
});

describe('a trail', () => {
  const trail = { name: 't', covers: true, isLogging: true, logsChanges: true };
  test('that is good counts, whatever the others are', () =>
    expect(checkTrails([{ ...trail, isLogging: false }, { ...trail, covers: false }, trail], 'r').health).toBe('ok'));
  test('of which nobody may ask what it logs is not known, and not fine', () =>
    expect(checkTrails([{ ...trail, logsChanges: undefined }], 'r').health).toBe('not known'));
});

it('a table of somebody else’s is wrong, and one whose engine tells little is fine as far as it tells', () => {
  const facts = { isActive: true, expires: undefined, recovers: undefined, isProtected: true };
  expect(checkTable('t', { ...facts, notOurs: 'a table t exists, and is not ours' }, { region: 'r' }).health).toBe(
    'wrong',
  );
  expect(checkTable('t', facts, { region: 'r' }).says).toMatch(/as far as this endpoint tells/);
});

it('a long list is cut, and says by how much', () => {
  expect(some(['a', 'b', 'c'], 2)).toBe('a, b and 1 more');
  expect(some(['a', 'b'], 2)).toBe('a, b');
});
