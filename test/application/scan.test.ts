import { describe, expect, test } from 'vitest';
import { PortError } from '../../src/application/ports.ts';
import { hasFailed } from '../../src/application/scan.ts';
import { DAY, HOUR, MINUTE } from '../../src/domain/time.ts';
import { NOON, ref } from '../domain/builders.ts';
import { addSpace } from '../memory/ports.ts';
import { world } from './world.ts';

const gpu = { ...ref, instanceType: 'ml.g5.xlarge' };
const kinds = (report: { outcomes: { kind: string }[] }) => report.outcomes.map(({ kind }) => kind);

describe('a timeline: warned at its limit, stopped a grace later', () => {
  test('one app, from its start to its stop', async () => {
    const lab = world();
    lab.ports.fleet.start(gpu, NOON);
    expect(kinds(await lab.scan(NOON + 5 * MINUTE))).toEqual(['started']);

    const quiet = lab.writes();
    expect(kinds(await lab.scan(NOON + 23 * HOUR))).toEqual([]);
    expect(lab.writes()).toBe(quiet);

    expect(kinds(await lab.scan(NOON + DAY))).toEqual(['warned']);
    await lab.deliver(NOON + DAY);
    expect(lab.mails()).toEqual(['warning default']);

    const warned = lab.writes();
    expect(kinds(await lab.scan(NOON + DAY + 29 * MINUTE))).toEqual([]);
    expect(lab.writes()).toBe(warned);
    expect(lab.ports.fleet.stopped).toEqual([]);

    expect(kinds(await lab.scan(NOON + DAY + 30 * MINUTE))).toEqual(['stopped']);
    await lab.deliver(NOON + DAY + 31 * MINUTE);
    expect(lab.mails()).toEqual(['warning default', 'stopped default']);

    const over = lab.writes();
    expect(kinds(await lab.scan(NOON + DAY + 35 * MINUTE))).toEqual([]);
    expect(lab.writes()).toBe(over);
  });

  test('a restart under the same name is a new run with a clean slate', async () => {
    const lab = world();
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON + DAY);
    lab.ports.fleet.start(gpu, NOON + DAY + 10 * MINUTE);
    expect(kinds(await lab.scan(NOON + DAY + HOUR))).toEqual(['started']);
    expect(lab.ports.fleet.stopped).toEqual([]);
    expect(kinds(await lab.scan(NOON + 2 * DAY + 10 * MINUTE))).toEqual(['warned']);
    expect([...lab.ports.runs.past.values()]).toMatchObject([{ startedAt: NOON, endedAt: NOON + DAY + 10 * MINUTE }]);
  });

  test('activity that comes back lifts the warning; idle again, it is warned anew and not stopped on the old warning', async () => {
    const lab = world();
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON);
    const use = (lastUseAt: number, observedAt: number) =>
      lab.ports.runs.change([...lab.ports.runs.items.values()][0]!, {
        kind: 'evidence',
        evidence: { source: 'agent', kind: 'kernel', busy: false, lastUseAt, observedAt },
      });
    await use(NOON, NOON + 2 * HOUR);
    expect(kinds(await lab.scan(NOON + 2 * HOUR))).toEqual(['warned']);
    await use(NOON + 2 * HOUR + MINUTE, NOON + 2 * HOUR + 5 * MINUTE);
    expect(kinds(await lab.scan(NOON + 2 * HOUR + 30 * MINUTE))).toEqual(['lifted']);
    await use(NOON + 2 * HOUR + MINUTE, NOON + 5 * HOUR);
    expect(kinds(await lab.scan(NOON + 5 * HOUR))).toEqual(['warned']);
    // Nobody has looked since the warning: the owner may be back, and the stop waits for a look.
    expect(kinds(await lab.scan(NOON + 5 * HOUR + 30 * MINUTE))).toEqual([]);
    await use(NOON + 2 * HOUR + MINUTE, NOON + 5 * HOUR + 31 * MINUTE);
    expect(kinds(await lab.scan(NOON + 5 * HOUR + 35 * MINUTE))).toEqual(['stopped']);
  });

  test('evidence that falls silent keeps: silence is not idleness', async () => {
    const lab = world();
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON);
    const [run] = [...lab.ports.runs.items.values()];
    const evidence = { source: 'agent', kind: 'kernel', busy: false, lastUseAt: NOON, observedAt: NOON + 2 * HOUR };
    await lab.ports.runs.change(run!, { kind: 'evidence', evidence });
    expect(kinds(await lab.scan(NOON + 2 * HOUR))).toEqual(['warned']);
    expect(kinds(await lab.scan(NOON + 2 * HOUR + 31 * MINUTE))).toEqual(['lifted']);
    expect(lab.ports.fleet.stopped).toEqual([]);
  });
});

