import { describe, expect, test } from 'vitest';
import { newContact } from '../../src/domain/contact.ts';
import { DAY, HOUR, MINUTE } from '../../src/domain/time.ts';
import { ref } from '../domain/builders.ts';
import { memoryReports, PLACE } from '../memory/ports.ts';
import { appOf, at, budgetOver } from './books-lab.ts';
import { type Death, mortal } from './mortal.ts';
import { reportLab } from './report-lab.ts';

const MONDAY = at('2026-11-23T08:00');

/** Alice and Bob ran something in week 47, and have confirmed; Carol ran nothing, and Dan has not confirmed. */
async function week(policy: Parameters<typeof reportLab>[0] = {}) {
  const it = reportLab(policy);
  await it.ran(appOf('alice'), at('2026-11-17T09:00'), at('2026-11-17T12:00'));
  await it.ran(appOf('bob'), at('2026-11-18T09:00'), at('2026-11-18T10:00'));
  await it.ran(appOf('dan'), at('2026-11-18T09:00'), at('2026-11-18T10:00'));
  for (const name of ['alice', 'bob', 'carol']) await it.confirmed(name);
  await it.ports.contacts.open({ ...newContact(PLACE, 'dan@example.org', 0), owners: [`${ref.domainId}/dan`] });
  return it;
}

const OWNERS = ['alice@example.org owner 2026-W47', 'bob@example.org owner 2026-W47'];

