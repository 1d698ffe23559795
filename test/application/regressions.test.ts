import { describe, expect, test } from 'vitest';
import { noteActivity } from '../../src/application/activity-event.ts';
import { noteFeedback } from '../../src/application/mail-feedback.ts';
import { noteContact } from '../../src/application/note-contact.ts';
import { PortError } from '../../src/application/ports.ts';
import { matches } from '../../src/domain/match.ts';
import { needsOf } from '../../src/domain/needs.ts';
import { emptyPicture } from '../../src/domain/picture.ts';
import { extendedUntil } from '../../src/domain/rules/extension.ts';
import { runningApp } from '../../src/domain/running-app.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../src/domain/time.ts';
import { NOON, policy, policyOf, quietRun, ref } from '../domain/builders.ts';
import { PLACE } from '../memory/ports.ts';
import { world } from './world.ts';

/** What reviews and the lab have found, each as it was found. */

const gpu = { ...ref, instanceType: 'ml.g5.xlarge' };
const kinds = (report: { outcomes: { kind: string }[] }) => report.outcomes.map(({ kind }) => kind);
const local = { date: '', weekday: 1, minutes: 0 };
const STOP_AT = NOON + DAY + 30 * MINUTE;

/** A scan that dies between owing a notice and noting that on the run. */
async function killAfterOwe(lab: ReturnType<typeof world>, now: number) {
  const { change } = lab.ports.runs;
  lab.ports.runs.change = async () => Promise.reject(new Error('killed'));
  await lab.scan(now);
  lab.ports.runs.change = change;
}