describe('one failure stays one failure', () => {
  test('a stop that fails is tried again by every scan, and told to the admins once, after the third', async () => {
    const lab = world();
    lab.ports.fleet.start(gpu, NOON);
    lab.ports.fleet.failStops = 4;
    await lab.scan(NOON + DAY);
    await lab.deliver(NOON + DAY);
    for (const [i, expected] of (['failed', 'failed', 'failed', 'failed', 'stopped'] as const).entries()) {
      const report = await lab.scan(NOON + DAY + (30 + 5 * i) * MINUTE);
      expect(kinds(report)).toEqual([expected]);
      expect(hasFailed(report)).toBe(expected === 'failed');
      await lab.deliver(NOON + DAY + (30 + 5 * i) * MINUTE);
      expect(lab.mails().filter((mail) => mail === 'failure default')).toHaveLength(i >= 2 ? 1 : 0);
    }
    expect(lab.mails()).toEqual(['warning default', 'failure default', 'stopped default']);
  });

  test('an app that fails does not keep another from its stop', async () => {
    const lab = world();
    const other = { ...gpu, appName: 'other' };
    lab.ports.fleet.start(gpu, NOON);
    lab.ports.fleet.start(other, NOON);
    await lab.scan(NOON + DAY);
    lab.ports.fleet.failStops = 1;
    const report = await lab.scan(NOON + DAY + 30 * MINUTE);
    expect(kinds(report).sort()).toEqual(['failed', 'stopped']);
  });

  test('gone before the call: success, and no mail that says we did it', async () => {
    const lab = world();
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON + DAY);
    lab.ports.fleet.stop = async () => 'gone';
    expect(kinds(await lab.scan(NOON + DAY + 30 * MINUTE))).toEqual(['already gone']);
    await lab.deliver(NOON + DAY + 31 * MINUTE);
    expect(lab.mails()).toEqual(['warning default']);
  });

  test('half a picture: nothing is stopped, nothing is taken for gone, and the pass fails loudly', async () => {
    const lab = world();
    lab.ports.fleet.start(gpu, NOON);
    lab.ports.fleet.start({ ...gpu, appName: 'other' }, NOON);
    await lab.scan(NOON + DAY);
    lab.ports.fleet.missing = [{ part: 'apps', why: 'ThrottlingException' }];
    lab.ports.fleet.apps.delete([...lab.ports.fleet.apps.keys()][1]!);
    const report = await lab.scan(NOON + DAY + HOUR);
    expect(kinds(report)).toEqual(['held']);
    expect(hasFailed(report)).toBe(true);
    expect([...lab.ports.runs.items.values()].every(({ endedAt }) => endedAt === undefined)).toBe(true);
  });
});

describe('the safety valve', () => {
  test('too many stops at once: none is made, and the admins are told once a day', async () => {
    const lab = world({ safety: { maxStops: { share: 0.25 } } });
    for (let i = 0; i < 8; i++) lab.ports.fleet.start({ ...gpu, appName: `app-${i}` }, NOON);
    await lab.scan(NOON + DAY);
    for (const minutes of [30, 35, 40]) {
      const report = await lab.scan(NOON + DAY + minutes * MINUTE);
      expect(report.valve).toEqual({ wanted: 8, most: 2 });
      await lab.deliver(NOON + DAY + minutes * MINUTE);
    }
    expect(lab.ports.fleet.stopped).toEqual([]);
    expect(lab.mails().filter((mail) => mail.startsWith('failure'))).toHaveLength(1);
  });
});

describe('a dry run changes nothing', () => {
  test('no write, no mail, no stop, at any point of a run', async () => {
    const lab = world();
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON + DAY);
    const before = lab.writes();
    const report = await lab.scan(NOON + DAY + HOUR, false);
    expect(report.outcomes).toMatchObject([{ kind: 'dry run' }]);
    expect(lab.writes()).toBe(before);
    expect(lab.ports.fleet.stopped).toEqual([]);
  });
});

describe('modes', () => {
  test('observe records runs, and neither warns nor stops', async () => {
    const lab = world({ mode: 'observe' });
    lab.ports.fleet.start(gpu, NOON);
    expect(kinds(await lab.scan(NOON + DAY))).toEqual(['started', 'held']);
    await lab.deliver(NOON + DAY);
    expect(lab.mails()).toEqual([]);
  });

  test('warn warns, announces no stop, and never stops', async () => {
    const lab = world({ mode: 'warn' });
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON + DAY);
    expect(kinds(await lab.scan(NOON + 2 * DAY))).toEqual(['held']);
    await lab.deliver(NOON + 2 * DAY);
    expect(lab.ports.postbox.sent[0]!.facts).not.toHaveProperty('stopAt');
  });

  test('enforced after a time of warnings: what was warned without a promise is warned again before its stop', async () => {
    const lab = world({ mode: 'warn' });
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON + DAY);
    lab.policy.mode = 'enforce';
    expect(kinds(await lab.scan(NOON + 3 * DAY))).toEqual(['lifted', 'warned']);
    expect(kinds(await lab.scan(NOON + 3 * DAY + 30 * MINUTE))).toEqual(['stopped']);
  });
});