describe('the reports of a week', () => {
  test('are owed at the policy’s hour, to who has confirmed and has something to be told', async () => {
    const it = await week({ admins: ['admin@example.org'] });
    expect(await it.report(MONDAY - MINUTE)).toEqual({ owed: 0, empty: 0, faults: [] });
    expect(await it.report(MONDAY)).toEqual({ week: '2026-W47', owed: 3, empty: 1, faults: [] });
    expect(it.owed()).toEqual(['admin@example.org admin 2026-W47', ...OWNERS]);
    expect(it.factsFor('alice@example.org')).toMatchObject({
      ...{ spent: 30_000_000, billed: 0, estimated: 30_000_000, whose: 'alice' },
      ...{ hours: { up: 3 * HOUR, used: 0, idle: 0, unknown: 3 * HOUR, idleCost: 0 } },
    });
    expect(it.factsFor('admin@example.org')).toMatchObject({ spent: 50_000_000, admin: { unconfirmed: ['dan'] } });
  });

  test('tell of a week’s budget with what was granted in it', async () => {
    const weekly = budgetOver('week', { limit: 20_000_000 });
    const it = await week({ budgets: [weekly] });
    await it.ports.ledger.except(PLACE, {
      ...{ kind: 'grant', amount: 20_000_000, by: 'admin', why: 'because' },
      ...{ subject: { kind: 'owner', name: `${ref.domainId}/alice` }, at: at('2026-11-18'), until: at('2026-11-23') },
    });
    await it.report(MONDAY);
    const limits = ['alice', 'bob'].map((name) => it.factsFor(`${name}@example.org`)!.budgets[0]!.limit);
    expect(limits).toEqual([40_000_000, 20_000_000]);
  });

  test('are owed once, and an hour at which none can be due reads nothing', async () => {
    const it = await week();
    await it.report(MONDAY - DAY);
    expect(it.ports.reports.reads).toBe(0);
    await it.report(MONDAY);
    for (let now = MONDAY; now < MONDAY + 7 * DAY; now += 15 * MINUTE) await it.report(now);
    expect(it.owed()).toEqual(OWNERS);
    await it.report(MONDAY + 7 * DAY);
    expect(it.owed()).toEqual(OWNERS);
  });

  test('come once, whatever is repeated, late, or at once', async () => {
    const it = await week();
    await Promise.all([it.report(MONDAY), it.report(MONDAY), it.report(MONDAY)]);
    await it.report(MONDAY);
    await it.deliver(MONDAY);
    await it.report(MONDAY - 7 * DAY);
    await it.report(MONDAY + HOUR);
    await it.deliver(MONDAY + HOUR);
    expect(it.owed()).toEqual(OWNERS);
    expect(it.ports.postbox.sent.map(({ to }) => to).sort()).toEqual(['alice@example.org', 'bob@example.org']);
  });

  test('a missed hour is made good, within two days', async () => {
    const late = await week();
    await late.report(MONDAY + 2 * DAY - MINUTE);
    expect(late.owed()).toEqual(OWNERS);
    const lost = await week();
    await lost.report(MONDAY + 2 * DAY);
    expect(lost.owed()).toEqual([]);
  });

  test('a crash between any two steps loses none, and doubles none', async () => {
    const whole = await week({ admins: ['admin@example.org'] });
    await whole.report(MONDAY);
    expect(whole.owed()).toHaveLength(3);
    const probe = await week({ admins: ['admin@example.org'] });
    const seen = mortal(probe.ports);
    await probe.report(MONDAY, undefined, seen.ports);
    for (let call = 0; call < seen.calls(); call++)
      for (const when of ['before', 'after'] as const) {
        const it = await week({ admins: ['admin@example.org'] });
        const death: Death = { call, when };
        await it.report(MONDAY, undefined, mortal(it.ports, death).ports).catch(() => {});
        await it.report(MONDAY + 15 * MINUTE);
        expect(it.owed(), `${when} call ${call}`).toEqual(whole.owed());
      }
  });

  test('what there was no time for, the next round owes, and it goes on from there', async () => {
    const it = reportLab();
    for (let i = 0; i < 600; i++) {
      const name = `p${String(i).padStart(3, '0')}`;
      await it.confirmed(name);
      await it.ports.runs.open({
        ...{ app: appOf(name), startedAt: at('2026-11-17T09:00'), endedAt: at('2026-11-17T10:00'), owner: name },
        ...{ instanceType: 'ml.g5.xlarge', warnings: {}, extensions: [], evidence: {}, version: 1 },
      });
    }
    let batches = 1;
    const first = await it.report(MONDAY, () => batches-- > 0);
    expect(first).toMatchObject({ owed: 256, isPartial: true });
    expect(it.owed()).toHaveLength(256);
    const writes = it.ports.outbox.writes;
    const second = await it.report(MONDAY + 15 * MINUTE);
    expect(second).toEqual({ week: '2026-W47', owed: 344, empty: 0, faults: [] });
    // Nobody was come to twice.
    expect(it.ports.outbox.writes - writes).toBe(344);
    expect(it.owed()).toHaveLength(600);
    expect(await it.report(MONDAY + 30 * MINUTE)).toEqual({ owed: 0, empty: 0, faults: [] });
  });

  test('a person with nothing to be told gets one where the policy says so', async () => {
    const it = await week({ report: { daily: 'never', weekly: { weekday: 1, minutes: 480 }, empty: 'send' } });
    await it.report(MONDAY);
    expect(it.owed()).toEqual([...OWNERS, 'carol@example.org owner 2026-W47']);
  });

  test('what runs for nothing is nothing to be told of', async () => {
    const it = await week({ admins: ['admin@example.org'] });
    const free = { ...appOf('carol', 'server'), appType: 'JupyterServer', instanceType: 'system' };
    it.ports.fleet.start(free, at('2026-11-10T09:00'));
    await it.report(MONDAY);
    expect(it.owed()).toEqual(['admin@example.org admin 2026-W47', ...OWNERS]);
    expect(it.factsFor('admin@example.org')).toMatchObject({ running: [], admin: { running: 0 } });
  });

  test('unsubscribed from reports, bounced or complained: none; of warnings alone there is no such thing', async () => {
    const it = await week({ admins: ['admin@example.org', 'alice@example.org'] });
    const spoil = async (name: string, more: object) => {
      const contact = (await it.ports.contacts.get(PLACE, `${name}@example.org`))!;
      await it.ports.contacts.change(contact, { ...contact, ...more });
    };
    await spoil('alice', { unsubscribed: 'reports' });
    await spoil('bob', { consent: 'complained' });
    await it.report(MONDAY);
    expect(it.owed()).toEqual(['admin@example.org admin 2026-W47']);
  });

  test('in mode observe only the admins and the leads get theirs; while Curfew is paused nobody', async () => {
    const it = await week({
      mode: 'observe',
      admins: ['admin@example.org'],
      teams: { [ref.domainId]: { leads: ['lead@example.org'] } },
    });
    await it.report(MONDAY);
    expect(it.owed()).toEqual(['admin@example.org admin 2026-W47', 'lead@example.org team 2026-W47']);
    const paused = await week();
    await paused.ports.runs.pause(PLACE, { from: MONDAY - HOUR, by: 'admin', why: 'exam' } as never);
    expect(await paused.report(MONDAY)).toMatchObject({ owed: 0, isPaused: true });
    expect(paused.owed()).toEqual([]);
    await paused.ports.runs.resume(PLACE, { from: MONDAY - HOUR } as never, MONDAY + HOUR);
    await paused.report(MONDAY + 2 * HOUR);
    expect(paused.owed()).toEqual(OWNERS);
  });

  test('half a picture waits for a whole one, and says so', async () => {
    const it = await week();
    it.ports.fleet.missing = [{ part: 'apps', why: 'Rate exceeded' }];
    expect((await it.report(MONDAY)).faults).toEqual(['reports wait: no apps (Rate exceeded)']);
    it.ports.fleet.missing = [];
    await it.report(MONDAY + 15 * MINUTE);
    expect(it.owed()).toEqual(OWNERS);
  });

  test('one that cannot be owed keeps no other from being, and the next round owes it', async () => {
    const it = await week();
    const { owe } = it.ports.outbox;
    it.ports.outbox.owe = async (notice) => {
      if (notice.to.startsWith('alice')) throw new Error('no');
      return owe(notice);
    };
    expect(await it.report(MONDAY)).toMatchObject({ owed: 1, faults: ['a report was not owed: no'] });
    it.ports.outbox.owe = owe;
    await it.report(MONDAY + 15 * MINUTE);
    expect(it.owed()).toEqual(OWNERS);
  });

  test('who is lead no more, or has unsubscribed since, is sent none; and nobody else instead', async () => {
    const teams = { [ref.domainId]: { leads: ['lead@example.org'] } };
    const it = await week({ teams });
    await it.report(MONDAY);
    expect(it.owed()).toContain('lead@example.org team 2026-W47');
    it.policy.teams = { [ref.domainId]: { leads: ['other@example.org'] } };
    const alice = (await it.ports.contacts.get(PLACE, 'alice@example.org'))!;
    await it.ports.contacts.change(alice, { ...alice, unsubscribed: 'reports' });
    await it.deliver(MONDAY);
    expect(it.ports.postbox.sent.map(({ to }) => to)).toEqual(['bob@example.org']);
  });

  test('warnings pass reports', async () => {
    const it = await week();
    await it.report(MONDAY);
    const facts = { kind: 'failure' as const, title: 'Now', details: [], todo: [], at: MONDAY };
    it.policy.admins = ['admin@example.org'];
    await it.ports.outbox.owe({ ...PLACE, id: 'now', to: 'admin@example.org', owedAt: MONDAY + HOUR, facts });
    await it.deliver(MONDAY + HOUR);
    expect(it.ports.postbox.sent.map((one) => one.facts.kind)).toEqual(['failure', 'report', 'report']);
  });

  test('many that wait ring no alarm, are not written again and again, and hold up no warning', async () => {
    const it = reportLab({ admins: ['admin@example.org'] });
    const facts = { kind: 'failure' as const, title: 'Now', details: [], todo: [], at: MONDAY };
    const some = await week();
    await some.report(MONDAY);
    const report = some.factsFor('alice@example.org')!;
    for (let i = 0; i < 1_500; i++) {
      await it.confirmed(`p${i}`);
      await it.ports.outbox.owe({ ...PLACE, id: `r${i}`, to: `p${i}@example.org`, owedAt: MONDAY, facts: report });
    }
    const writes = it.ports.outbox.writes;
    const first = await it.deliver(MONDAY + 40 * MINUTE);
    expect([first.age, first.postponed, first.faults]).toEqual([0, 0, []]);
    expect(it.ports.outbox.writes - writes).toBe(2 * first.sent);
    await it.ports.outbox.owe({ ...PLACE, id: 'now', to: 'admin@example.org', owedAt: MONDAY, facts });
    const second = await it.deliver(MONDAY + 41 * MINUTE);
    expect([second.age, it.ports.postbox.sent[first.sent]!.facts.kind]).toEqual([41 * MINUTE, 'failure']);
    expect((await it.deliver(MONDAY + DAY + MINUTE)).age).toBe(MINUTE);
  });

  test('a reader of several profiles gets one report, of all of them', async () => {
    const it = reportLab();
    await it.ran(appOf('alice'), at('2026-11-17T09:00'), at('2026-11-17T12:00'));
    await it.ran(appOf('alice-gpu'), at('2026-11-17T09:00'), at('2026-11-17T10:00'));
    await it.confirmed('alice', 'alice-gpu');
    await it.report(MONDAY);
    expect(it.owed()).toEqual(['alice@example.org owner 2026-W47']);
    expect(it.factsFor('alice@example.org')).toMatchObject({ spent: 40_000_000, whose: 'alice, alice-gpu' });
  });

  test('ten times the readers are read in as many queries', async () => {
    const reads = async (people: number) => {
      const it = reportLab({ admins: ['admin@example.org'] });
      for (let i = 0; i < people; i++) {
        await it.ran(appOf(`p${i}`), at('2026-11-17T09:00'), at('2026-11-17T10:00'));
        await it.confirmed(`p${i}`);
      }
      const { outbox: _, ...rest } = it.ports;
      const counted = mortal(rest);
      await it.report(MONDAY, undefined, { ...counted.ports, outbox: it.ports.outbox, reports: memoryReports() });
      expect(it.owed()).toHaveLength(people + 1);
      return counted.calls();
    };
    expect(await reads(50)).toBe(await reads(5));
  });
});
