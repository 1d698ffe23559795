import { expect, test } from 'vitest';
import { type Standing, waitsForMail } from '../../src/domain/rules/delivery.ts';
import { HOUR, MINUTE } from '../../src/domain/time.ts';
import { NOON } from './builders.ts';

const at = { grace: 30 * MINUTE, now: NOON, timezone: 'UTC' };
const owed = (attempts: number): Standing => ({ owedAt: NOON - HOUR, attempts });
const sent = (ago: number): Standing => ({ owedAt: NOON - HOUR, attempts: 1, fate: { kind: 'sent', at: NOON - ago } });
const refused: Standing = { owedAt: NOON - HOUR, attempts: 1, fate: { kind: 'refused', at: NOON - HOUR } };

test.each<[string, Standing[], string | undefined]>([
  ['sent on time', [sent(HOUR)], undefined],
  ['sent five minutes late, which is on time', [sent(55 * MINUTE)], undefined],
  ['sent late, and the grace since is over', [sent(30 * MINUTE)], undefined],
  [
    'sent late, and the grace since is not over',
    [sent(29 * MINUTE)],
    'its warning went out late, at 11:31: the grace runs until 12:01',
  ],
  ['sent to one reader, and not yet to the other', [sent(HOUR), owed(3)], undefined],
  ['tried and not sent', [owed(1), owed(0)], 'its warning could not be sent yet'],
  ['not tried yet: its record counts', [owed(0)], undefined],
  ['refused for one, not yet sent to the other', [refused, owed(2)], 'its warning could not be sent yet'],
  ['refused for all', [refused, refused], 'its warning was refused for all its readers'],
  ['no notice known', [], undefined],
])('a warning that was %s', (_, standings, expected) => expect(waitsForMail(standings, at)).toBe(expected));