describe('who is told', () => {
  test.each([
    [{ owner: 'bob', sharing: 'Private' }, 'bob (bob@example.org) has not confirmed'],
    [{ owner: 'bob', sharing: 'Shared' }, 'The space lab is shared.'],
    [{}, 'The space lab has no owner'],
  ])('a space with %j', async (space, why) => {
    const lab = world({ owners: { address: { template: '{profile}@example.org' }, exceptions: {} } });
    const { userProfileName: _, ...rest } = gpu;
    addSpace(lab.ports.fleet, { domainId: ref.domainId, spaceName: 'lab', ...space });
    lab.ports.fleet.start({ ...rest, spaceName: 'lab' }, NOON);
    await lab.scan(NOON + DAY);
    await lab.deliver(NOON + DAY);
    expect(lab.ports.postbox.sent).toHaveLength(1);
    expect(lab.ports.postbox.sent[0]).toMatchObject({
      to: 'admin@example.org',
      facts: { audience: { role: 'admins' } },
    });
    expect(JSON.stringify(lab.ports.postbox.sent[0]!.facts)).toContain(why);
  });

  test('the SSO user name is asked for when a run starts and when there is something to tell, never in a quiet scan', async () => {
    const lab = world({ owners: { address: 'sso', exceptions: {} } });
    let asked = 0;
    lab.ports.fleet.ssoUserName = async (_, profile) => `${profile}-${++asked}@sso.example.org`;
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON + HOUR);
    expect(asked).toBe(1);
    await lab.scan(NOON + 2 * HOUR);
    expect(asked).toBe(1);
    await lab.scan(NOON + DAY);
    await lab.scan(NOON + DAY + MINUTE);
    expect(asked).toBe(2);
  });
});

describe('the digest', () => {
  test('once a local day, from the policy’s hour on', async () => {
    const lab = world({ report: { daily: 8 * 60 }, timezone: 'America/New_York' });
    lab.ports.fleet.start(gpu, NOON);
    const day = async (time: string) => {
      const now = Date.parse(time);
      await lab.scan(now);
      await lab.deliver(now);
      return lab.mails().filter((mail) => mail === 'digest').length;
    };
    expect(await day('2026-11-23T12:59:00Z')).toBe(0);
    expect(await day('2026-11-23T13:00:00Z')).toBe(1);
    expect(await day('2026-11-24T04:59:00Z')).toBe(1);
    expect(await day('2026-11-24T05:01:00Z')).toBe(1);
    expect(await day('2026-11-24T13:10:00Z')).toBe(2);
  });

  test('tells of what was stopped in the last day, also where the name is in use again', async () => {
    const lab = world({ report: { daily: 12 * 60 } });
    lab.ports.fleet.start(gpu, NOON + HOUR);
    await lab.scan(NOON + HOUR + DAY);
    await lab.scan(NOON + HOUR + DAY + 30 * MINUTE);
    lab.ports.fleet.start(gpu, NOON + 2 * HOUR + DAY);
    await lab.scan(NOON + 3 * HOUR + DAY);
    await lab.scan(NOON + 2 * DAY);
    await lab.deliver(NOON + 2 * DAY);
    const digests = lab.ports.postbox.sent.filter(({ facts }) => facts.kind === 'digest');
    expect(digests.at(-1)!.facts).toMatchObject({
      running: 1,
      stopped: [{ app: { startedAt: NOON + HOUR }, at: NOON + HOUR + DAY + 30 * MINUTE }],
    });
  });

  test('an empty lab gets none', async () => {
    const lab = world({ report: { daily: 0 } });
    await lab.scan(NOON);
    expect(lab.ports.outbox.items.size).toBe(0);
  });
});

describe('an outbox that fails', () => {
  test('no warning is recorded on the run that is not owed: the next scan warns', async () => {
    const lab = world();
    lab.ports.fleet.start(gpu, NOON);
    const { owe } = lab.ports.outbox;
    lab.ports.outbox.owe = async () => {
      throw new PortError('throttled', 'ThrottlingException', 'Rate exceeded');
    };
    expect(kinds(await lab.scan(NOON + DAY))).toEqual(['failed']);
    lab.ports.outbox.owe = owe;
    expect(kinds(await lab.scan(NOON + DAY + HOUR))).toEqual(['warned']);
    expect(lab.ports.fleet.stopped).toEqual([]);
  });
});
