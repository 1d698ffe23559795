import { describe, expect, test } from 'vitest';
import { noteActivity } from '../../src/application/activity-event.ts';
import { closeBooks } from '../../src/application/books.ts';
import { noteFeedback } from '../../src/application/mail-feedback.ts';
import { noteContact } from '../../src/application/note-contact.ts';
import { PortError } from '../../src/application/ports.ts';
import { readWeek } from '../../src/application/report-book.ts';
import { hourlyOf } from '../../src/domain/cost.ts';
import { matches } from '../../src/domain/match.ts';
import { needsOf } from '../../src/domain/needs.ts';
import { emptyPicture } from '../../src/domain/picture.ts';
import { weekDue } from '../../src/domain/report/week.ts';
import { extendedUntil } from '../../src/domain/rules/extension.ts';
import { runningApp } from '../../src/domain/running-app.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../src/domain/time.ts';
import { NOON, policy, policyOf, quietRun, ref } from '../domain/builders.ts';
import { addSpace, memoryBill, PLACE } from '../memory/ports.ts';
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
    lab.ports.postbox.quota = async () => ({ perSecond: 1, left: 1e6, isPaused: false });
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

describe('found by reading', () => {
  const STOP_WRITTEN = STOP_AT + SECOND;

  /** A stop that has been written down, and whose call AWS has not answered yet. */
  async function setOut(lab: ReturnType<typeof world>) {
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON + DAY);
    const { stop } = lab.ports.fleet;
    const called = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    lab.ports.fleet.stop = async (app) => {
      called.resolve();
      await answer.promise;
      return stop(app);
    };
    const pass = lab.scan(STOP_AT);
    await called.promise;
    lab.ports.fleet.stop = stop;
    return async () => {
      answer.resolve();
      return pass;
    };
  }
  const told = (lab: ReturnType<typeof world>) =>
    [...lab.ports.outbox.items.values()].map(({ notice }) => notice.facts);

  test('ended by its owner while a stop waits for its answer, and another scan sees that: no mail says that we did', async () => {
    const lab = world();
    const answered = await setOut(lab);
    lab.ports.fleet.end(gpu);
    await lab.scan(STOP_WRITTEN);
    expect(kinds(await answered())).toContain('already gone');
    await lab.scan(STOP_AT + 5 * MINUTE);
    expect(told(lab).map(({ kind }) => kind)).toEqual(['warning']);
    expect((await lab.ports.runs.get(gpu))?.endedAt).toBe(STOP_AT);
  });
  test('ended by its owner while a stop waits for its answer, and the event tells of it first: no mail says that we did', async () => {
    const lab = world();
    const answered = await setOut(lab);
    lab.ports.fleet.end(gpu);
    await lab.event({ kind: 'app deleted', app: gpu, at: STOP_WRITTEN });
    await answered();
    await lab.scan(STOP_AT + 5 * MINUTE);
    expect(told(lab).map(({ kind }) => kind)).toEqual(['warning']);
  });
  test('a stop that waits for its answer, and another scan that would stop the same run: it is told once', async () => {
    const lab = world();
    const answered = await setOut(lab);
    expect(kinds(await lab.scan(STOP_WRITTEN))).toEqual(['stopped']);
    expect(kinds(await answered())).toContain('already gone');
    await lab.scan(STOP_AT + 5 * MINUTE);
    expect(told(lab).map(({ kind }) => kind)).toEqual(['warning', 'stopped']);
    expect((await lab.ports.runs.get(gpu))?.stop).toMatchObject({ at: STOP_WRITTEN, told: true });
  });
  test('a stop that a crash cut off is told by the next scan of the clock', async () => {
    const lab = world();
    const answered = await setOut(lab);
    const { runs, outbox } = lab.ports;
    const [change, owe] = [runs.change, outbox.owe];
    runs.change = async () => Promise.reject(new Error('killed'));
    outbox.owe = async () => Promise.reject(new Error('killed'));
    await answered();
    Object.assign(runs, { change });
    Object.assign(outbox, { owe });
    await lab.scan(STOP_AT + MINUTE);
    expect(told(lab).map(({ kind }) => kind)).toEqual(['warning']);
    await lab.scan(STOP_AT + 5 * MINUTE);
    expect(told(lab).map(({ kind }) => kind)).toEqual(['warning', 'stopped']);
  });

  const shared = { account: gpu.account, region: gpu.region, domainId: gpu.domainId, spaceName: 'ours' };
  const inSpace = { ...shared, appType: 'JupyterLab', appName: 'default', instanceType: 'ml.g5.xlarge' };
  /** A shared space of alice's, who has confirmed, and an app in it that runs. */
  async function sharedLab() {
    const lab = world({ owners: { address: undefined, exceptions: { alice: 'alice@example.org' } } });
    addSpace(lab.ports.fleet, { ...shared, owner: 'alice', sharing: 'Shared' });
    lab.ports.fleet.start(inSpace, NOON);
    await noteContact(lab.ports.contacts, PLACE, 'alice@example.org', { kind: 'confirmed' }, NOON);
    return lab;
  }
  const warned = (lab: ReturnType<typeof world>) => {
    return lab.ports.postbox.sent.filter(({ facts }) => facts.kind === 'warning').map(({ to }) => to);
  };

  test('seed 1.1: stopped by a scan that died before it told anybody: the admins are told too, once no listing shows the space’s app', async () => {
    const lab = await sharedLab();
    await lab.scan(NOON + DAY);
    await lab.deliver(NOON + DAY + MINUTE);
    const { owe } = lab.ports.outbox;
    lab.ports.outbox.owe = async () => Promise.reject(new Error('killed'));
    await lab.scan(STOP_AT);
    lab.ports.outbox.owe = owe;
    expect(lab.ports.fleet.stopped).toHaveLength(1);
    lab.ports.fleet.spaces.clear();
    for (const minutes of [15, 30]) await lab.scan(STOP_AT + minutes * MINUTE);
    await lab.deliver(STOP_AT + 31 * MINUTE);
    const told = lab.ports.postbox.sent.filter(({ facts }) => facts.kind === 'stopped').map(({ to }) => to);
    expect(told.sort()).toEqual(['admin@example.org', 'alice@example.org']);
  });
  test('begun by an event, which does not tell that its space is shared: the first scan writes that down, once', async () => {
    const lab = await sharedLab();
    await lab.event({ kind: 'app created', app: inSpace, at: NOON });
    expect(await lab.ports.runs.get(inSpace)).not.toHaveProperty('sharing');
    await lab.scan(NOON + MINUTE);
    expect(await lab.ports.runs.get(inSpace)).toMatchObject({ sharing: 'Shared' });
    const { writes } = lab.ports.runs;
    await lab.scan(NOON + 2 * MINUTE);
    expect(lab.ports.runs.writes).toBe(writes);
  });
  test('the owner of a shared space unsubscribes between the warning and its sending: the admins are told once', async () => {
    const lab = await sharedLab();
    await lab.scan(NOON + DAY);
    const no = { kind: 'unsubscribed', from: 'everything' } as const;
    await noteContact(lab.ports.contacts, PLACE, 'alice@example.org', no, NOON + DAY + SECOND);
    await lab.deliver(NOON + DAY + MINUTE);
    await lab.deliver(NOON + DAY + 2 * MINUTE);
    expect(warned(lab)).toEqual(['admin@example.org']);
    await lab.scan(STOP_AT);
    expect(lab.ports.fleet.stopped).toHaveLength(1);
  });
  test('the mail to the owner of a shared space bounces: the admins are told of the app once', async () => {
    const lab = await sharedLab();
    await lab.scan(NOON + DAY);
    await lab.deliver(NOON + DAY + MINUTE);
    const warning = lab.ports.postbox.sent.find(({ to }) => to === 'alice@example.org')!;
    const at = NOON + DAY + 2 * MINUTE;
    const bounce = { kind: 'bounced', isPermanent: true, isSuppressed: false, said: 'no such user', at } as const;
    const { outbox, contacts } = lab.ports;
    const news = { ...bounce, notice: warning.id, addresses: ['alice@example.org'] };
    await noteFeedback({ outbox, contacts, policy: lab.policy }, PLACE, news, at);
    await lab.deliver(at + MINUTE);
    expect(warned(lab).sort()).toEqual(['admin@example.org', 'alice@example.org']);
  });
  test('a scan that died after telling of an app in a shared space, and then its owner unsubscribes: the admins are told once', async () => {
    const lab = await sharedLab();
    await killAfterOwe(lab, NOON + DAY);
    const no = { kind: 'unsubscribed', from: 'everything' } as const;
    await noteContact(lab.ports.contacts, PLACE, 'alice@example.org', no, NOON + DAY + SECOND);
    await lab.deliver(NOON + DAY + MINUTE);
    await lab.scan(NOON + DAY + 5 * MINUTE);
    await lab.deliver(NOON + DAY + 6 * MINUTE);
    expect(warned(lab)).toEqual(['admin@example.org']);
  });
  test('a scan that died after telling an owner of a budget, who then unsubscribes: the admins are told once', async () => {
    const share = { name: 'share', for: 'each owner', period: 'month', limit: 1_000_000, atLimit: 'warn' } as const;
    const lab = world({
      owners: { address: undefined, exceptions: { alice: 'alice@example.org' } },
      budgets: [{ ...share, warnAt: [], forecastAt: [] }],
    });
    lab.ports.fleet.start(gpu, NOON);
    await noteContact(lab.ports.contacts, PLACE, 'alice@example.org', { kind: 'confirmed' }, NOON);
    await lab.scan(NOON);
    const { mark } = lab.ports.ledger;
    lab.ports.ledger.mark = async () => Promise.reject(new Error('killed'));
    await lab.scan(NOON + HOUR);
    lab.ports.ledger.mark = mark;
    const no = { kind: 'unsubscribed', from: 'everything' } as const;
    await noteContact(lab.ports.contacts, PLACE, 'alice@example.org', no, NOON + HOUR + SECOND);
    await lab.deliver(NOON + HOUR + MINUTE);
    await lab.scan(NOON + HOUR + 5 * MINUTE);
    for (const minutes of [6, 7]) await lab.deliver(NOON + HOUR + minutes * MINUTE);
    expect(lab.ports.postbox.sent.map(({ to, facts }) => `${facts.kind} ${to}`)).toEqual(['budget admin@example.org']);
  });
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
  test('seed 2.67: the event of a creation seconds before a scan whose clock was ahead dated the end before it', async () => {
    const lab = world();
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON);
    lab.ports.fleet.end(gpu);
    await lab.scan(NOON + HOUR + 44 * SECOND);
    lab.ports.fleet.start(gpu, NOON + HOUR + 9 * SECOND);
    await lab.event({ kind: 'app created', app: gpu, at: NOON + HOUR + 9 * SECOND });
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
  test.each([
    ['became known', undefined, 'alice@example.org'],
    ['was forgotten', 'alice@example.org', undefined],
    ['is another', 'alice@example.org', 'a@example.org'],
  ])(
    'seed 77.13: told by a scan that died, and the owner’s address %s since: each admin is told once',
    async (_, before, after) => {
      const lab = Object.assign(world({ admins: ['admin@example.org', 'second@example.org'] }), {
        baseUrl: 'https://curfew.example.org',
      });
      const owners = (alice: string | undefined) => ({ address: undefined, exceptions: alice ? { alice } : {} });
      lab.policy = { ...lab.policy, owners: owners(before) };
      const { outbox, postbox } = lab.ports;
      lab.ports.fleet.start(gpu, NOON);
      await lab.scan(NOON);
      const { owe } = outbox;
      outbox.owe = async (notice) => {
        if (notice.to === 'second@example.org') throw new Error('killed');
        return owe(notice);
      };
      await lab.scan(NOON + DAY);
      outbox.owe = owe;
      lab.policy = { ...lab.policy, owners: owners(after) };
      await lab.scan(NOON + DAY + 5 * MINUTE);
      await lab.deliver(NOON + DAY + 6 * MINUTE);
      const told = postbox.sent.filter(({ facts }) => facts.kind === 'warning').map(({ to }) => to);
      expect(told.sort()).toEqual(['admin@example.org', 'second@example.org']);
    },
  );
  test('seed 2.10: a warning of which a scan told some readers before a pause is told to all of them anew after it', async () => {
    const lab = world({ admins: ['admin@example.org', 'second@example.org'] });
    const { runs, outbox, postbox } = lab.ports;
    lab.ports.fleet.start(gpu, NOON);
    const { owe } = outbox;
    outbox.owe = async (notice) => {
      if (notice.to === 'second@example.org') throw new PortError('denied', 'AccessDeniedException', 'no');
      return owe(notice);
    };
    await lab.scan(NOON + DAY);
    outbox.owe = owe;
    await lab.deliver(NOON + DAY + MINUTE);
    const pause = { from: NOON + DAY + 2 * MINUTE, by: 'jo' };
    await runs.pause(PLACE, pause);
    await runs.resume(PLACE, pause, NOON + DAY + 2 * HOUR);
    await lab.scan(NOON + DAY + 3 * HOUR);
    await lab.deliver(NOON + DAY + 3 * HOUR);
    const told = postbox.sent.map(({ to }) => to).sort();
    expect(told).toEqual(['admin@example.org', 'admin@example.org', 'second@example.org']);
  });
  test('seed 7.8: stopped by a scan that died, before any had kept it: the news goes to its space’s owner, once', async () => {
    const allow = ['ml.t3.*'];
    const rail = { name: 'small', match: {}, allow, atMost: [], for: 'each owner' as const };
    const lab = world({
      guardrails: [rail],
      owners: { address: undefined, exceptions: { alice: 'alice@example.org' } },
    });
    const { contacts, fleet, outbox, runs } = lab.ports;
    const space = { account: gpu.account, region: gpu.region, domainId: gpu.domainId, spaceName: 'hers' };
    const app = { ...space, appType: 'JupyterLab', appName: 'default', instanceType: 'ml.g5.xlarge' };
    addSpace(fleet, { ...space, owner: 'alice', sharing: 'Private' });
    await noteContact(contacts, PLACE, 'alice@example.org', { kind: 'confirmed' }, NOON);
    fleet.start(app, NOON);
    await lab.event({ kind: 'app created', app, at: NOON });
    const { change } = runs;
    runs.change = async (run, what) => (what.kind === 'end' ? Promise.reject(new Error('killed')) : change(run, what));
    await lab.scan(NOON + MINUTE);
    runs.change = change;
    expect(fleet.stopped).toHaveLength(1);
    await lab.scan(NOON + 6 * MINUTE);
    const told = [...outbox.items.values()].map(({ notice }) => `${notice.facts.kind} ${notice.to}`);
    expect(told).toEqual(['stopped alice@example.org']);
  });
  test('seed 1.13: kept running before a late event told that the app had been started anew, it is kept running', async () => {
    const lab = world();
    const { runs, fleet } = lab.ports;
    fleet.start(gpu, NOON);
    await lab.scan(NOON);
    const asked = NOON + 20 * HOUR;
    await runs.change((await runs.get(gpu))!, { kind: 'extend', at: NOON + HOUR });
    await runs.change((await runs.get(gpu))!, { kind: 'extend', at: asked });
    await lab.event({ kind: 'app created', app: gpu, at: NOON + 2 * HOUR });
    expect(await runs.get(gpu)).toMatchObject({ startedAt: NOON + 2 * HOUR, extensions: [asked] });
  });
  test('seed 7.130: at work, by a heartbeat that came before any scan saw that the app had been started anew, it is at work', async () => {
    const lab = world();
    const { runs, fleet } = lab.ports;
    fleet.start(gpu, NOON);
    await lab.scan(NOON);
    fleet.end(gpu);
    fleet.start(gpu, NOON + HOUR);
    const observedAt = NOON + HOUR + 3 * MINUTE;
    await noteActivity(runs, gpu, { observedAt, activity: [{ kind: 'kernel', busy: true }] });
    await lab.scan(NOON + HOUR + 5 * MINUTE);
    expect(await runs.get(gpu)).toMatchObject({
      startedAt: NOON + HOUR,
      evidence: { agent: { observedAt, busy: true } },
    });
  });
  test('seed 1.38: a grace made shorter after a scan that died keeps the moment that its mail names', async () => {
    const all = { name: 'all', match: {}, maxUptime: DAY };
    const lab = world({ limits: [{ ...all, grace: HOUR }] });
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON);
    await killAfterOwe(lab, NOON + DAY);
    lab.policy.limits = [{ ...all, grace: 30 * MINUTE }];
    await lab.scan(NOON + DAY + 15 * MINUTE);
    await lab.deliver(NOON + DAY + 16 * MINUTE);
    await lab.scan(NOON + DAY + 59 * MINUTE);
    expect(lab.ports.fleet.stopped).toEqual([]);
    await lab.scan(NOON + DAY + HOUR);
    expect(lab.ports.fleet.stopped).toHaveLength(1);
  });
  test('seed 1.3: a kernel that begins at this moment, on an instance that another pays for, costs nothing more an hour', () => {
    const kernel = (appName: string, startedAt: number) => {
      const app = { ...ref, appType: 'KernelGateway', appName };
      const run = { ...quietRun, app, startedAt, instanceType: 'ml.g5.xlarge' };
      return { ref: app, run, startedAt, instanceType: 'ml.g5.xlarge', teams: [], tags: {} };
    };
    const rates = { source: 'test', byInstance: new Map([['ml.g5.xlarge', 14_100_000_000]]) };
    const one = [kernel('a', NOON)];
    expect(hourlyOf(one, rates, NOON + HOUR)).toBe(1_410_000);
    expect(hourlyOf([...one, kernel('b', NOON + HOUR)], rates, NOON + HOUR)).toBe(1_410_000);
    expect(hourlyOf(one, rates, NOON)).toBe(1_410_000);
  });
  const left = { domainId: ref.domainId, spaceName: 'left', createdAt: NOON - DAY, gigabytes: 5 };
  const { userProfileName: _, ...bare } = ref;
  const inLeft = { ...bare, spaceName: 'left', instanceType: 'ml.g5.xlarge' };
  /** A scan sees a space of alice's, and then it is hers no more. */
  async function leave(lab: ReturnType<typeof world>) {
    addSpace(lab.ports.fleet, { ...left, owner: 'alice' });
    await lab.scan(NOON);
    addSpace(lab.ports.fleet, left);
  }
  test('seed 7.45: whoever owned a space until lately is not charged for what was started in it since', async () => {
    const whose = { name: 'each', for: 'each owner', period: 'month' } as const;
    const budget = { ...whose, limit: 10_000_000, warnAt: [], forecastAt: [], atLimit: 'block' as const };
    const lab = world({ limits: [], budgets: [budget] });
    const { fleet } = lab.ports;
    await leave(lab);
    fleet.start(inLeft, NOON + MINUTE);
    fleet.start(gpu, NOON + 19 * HOUR);
    await lab.scan(NOON + 20 * HOUR);
    expect(fleet.stopped).toEqual([]);
  });
  test('seed 5.6: nor by a report before any scan has seen that it is theirs no more', async () => {
    const lab = world({ limits: [], report: { daily: 'never', weekly: { weekday: 1, minutes: 0 } } });
    const { fleet } = lab.ports;
    await leave(lab);
    fleet.start(inLeft, NOON + 2 * DAY);
    const week = weekDue(lab.policy, undefined, NOON + 7 * DAY)!;
    const { book } = await readWeek(lab.ports, lab.policy, { place: PLACE, now: NOON + 7 * DAY, week });
    const whose = book.lines.filter(({ what }) => what === 'ml.g5.xlarge').map(({ owner }) => owner);
    expect(new Set(whose)).toEqual(new Set([undefined]));
  });
  test('a space that no scan has written down is no record: a report says since when there is one', async () => {
    const lab = world({ limits: [], report: { daily: 'never', weekly: { weekday: 1, minutes: 0 } } });
    addSpace(lab.ports.fleet, { ...left, createdAt: NOON - 30 * DAY });
    const now = NOON + 7 * DAY;
    const week = weekDue(lab.policy, undefined, now)!;
    const { book } = await readWeek(lab.ports, lab.policy, { place: PLACE, now, week });
    expect(book.source.recordedSince).toBe(now);
  });
  test('seed 7.45: nor by a bill that names the space, but for the days on which they owned it', async () => {
    const lab = world({ limits: [] });
    const { ledger } = lab.ports;
    await leave(lab);
    await lab.scan(NOON + DAY);
    const bill = memoryBill();
    const row = { usage: 'Studio:JupyterLab-ml.g5.xlarge', holder: { domainId: ref.domainId, spaceName: 'left' } };
    bill.rows = ['2026-11-23', '2026-11-25'].map((date) => ({ ...row, date, amount: 5_000_000 }));
    await closeBooks({ ...lab.ports, bill }, lab.policy, { place: PLACE, now: NOON + 6 * DAY });
    const days = await ledger.days(PLACE, NOON - DAY, NOON + 6 * DAY);
    const lines = days.flatMap(({ date, lines: all }) => all.map((line) => ({ date, ...line })));
    const billed = lines.filter((line) => (line.billed ?? 0) > 0);
    expect(new Set(billed.map(({ date, owner }) => `${date} ${owner}`))).toEqual(
      new Set(['2026-11-23 alice', '2026-11-25 undefined']),
    );
  });
});
