import { describe, expect, test } from 'vitest';
import { deliver } from '../../src/application/deliver.ts';
import { PortError } from '../../src/application/ports.ts';
import { scan } from '../../src/application/scan.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../src/domain/time.ts';
import { NOON, ref } from '../domain/builders.ts';
import { PLACE } from '../memory/ports.ts';
import { world } from './world.ts';

const gpu = { ...ref, instanceType: 'ml.g5.xlarge' };
const STOP_AT = NOON + DAY + 30 * MINUTE;

/** A lab whose scan called DeleteApp, and died before it could write down what came of it. */
async function cutOff() {
  const lab = world();
  lab.ports.fleet.start(gpu, NOON);
  await lab.scan(NOON + DAY);
  const { owe } = lab.ports.outbox;
  const { change } = lab.ports.runs;
  const { stop } = lab.ports.fleet;
  const dead = async () => Promise.reject(new Error('killed'));
  lab.ports.fleet.stop = async (app) => {
    const answer = await stop(app);
    lab.ports.outbox.owe = dead;
    lab.ports.runs.change = dead;
    return answer;
  };
  await lab.scan(STOP_AT);
  Object.assign(lab.ports.outbox, { owe });
  Object.assign(lab.ports.runs, { change });
  Object.assign(lab.ports.fleet, { stop });
  expect(lab.ports.fleet.stopped).toHaveLength(1);
  return lab;
}

async function stoppedMails(lab: ReturnType<typeof world>, now: number) {
  await lab.deliver(now);
  return lab.mails().filter((mail) => mail === 'stopped default').length;
}

describe('a stop whose notice a crash cut off is told all the same, once', () => {
  test('the app is seen gone', async () => {
    const lab = await cutOff();
    for (const later of [5, 10]) await lab.scan(STOP_AT + later * MINUTE);
    expect(await stoppedMails(lab, STOP_AT + HOUR)).toBe(1);
  });

  test('its DeleteApp event came first', async () => {
    const lab = await cutOff();
    await lab.event({ kind: 'app deleted', app: gpu, at: STOP_AT + SECOND });
    for (const later of [5, 10]) await lab.scan(STOP_AT + later * MINUTE);
    expect(await stoppedMails(lab, STOP_AT + HOUR)).toBe(1);
  });

  test('the name is in use again, as a scan finds', async () => {
    const lab = await cutOff();
    lab.ports.fleet.start(gpu, STOP_AT + 3 * MINUTE);
    for (const later of [5, 10]) await lab.scan(STOP_AT + later * MINUTE);
    expect(await stoppedMails(lab, STOP_AT + HOUR)).toBe(1);
    expect(lab.ports.fleet.stopped).toHaveLength(1);
  });

  test('the name is in use again, as an event tells', async () => {
    const lab = await cutOff();
    lab.ports.fleet.start(gpu, STOP_AT + 3 * MINUTE);
    await lab.event({ kind: 'app created', app: gpu, at: STOP_AT + 3 * MINUTE });
    await lab.scan(STOP_AT + 5 * MINUTE);
    expect(await stoppedMails(lab, STOP_AT + HOUR)).toBe(1);
  });

  test('the listing still shows it running, and DeleteApp says that it is gone', async () => {
    const lab = await cutOff();
    for (const row of lab.ports.fleet.apps.values()) row.status = 'InService';
    lab.ports.fleet.stop = async () => 'gone';
    await lab.scan(STOP_AT + MINUTE);
    expect([...lab.ports.outbox.items.values()].map(({ notice }) => notice.facts.kind)).toEqual(['warning']);
    await lab.scan(STOP_AT + 5 * MINUTE);
    expect(await stoppedMails(lab, STOP_AT + HOUR)).toBe(1);
  });

  test('a stop that never was called, and is wanted no longer, is not told as one when its owner ends the run', async () => {
    const lab = world();
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON + DAY);
    lab.ports.fleet.failStops = 1;
    await lab.scan(STOP_AT);
    lab.policy.limits = [];
    await lab.scan(STOP_AT + 5 * MINUTE);
    lab.ports.fleet.end(gpu);
    await lab.scan(STOP_AT + 10 * MINUTE);
    expect(await stoppedMails(lab, STOP_AT + HOUR)).toBe(0);
  });
});

describe('two at once', () => {
  test('two scans: one warning, one stop', async () => {
    const lab = world();
    lab.ports.fleet.start(gpu, NOON);
    const twice = (now: number) => Promise.all([lab.scan(now), lab.scan(now + SECOND)]);
    await twice(NOON);
    await twice(NOON + DAY);
    await twice(STOP_AT);
    await twice(STOP_AT + 5 * MINUTE);
    await lab.deliver(STOP_AT + HOUR);
    expect(lab.mails()).toEqual(['warning default', 'stopped default']);
    expect(lab.ports.fleet.stopped).toHaveLength(1);
  });

  test('two rounds of delivery: each mail once', async () => {
    const lab = world();
    for (let i = 0; i < 30; i++) lab.ports.fleet.start({ ...gpu, appName: `app-${i}` }, NOON);
    await lab.scan(NOON + DAY);
    const [a, b] = await Promise.all([lab.deliver(NOON + DAY), lab.deliver(NOON + DAY)]);
    expect(a.sent + b.sent).toBe(30);
    expect(new Set(lab.ports.postbox.sent.map(({ id }) => id)).size).toBe(30);
    expect(lab.ports.postbox.sent).toHaveLength(30);
  });

  test('what changed between the look and the stop holds the stop back', async () => {
    const lab = world();
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON + DAY);
    const { load } = lab.ports.runs;
    lab.ports.runs.load = async (place) => {
      const known = await load(place);
      await lab.ports.runs.change(known.runs[0]!, { kind: 'extend', at: STOP_AT });
      return known;
    };
    const report = await lab.scan(STOP_AT);
    expect(report.outcomes).toMatchObject([{ kind: 'superseded' }]);
    expect(lab.ports.fleet.stopped).toEqual([]);
  });
});