describe('found once', () => {
  test('an outage of SES that takes GetAccount with it: no stop without mail', async () => {
    const lab = world();
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON + DAY);
    lab.ports.postbox.quota = async () => Promise.reject(new PortError('fault', 'InternalServiceError', 'down'));
    for (let m = 0; m < 30; m++) await lab.deliver(NOON + DAY + m * MINUTE).catch(() => {});
    await lab.scan(STOP_AT);
    expect(lab.ports.fleet.stopped).toEqual([]);
  });
  test('a slow SES: nobody is stopped whose mail has not been tried yet', async () => {
    const lab = world({ limits: [{ name: 'all', match: {}, maxUptime: DAY, grace: 10 * MINUTE }] });
    for (let i = 0; i < 800; i++) lab.ports.fleet.start({ ...gpu, appName: `app-${i}` }, NOON);
    await lab.scan(NOON + DAY);
    lab.ports.postbox.quota = async () => ({ perSecond: 1, left: 1e6 });
    for (let m = 0; m <= 10; m++) await lab.deliver(NOON + DAY + m * MINUTE);
    await lab.scan(NOON + DAY + 10 * MINUTE + 30 * SECOND);
    const warned = new Set(lab.ports.postbox.sent.map((n) => 'app' in n.facts && n.facts.app!.appName));
    const silent = lab.ports.fleet.stopped.filter(({ app }) => !warned.has(app.appName));
    expect(silent.length).toBe(0);
  });
  test('a stop that was turned away, and then the owner ends the run: no mail says that we did', async () => {
    const lab = world();
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON + DAY);
    lab.ports.fleet.stop = async () => Promise.reject(new PortError('denied', 'AccessDeniedException', 'no'));
    await lab.scan(STOP_AT);
    await lab.scan(STOP_AT + 5 * MINUTE);
    lab.ports.fleet.end(gpu);
    await lab.scan(STOP_AT + 2 * HOUR);
    await lab.deliver(STOP_AT + 2 * HOUR);
    expect(lab.mails()).toEqual(['warning default']);
  });
  test('a stop that was turned away, then mode observe, then the owner ends the run: no mail says that we did', async () => {
    const lab = world();
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON + DAY);
    lab.ports.fleet.failStops = 1;
    await lab.scan(STOP_AT);
    lab.policy.mode = 'observe';
    await lab.scan(STOP_AT + DAY);
    lab.ports.fleet.end(gpu);
    await lab.scan(STOP_AT + 2 * DAY);
    await lab.deliver(STOP_AT + 2 * DAY);
    expect(lab.mails()).toEqual(['warning default']);
  });
  test('an app that its owner stopped first is in no digest as ours', async () => {
    const lab = world({ report: { daily: 13 * 60 }, timezone: 'UTC' });
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON + DAY);
    lab.ports.fleet.stop = async () => 'gone';
    await lab.scan(STOP_AT);
    lab.ports.fleet.end(gpu);
    await lab.scan(NOON + DAY + HOUR);
    const d = [...lab.ports.outbox.items.values()].map(({ notice }) => notice.facts).filter((f) => f.kind === 'digest');
    expect(d.at(-1)?.stopped ?? []).toEqual([]);
  });
  test('half a picture lifts no standing warning', async () => {
    const lab = world({
      limits: [
        { name: 'training', match: { tag: { curfew: ['training'] } }, maxUptime: DAY, grace: 2 * HOUR },
        { name: 'all', match: {}, maxUptime: 5 * DAY, grace: 30 * MINUTE },
      ],
    });
    lab.ports.fleet.tags.set(`app/${ref.domainId}/alice/jupyterlab/default`, { curfew: 'training' });
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON + DAY);
    const tags = lab.ports.fleet.tags;
    lab.ports.fleet.tags = new Map();
    lab.ports.fleet.missing = [{ part: 'tags', why: 'Throttling' }];
    expect(kinds(await lab.scan(NOON + DAY + 5 * MINUTE))).toEqual([]);
    lab.ports.fleet.tags = tags;
    lab.ports.fleet.missing = [];
    await lab.scan(NOON + DAY + 10 * MINUTE);
    await lab.deliver(NOON + DAY + 11 * MINUTE);
    expect(lab.mails()).toEqual(['warning default']);
  });
  test('a row that names no app: the known run is not taken for ended', async () => {
    const lab = world();
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON);
    const { look } = lab.ports.fleet;
    lab.ports.fleet.look = async (p, n) => ({ ...(await look(p, n)), apps: [], unusable: ['a row has no AppName'] });
    await lab.scan(NOON + 10 * HOUR);
    lab.ports.fleet.look = look;
    await lab.scan(NOON + 10 * HOUR + 5 * MINUTE);
    const [run] = [...lab.ports.runs.items.values()];
    expect(run!.startedAt).toBe(NOON);
  });
  test('killed after owing a warning in mode warn, then enforce: the stop needs a mail that announces it', async () => {
    const lab = world({ mode: 'warn' });
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON);
    await killAfterOwe(lab, NOON + DAY);
    lab.policy.mode = 'enforce';
    for (let m = 5; m <= 90; m += 5) {
      await lab.scan(NOON + DAY + m * MINUTE);
      await lab.deliver(NOON + DAY + m * MINUTE);
    }
    expect(lab.ports.fleet.stopped).toHaveLength(1);
    const w = lab.ports.postbox.sent.flatMap(({ facts }) => (facts.kind === 'warning' ? [facts.stopAt] : []));
    expect(w.some((x) => x !== undefined)).toBe(true);
  });
  test('killed after owing a warning, exempt for a day, and no longer: a whole grace', async () => {
    const lab = world({ exempt: [{ tag: { curfew: ['exempt'] } }] });
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON);
    await killAfterOwe(lab, NOON + DAY);
    await lab.deliver(NOON + DAY + MINUTE);
    const key = `app/${ref.domainId}/alice/jupyterlab/default`;
    lab.ports.fleet.tags.set(key, { curfew: 'exempt' });
    await lab.scan(NOON + DAY + 5 * MINUTE);
    lab.ports.fleet.tags.set(key, {});
    await lab.scan(NOON + 2 * DAY);
    await lab.scan(NOON + 2 * DAY + 5 * MINUTE);
    expect(lab.ports.fleet.stopped).toEqual([]);
  });
  test('enforce, a week of observe and warn, enforce: no stop on a week-old warning', async () => {
    const lab = world();
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON + DAY);
    await lab.deliver(NOON + DAY);
    for (const mode of ['observe', 'warn'] as const) {
      lab.policy.mode = mode;
      for (let d = 2; d < 5; d++) await lab.scan(NOON + d * DAY);
    }
    lab.policy.mode = 'enforce';
    await lab.scan(NOON + 8 * DAY);
    expect(lab.ports.fleet.stopped).toEqual([]);
  });
  test('refused by every reader: somebody hears, and once the admins are mended it is warned anew and stopped', async () => {
    const lab = world({ admins: ['typo@example.org'] });
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON + DAY);
    lab.ports.postbox.failures = [new PortError('refused', 'MessageRejected', 'no such')];
    const round = await lab.deliver(NOON + DAY);
    expect.soft(round.faults.length, 'somebody hears of it').toBeGreaterThan(0);
    lab.policy.admins = ['right@example.org'];
    for (let h = 1; h < 72; h++) {
      await lab.scan(NOON + DAY + h * HOUR);
      await lab.deliver(NOON + DAY + h * HOUR);
    }
    expect.soft(lab.mails()).toContain('warning default');
    expect(lab.ports.fleet.stopped).toHaveLength(1);
  });
  test('stops made by the pass that sends the digest are in the next one, once', async () => {
    const lab = world({ report: { daily: 12 * 60 + 30 }, timezone: 'UTC' });
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON + DAY);
    await lab.scan(STOP_AT); // 12:30: stops, and sends the digest
    lab.ports.fleet.start({ ...gpu, appName: 'other' }, STOP_AT + HOUR);
    for (let m = 5; m <= 2 * 24 * 60; m += 5) await lab.scan(STOP_AT + m * MINUTE);
    const d = [...lab.ports.outbox.items.values()].map(({ notice }) => notice.facts).filter((f) => f.kind === 'digest');
    expect(d.flatMap(({ stopped }) => stopped).filter(({ app }) => app.appName === 'default')).toHaveLength(1);
  });
  test('a late DeleteApp of the run before, within a minute of the start, ends nothing', async () => {
    const lab = world();
    await lab.event({ kind: 'app created', app: gpu, at: NOON });
    await lab.event({ kind: 'app created', app: gpu, at: NOON + HOUR });
    await lab.event({ kind: 'app deleted', app: gpu, at: NOON + HOUR - 40 * SECOND });
    const [run] = [...lab.ports.runs.items.values()];
    expect(run!.endedAt).toBeUndefined();
  });
  test('a stop for idleness needs a look newer than its warning', async () => {
    const lab = world({ limits: [{ name: 'all', match: {}, maxIdle: 2 * HOUR, grace: 15 * MINUTE }] });
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON);
    const [run] = [...lab.ports.runs.items.values()];
    await lab.ports.runs.change(run!, {
      kind: 'evidence',
      evidence: { source: 'agent', kind: 'kernel', busy: false, lastUseAt: NOON, observedAt: NOON + 2 * HOUR },
    });
    await lab.scan(NOON + 2 * HOUR);
    await lab.deliver(NOON + 2 * HOUR);
    await lab.scan(NOON + 2 * HOUR + 15 * MINUTE); // the agent has said nothing since before the warning
    expect(lab.ports.fleet.stopped).toEqual([]);
  });
  test('an exemption by the name of a domain that looks like an id', () => {
    const p = policyOf('admins: [a@example.org]\nsender: c@example.org\nlimits: []\nexempt: [{ domain: d-research }]');
    expect(needsOf(p).domainNames).toBe(true);
  });
  test('a team by its domain id, whatever else the policy names', () => {
    const picture = { ...emptyPicture(PLACE), domains: new Map([[ref.domainId, 'fraud']]) };
    const app = runningApp({ ...gpu, status: 'InService' }, quietRun, picture, { team: 'domain' });
    const without = runningApp({ ...gpu, status: 'InService' }, quietRun, emptyPicture(PLACE), { team: 'domain' });
    expect(matches({ team: [ref.domainId] }, without, local)).toBe(true);
    expect(matches({ team: [ref.domainId] }, app, local)).toBe(true);
  });
  test('an asking repeated (a double click, a retried write) uses one extension', async () => {
    const lab = world();
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON);
    const [run] = [...lab.ports.runs.items.values()];
    await lab.ports.runs.change(run!, { kind: 'extend', at: NOON });
    await lab.ports.runs.change(run!, { kind: 'extend', at: NOON });
    await lab.ports.runs.change(run!, { kind: 'extend', at: NOON + 3 * HOUR });
    expect(extendedUntil([...lab.ports.runs.items.values()][0]!, policy.extensions)).toBe(NOON + 7 * HOUR);
  });
  test('a stop that was turned away, and then the owner restarts: no mail says that we did', async () => {
    // failed stop replaced by the owner's own restart
    const lab = world();
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON + DAY);
    lab.ports.fleet.failStops = 1;
    await lab.scan(NOON + DAY + 30 * MINUTE);
    lab.ports.fleet.start(gpu, NOON + DAY + 33 * MINUTE);
    await lab.scan(NOON + DAY + 40 * MINUTE);
    await lab.deliver(NOON + DAY + 41 * MINUTE);
    expect(lab.mails()).toEqual(['warning default']);
  });
});