describe('deliver', () => {
  const owing = async (apps: number) => {
    const lab = world();
    for (let i = 0; i < apps; i++)
      lab.ports.fleet.start({ ...gpu, appName: `app-${String(i).padStart(2, '0')}` }, NOON + i);
    await lab.scan(NOON + 2 * DAY);
    return lab;
  };

  test('at SES’s rate: as many a second as it grants, waiting between', async () => {
    const lab = await owing(30);
    const waits: number[] = [];
    const wait = async (ms: number) => void waits.push(ms);
    const report = await deliver(lab.ports, lab.policy, { place: PLACE, now: NOON + 2 * DAY, wait });
    expect(report.sent).toBe(30);
    expect(waits).toEqual([SECOND, SECOND]);
  });

  test('nothing owed: SES is not asked', async () => {
    const lab = world();
    lab.ports.postbox.quota = async () => Promise.reject(new Error('asked'));
    const nothing = { sent: 0, refused: 0, withheld: 0, postponed: 0, faults: [] };
    expect(await lab.deliver(NOON)).toEqual({ ...nothing, mails: [], age: 0 });
  });

  test('throttled: the round ends, and the next ones send the rest', async () => {
    const lab = await owing(30);
    lab.ports.postbox.failures = [new PortError('throttled', 'TooManyRequestsException', 'slow down')];
    const first = await lab.deliver(NOON + 2 * DAY);
    expect(first.postponed).toBeGreaterThan(0);
    expect(first.faults).toEqual([]);
    for (let minute = 1; minute < 20; minute++) await lab.deliver(NOON + 2 * DAY + minute * MINUTE);
    expect(lab.mails()).toHaveLength(30);
  });

  test('an outage of mail: no stop while it lasts, and a whole grace once the warning is out', async () => {
    const lab = world();
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON + DAY);
    lab.ports.postbox.failures = [new PortError('fault', 'InternalServiceError', 'down')];
    await lab.deliver(NOON + DAY);
    expect((await lab.scan(STOP_AT)).outcomes).toMatchObject([
      { kind: 'held', reason: 'its warning could not be sent yet' },
    ]);
    await lab.deliver(STOP_AT + MINUTE);
    expect((await lab.scan(STOP_AT + 30 * MINUTE)).outcomes).toMatchObject([{ kind: 'held' }]);
    expect((await lab.scan(STOP_AT + 31 * MINUTE)).outcomes).toMatchObject([{ kind: 'stopped' }]);
  });

  test('an outage: tried again with longer and longer pauses, never lost', async () => {
    const lab = await owing(1);
    lab.ports.postbox.failures = Array.from(
      { length: 5 },
      () => new PortError('fault', 'InternalServiceError', 'down'),
    );
    for (let minute = 0; minute < 120; minute++) await lab.deliver(NOON + 2 * DAY + minute * MINUTE);
    expect(lab.mails()).toEqual(['warning app-00']);
    expect(lab.ports.postbox.failures).toEqual([]);
  });

  test('the day’s quota used up: what is owed waits, and that is told', async () => {
    const lab = await owing(5);
    lab.ports.postbox.left = 2;
    expect(await lab.deliver(NOON + 2 * DAY)).toMatchObject({
      sent: 2,
      faults: ["SES's 24-hour quota is used up: what is owed waits"],
    });
    lab.ports.postbox.left = 100;
    expect(await lab.deliver(NOON + 2 * DAY + HOUR)).toMatchObject({ sent: 3, faults: [] });
  });

  test('refused for good: the other admins are told, once, and a refused failure mail tells nobody', async () => {
    const lab = world({ admins: ['gone@example.org', 'here@example.org'] });
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON + DAY);
    const { send } = lab.ports.postbox;
    lab.ports.postbox.send = async (notice, urls) => {
      if (notice.to.startsWith('gone'))
        throw new PortError('refused', 'MessageRejected', 'Address is on the suppression list');
      return send(notice, urls);
    };
    for (const minute of [0, 1, 2]) await lab.deliver(NOON + DAY + minute * MINUTE);
    expect(lab.ports.postbox.sent.map(({ to, facts }) => `${facts.kind} ${to}`).sort()).toEqual([
      'failure here@example.org',
      'warning here@example.org',
    ]);
    expect([...lab.ports.outbox.items.values()].every(({ fate }) => fate)).toBe(true);
  });

  test('warnings pass digests', async () => {
    const lab = world({ report: { daily: 0 } });
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON + MINUTE);
    await scan(
      lab.ports,
      { ...lab.policy, report: { daily: 'never' } },
      { place: PLACE, now: NOON + DAY, apply: true },
    );
    await lab.deliver(NOON + DAY);
    expect(lab.mails()).toEqual(['warning default', 'digest']);
  });
});