for (const [name, first] of [
  ['a kernel used until now, then shut down', { kind: 'kernel', busy: false, lastUseAt: NOON + 6 * HOUR }],
  ['a GPU busy until now', { kind: 'gpu', busy: true }],
] as const)
  test(`${name}: use that was proven stays proven`, async () => {
    const lab = world();
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON);
    const editor = { kind: 'editor', busy: false };
    await noteActivity(lab.ports.runs, ref, { observedAt: NOON + 6 * HOUR, activity: [editor, first] });
    expect((await lab.scan(NOON + 6 * HOUR)).outcomes).toEqual([]);
    await noteActivity(lab.ports.runs, ref, {
      observedAt: NOON + 6 * HOUR + MINUTE,
      activity: [editor, { kind: 'kernel', busy: false }],
    });
    const { intents } = await lab.scan(NOON + 6 * HOUR + 2 * MINUTE);
    expect(intents).toMatchObject([{ decision: { action: 'keep' } }]);
  });

describe('found by the simulator', () => {
  test('seed 1.59: begun again seconds after a scan whose clock was ahead saw it gone, a run begins at its creation', async () => {
    const lab = world();
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON);
    lab.ports.fleet.end(gpu);
    await lab.scan(NOON + HOUR + 44 * SECOND);
    lab.ports.fleet.start(gpu, NOON + HOUR + 9 * SECOND);
    await lab.scan(NOON + 3 * HOUR);
    const [run] = [...lab.ports.runs.items.values()];
    expect(run).toMatchObject({ startedAt: NOON + HOUR + 9 * SECOND });
    expect(run).not.toHaveProperty('endedAt');
  });
  test('seed 1.28: a scan that is tried again by its first clock lifts no warning that was given since', async () => {
    const lab = world();
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON);
    await lab.scan(NOON + DAY + 35 * SECOND);
    expect(kinds(await lab.scan(NOON + DAY - SECOND))).toEqual([]);
    await lab.scan(NOON + DAY + 5 * MINUTE);
    await lab.deliver(NOON + DAY + 6 * MINUTE);
    expect(lab.mails()).toEqual(['warning default']);
  });
  test('seed 1.12: owed to an owner by a scan that died, then bounced: the admins are told once, whoever finds out', async () => {
    const lab = Object.assign(world({ owners: { address: undefined, exceptions: { alice: 'alice@example.org' } } }), {
      baseUrl: 'https://curfew.example.org',
    });
    const { contacts, outbox } = lab.ports;
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON);
    await noteContact(contacts, PLACE, 'alice@example.org', { kind: 'confirmed' }, NOON);
    await killAfterOwe(lab, NOON + DAY);
    await lab.deliver(NOON + DAY + MINUTE);
    const warning = lab.ports.postbox.sent.at(-1)!;
    expect(warning).toMatchObject({ to: 'alice@example.org', facts: { kind: 'warning' } });
    const bounce = { kind: 'bounced', isPermanent: true, isSuppressed: false, said: 'no such user' } as const;
    const news = { ...bounce, at: NOON + DAY + 2 * MINUTE, notice: warning.id, addresses: ['alice@example.org'] };
    await noteFeedback({ outbox, contacts, policy: lab.policy }, PLACE, news, news.at);
    await lab.scan(NOON + DAY + 5 * MINUTE);
    await lab.deliver(NOON + DAY + 6 * MINUTE);
    const told = lab.ports.postbox.sent.filter(
      ({ to, facts }) => to === 'admin@example.org' && facts.kind === 'warning',
    );
    expect(told).toHaveLength(1);
  });
});
