import { describe, expect, test } from 'vitest';
import { makeLinks } from '../../src/application/link-token.ts';
import { type LinkActor, look, openLink } from '../../src/application/links.ts';
import { press } from '../../src/application/press.ts';
import { renew, renewByAddress } from '../../src/application/renew.ts';
import { finish } from '../../src/application/stop.ts';
import { newContact, type Unsubscribed } from '../../src/domain/contact.ts';
import { PURPOSES, type Purpose } from '../../src/domain/mail-link.ts';
import type { ConfirmationFacts, WarningFacts } from '../../src/domain/notice.ts';
import { newRun } from '../../src/domain/run.ts';
import { DAY, HOUR, type Instant, MINUTE, SECOND } from '../../src/domain/time.ts';
import { policy as basePolicy, NOON, ref } from '../domain/builders.ts';
import { ownerReport } from '../mail/report-notices.ts';
import { memoryContacts, memoryFleet, memoryLinks, memoryOutbox, memoryRuns, PLACE } from '../memory/ports.ts';
import { type Death, mortal } from './mortal.ts';

const TO = 'alice@example.org';
const STARTED = NOON - DAY;
const policy = { ...basePolicy, extensions: { hours: 4 * HOUR, atMost: 2 } };
const stopAt = NOON + 30 * MINUTE;

const warning: WarningFacts = {
  kind: 'warning',
  app: { ...ref, startedAt: STARTED, owner: 'alice' },
  audience: { role: 'owner' },
  rule: 'all: max-uptime',
  reason: 'up 24 h, limit 24 h',
  warnedAt: NOON,
  stopAt,
};
const request: ConfirmationFacts = { kind: 'confirmation', owners: ['d-lab/alice'], number: 1, admins: [], at: NOON };

/** The purposes whose pages have a button. */
const PRESSED = PURPOSES.filter((purpose) => purpose !== 'report');

/** A mail of each kind has gone out to alice: a request to confirm, and a warning of her app, which runs. */
async function lab() {
  const ports = {
    fleet: memoryFleet(),
    runs: memoryRuns(),
    outbox: memoryOutbox(),
    contacts: memoryContacts(),
    links: memoryLinks(),
  };
  ports.fleet.start(ref, STARTED);
  await ports.runs.open({
    ...newRun(ref, STARTED, { owner: 'alice' }),
    warnings: { [warning.rule]: { number: 1, given: { due: NOON, at: NOON, stopAt, notices: ['warning'] } } },
  });
  await ports.contacts.open({ ...newContact(PLACE, TO, NOON), owners: ['d-lab/alice'], asked: [NOON] });
  const tokens: Partial<Record<Purpose, string>> = {};
  for (const [facts, purposes] of [
    [request, ['confirm']],
    [warning, ['keep', 'stop', 'unsubscribe']],
    [ownerReport, ['report']],
  ] as const) {
    await ports.outbox.owe({ ...PLACE, id: facts.kind, to: TO, owedAt: NOON, facts });
    const made = makeLinks(purposes);
    await ports.links.open({
      ...PLACE,
      id: made.id,
      notice: facts.kind,
      to: TO,
      madeAt: NOON,
      hashes: made.hashes,
      used: {},
    });
    Object.assign(tokens, made.tokens);
  }
  return { ports, tokens: tokens as Record<Purpose, string> };
}
type Lab = Awaited<ReturnType<typeof lab>>;

const rates = { source: 'none', byInstance: new Map<string, number>() };
const actorOf = (ports: Lab['ports']): LinkActor => ({ ...ports, policy, rates });

async function seen({ ports, tokens }: Lab, purpose: Purpose, now: Instant) {
  return look(actorOf(ports), (await openLink(ports, purpose, tokens[purpose]))!, now);
}

async function pressed({ ports, tokens }: Lab, purpose: Purpose, now: Instant, level?: Unsubscribed) {
  return press(actorOf(ports), (await openLink(ports, purpose, tokens[purpose]))!, level, now);
}

/** Everything that is recorded, but for when the person pressed first, which a crash moves. */
function state({ ports }: Lab) {
  const { runs, outbox, contacts, fleet } = ports;
  return {
    runs: [...runs.items.values()].map(({ extensions, endedAt, stop }) => ({
      extensions: extensions.length,
      isOver: endedAt !== undefined,
      stop: stop && { rule: stop.rule, reason: stop.reason, told: stop.told },
    })),
    contacts: [...contacts.items.values()].map(({ consent, unsubscribed, asked }) => ({
      consent,
      unsubscribed,
      asked: asked.length,
    })),
    notices: [...outbox.items.values()].map(({ notice }) => `${notice.facts.kind} to ${notice.to}`).sort(),
    stopped: fleet.stopped.length,
  };
}

describe('a crash between any two steps: pressing again finishes, once', () => {
  for (const purpose of PRESSED) {
    test(purpose, async () => {
      const whole = await lab();
      const counted = mortal(whole.ports);
      await pressed({ ...whole, ports: counted.ports }, purpose, NOON);
      const expected = state(whole);
      expect(expected).not.toEqual(state(await lab()));
      expect(counted.calls()).toBeGreaterThan(4);
      for (let call = 0; call < counted.calls(); call++) {
        for (const when of ['before', 'after'] as const) {
          const died = await lab();
          const death: Death = { call, when };
          await pressed({ ...died, ports: mortal(died.ports, death).ports }, purpose, NOON).catch(() => {});
          // A minute later, after a look: as people do. A stop may be under way until five have gone.
          const later = purpose === 'stop' ? 5 * MINUTE : MINUTE;
          await seen(died, purpose, NOON + MINUTE);
          if (purpose === 'stop') await pressed(died, purpose, NOON + MINUTE);
          const page = await pressed(died, purpose, NOON + later);
          const where = `${purpose}, ${when} call ${call}`;
          expect(state(died), where).toEqual(expected);
          expect(page.kind, where).toBe(
            { confirm: 'confirmed', keep: 'kept', stop: 'over', unsubscribe: 'unsubscribed' }[purpose],
          );
          // What is kept is kept until the hours after the first use that was recorded.
          if (page.kind === 'kept') expect([NOON, NOON + MINUTE]).toContain(page.until - policy.extensions.hours);
        }
      }
    });
  }

  test('a stop whose person does not come back is told by the next scan', async () => {
    const whole = await lab();
    const counted = mortal(whole.ports);
    await pressed({ ...whole, ports: counted.ports }, 'stop', NOON);
    for (let call = 0; call < counted.calls(); call++) {
      const died = await lab();
      await pressed({ ...died, ports: mortal(died.ports, { call, when: 'after' }).ports }, 'stop', NOON).catch(
        () => {},
      );
      const run = (await died.ports.runs.get(ref))!;
      if (died.ports.fleet.stopped.length === 0) continue;
      if (run.endedAt === undefined) await finish(actorOf(died.ports), run, NOON + 5 * MINUTE);
      expect(state(died).notices, `call ${call}`).toEqual(state(whole).notices);
    }
  });
});

describe('two at once', () => {
  test.each(PRESSED)('%s: one effect', async (purpose) => {
    const once = await lab();
    await pressed(once, purpose, NOON);
    const twice = await lab();
    const pages = await Promise.all([0, 1, 2].map((ms) => pressed(twice, purpose, NOON + ms)));
    expect(state(twice)).toEqual(state(once));
    expect(twice.ports.fleet.stopped.length).toBe(purpose === 'stop' ? 1 : 0);
    for (const { kind } of pages) expect(['confirmed', 'kept', 'over', 'stopping', 'unsubscribed']).toContain(kind);
  });

  test('two mails of one warning are two extensions, and the third buys nothing', async () => {
    const both = await lab();
    const others = await Promise.all(
      [1, 2].map(async () => {
        const { id, hashes, tokens } = makeLinks(['keep']);
        await both.ports.links.open({
          ...PLACE,
          id,
          notice: 'warning',
          to: 'admin@example.org',
          madeAt: NOON,
          hashes,
          used: {},
        });
        return { ...both, tokens: { ...both.tokens, ...tokens } };
      }),
    );
    const first = await pressed(both, 'keep', NOON);
    expect(first).toMatchObject({ kind: 'kept', until: NOON + 4 * HOUR, left: 1, isNews: true });
    expect(await seen(others[0]!, 'keep', NOON + HOUR)).toMatchObject({
      kind: 'keep',
      keptUntil: NOON + 4 * HOUR,
      until: NOON + 5 * HOUR,
      left: 0,
    });
    expect(await pressed(others[0]!, 'keep', NOON + HOUR)).toMatchObject({
      kind: 'kept',
      until: NOON + 5 * HOUR,
      left: 0,
    });
    expect(await pressed(others[1]!, 'keep', NOON + 2 * HOUR)).toMatchObject({
      kind: 'kept enough',
      times: 2,
      until: NOON + 5 * HOUR,
    });
    // Both at once for the last place: the page tells what the record says, whoever was first.
    const raced = await lab();
    await raced.ports.runs.change((await raced.ports.runs.get(ref))!, { kind: 'extend', at: NOON - HOUR });
    const { id, hashes, tokens } = makeLinks(['keep']);
    await raced.ports.links.open({ ...PLACE, id, notice: 'warning', to: TO, madeAt: NOON, hashes, used: {} });
    const [a, b] = await Promise.all([
      pressed(raced, 'keep', NOON),
      pressed({ ...raced, tokens: { ...raced.tokens, ...tokens } }, 'keep', NOON + SECOND),
    ]);
    for (const page of [a, b]) expect(page).toMatchObject({ kind: 'kept', until: NOON + 4 * HOUR, left: 0 });
  });

  test('a second click while the first one’s DeleteApp is under way calls it no second time', async () => {
    const here = await lab();
    const { find, stop } = here.ports.fleet;
    const called = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    let calls = 0;
    here.ports.fleet.stop = async (app) => {
      calls += 1;
      called.resolve();
      await answered.promise;
      return stop(app);
    };
    let first: Promise<unknown> | undefined;
    here.ports.fleet.find = async (app) => {
      if (!first) {
        first = pressed(here, 'stop', NOON);
        await called.promise;
      }
      return find(app);
    };
    expect((await pressed(here, 'stop', NOON + 1)).kind).toBe('stopping');
    answered.resolve();
    expect(await first).toMatchObject({ kind: 'over', isOurs: true, isNews: true });
    expect(calls).toBe(1);
  });

  test('a heartbeat between the look and the stop delays nothing', async () => {
    const busy = await lab();
    const { find } = busy.ports.fleet;
    let beats = 0;
    busy.ports.fleet.find = async (app) => {
      const row = await find(app);
      const evidence = { source: 'agent', kind: 'kernel', busy: true, lastUseAt: NOON, observedAt: NOON };
      if (beats++ < 2) await busy.ports.runs.change((await busy.ports.runs.get(ref))!, { kind: 'evidence', evidence });
      return row;
    };
    expect(await pressed(busy, 'stop', NOON)).toMatchObject({ kind: 'over', isOurs: true });
    expect(busy.ports.fleet.stopped).toHaveLength(1);
  });
});

describe('what a link is for holds only while it is true', () => {
  test('a warned app is stopped for whoever is warned: told as what it was', async () => {
    const here = await lab();
    await pressed(here, 'stop', NOON);
    expect((await here.ports.runs.get(ref))!.stop).toMatchObject({
      rule: 'by request',
      reason: 'stopped by the link in the mail to alice',
      told: true,
    });
    const told = [...here.ports.outbox.items.values()]
      .map(({ notice }) => notice.facts)
      .filter(({ kind }) => kind === 'stopped');
    expect(told).toMatchObject([{ rule: 'by request', app: { appName: 'default' }, stoppedAt: NOON }]);
    expect(await seen(here, 'keep', NOON + MINUTE)).toMatchObject({ kind: 'over', isOurs: true, endedAt: NOON });
  });

  test('kept while a stop of it is under way: the page says that it may come too late', async () => {
    const here = await lab();
    const stop = { at: NOON, rule: warning.rule, reason: 'up', failures: 0 };
    await here.ports.runs.change((await here.ports.runs.get(ref))!, { kind: 'stop', stop });
    expect(await pressed(here, 'keep', NOON)).toMatchObject({ kind: 'kept', isStopping: true });
    await here.ports.runs.change((await here.ports.runs.get(ref))!, { kind: 'retry', stop: undefined });
    expect(await seen(here, 'keep', NOON)).not.toHaveProperty('isStopping');
  });

  test('kept running since its warning, nothing announces a stop any more', async () => {
    const here = await lab();
    expect(await seen(here, 'stop', NOON)).toMatchObject({ kind: 'stop', stopAt });
    await pressed(here, 'keep', NOON);
    expect(await seen(here, 'stop', NOON)).not.toHaveProperty('stopAt');
  });

  test('a name in use again, as only AWS knows, is left alone', async () => {
    const here = await lab();
    here.ports.fleet.start(ref, NOON - MINUTE);
    expect(await pressed(here, 'stop', NOON)).toMatchObject({ kind: 'over', isAgain: true });
    expect(here.ports.fleet.stopped).toEqual([]);
    expect((await here.ports.runs.get(ref))!.stop).toBeUndefined();
  });

  test('a run that CloudTrail and ListApps date a second apart is one run', async () => {
    const here = await lab();
    here.ports.fleet.start(ref, STARTED + 999);
    expect(await pressed(here, 'stop', NOON)).toMatchObject({ kind: 'over', isOurs: true });
  });

  test('an app that is gone without us ends, and nobody is told of a stop', async () => {
    const here = await lab();
    here.ports.fleet.end(ref);
    const { notices } = state(here);
    expect(await pressed(here, 'stop', NOON)).toMatchObject({ kind: 'over', endedAt: NOON });
    expect(state(here).notices).toEqual(notices);
  });

  test('a press that a crash cut off and that lies too long ago buys nothing, and says so', async () => {
    const here = await lab();
    await here.ports.links.use((await openLink(here.ports, 'keep', here.tokens.keep))!.link, 'keep', NOON);
    expect(await seen(here, 'keep', NOON + 4 * HOUR - 1)).toMatchObject({ kind: 'keep', until: NOON + 4 * HOUR });
    expect(await pressed(here, 'keep', NOON + 4 * HOUR)).toEqual({ kind: 'expired', purpose: 'keep', canRenew: true });
    expect((await here.ports.runs.get(ref))!.extensions).toEqual([]);
  });

  test('a used confirmation neither confirms a contact that was invited anew, nor takes back a no', async () => {
    const here = await lab();
    await pressed(here, 'confirm', NOON);
    const contact = (await here.ports.contacts.get(PLACE, TO))!;
    await here.ports.contacts.change(contact, { ...contact, unsubscribed: 'everything' });
    expect(await pressed(here, 'confirm', NOON + DAY)).toMatchObject({ kind: 'confirmed', unsubscribed: 'everything' });
    const again = (await here.ports.contacts.get(PLACE, TO))!;
    const { unsubscribed: _, ...rest } = again;
    await here.ports.contacts.change(again, { ...rest, consent: 'unconfirmed', asked: [] });
    expect(await pressed(here, 'confirm', NOON + DAY)).toEqual({ kind: 'expired', purpose: 'confirm', canRenew: true });
    expect((await here.ports.contacts.get(PLACE, TO))!.consent).toBe('unconfirmed');
  });

  test('where the notice is forgotten, nothing can be pressed but unsubscribing', async () => {
    const here = await lab();
    here.ports.outbox.items.clear();
    for (const purpose of ['keep', 'stop'] as const)
      expect(await pressed(here, purpose, NOON)).toEqual({ kind: 'expired', purpose, canRenew: false });
    expect(await pressed(here, 'unsubscribe', NOON)).toMatchObject({ kind: 'unsubscribed', from: 'everything' });
  });
});

describe('fresh mail', () => {
  const asked = (here: Lab, purpose: Purpose, now: Instant, source = '10.0.0.1') =>
    openLink(here.ports, purpose, here.tokens[purpose]).then((open) => renew(actorOf(here.ports), open!, source, now));

  test('a link that works is not renewed: its page is', async () => {
    const here = await lab();
    expect((await asked(here, 'keep', NOON)).kind).toBe('keep');
    expect(state(here)).toEqual(state(await lab()));
  });

  test('an expired one: the notice anew, unless the run is over or warned no longer', async () => {
    const here = await lab();
    const later = NOON + 8 * DAY;
    expect(await asked(here, 'stop', later)).toEqual({ kind: 'renewed' });
    const notices = [...here.ports.outbox.items.values()].map(({ notice }) => notice);
    const fresh = notices.find(({ id, facts }) => id !== 'warning' && facts.kind === 'warning')!;
    expect(fresh).toMatchObject({ to: TO, owedAt: later, facts: warning });

    const lifted = await lab();
    await lifted.ports.runs.change((await lifted.ports.runs.get(ref))!, {
      kind: 'warn',
      rule: warning.rule,
      warning: { number: 2, given: { due: later, at: later, stopAt: later + HOUR, notices: [] } },
    });
    expect(await asked(lifted, 'stop', later)).toEqual({ kind: 'expired', purpose: 'stop', canRenew: false });
    const over = await lab();
    await over.ports.runs.change((await over.ports.runs.get(ref))!, { kind: 'end', at: later });
    expect((await asked(over, 'stop', later)).kind).toBe('over');
    for (const other of [lifted, over]) expect(other.ports.outbox.items.size).toBe(3);
  });

  test('by address: a crash between the mail and the note of it owes the same mail again, not another', async () => {
    const by = (ports: Lab['ports'], now: Instant) =>
      renewByAddress(actorOf(ports), PLACE, { address: TO.toUpperCase(), source: '10.0.0.1' }, now);
    const whole = await lab();
    const counted = mortal(whole.ports);
    expect(await by(counted.ports, NOON)).toEqual({ kind: 'asked' });
    expect(state(whole).contacts).toMatchObject([{ asked: 2 }]);
    for (let call = 0; call < counted.calls(); call++) {
      const died = await lab();
      await by(mortal(died.ports, { call, when: 'after' }).ports, NOON).catch(() => {});
      await by(died.ports, NOON + HOUR);
      const { notices, contacts } = state(died);
      expect(contacts[0]!.asked, `call ${call}`).toBeGreaterThanOrEqual(2);
      expect(notices.filter((notice) => notice.startsWith('confirmation')).length, `call ${call}`).toBe(
        contacts[0]!.asked,
      );
    }
  });

  test('by address, in mode observe: nobody is written to', async () => {
    const here = await lab();
    const actor = { ...actorOf(here.ports), policy: { ...policy, mode: 'observe' as const } };
    expect(await renewByAddress(actor, PLACE, { address: TO, source: '10.0.0.1' }, NOON)).toEqual({ kind: 'asked' });
    expect(state(here)).toEqual(state(await lab()));
  });
});

test('a look changes nothing, whatever there is to see', async () => {
  const here = await lab();
  const before = JSON.stringify([
    ...here.ports.links.items,
    ...here.ports.runs.items,
    ...here.ports.outbox.items,
    ...here.ports.contacts.items,
  ]);
  const writes = here.ports.runs.writes + here.ports.outbox.writes;
  for (const purpose of PURPOSES)
    for (const now of [NOON, NOON + 8 * DAY, NOON + 500 * DAY]) await seen(here, purpose, now);
  expect(
    JSON.stringify([
      ...here.ports.links.items,
      ...here.ports.runs.items,
      ...here.ports.outbox.items,
      ...here.ports.contacts.items,
    ]),
  ).toBe(before);
  expect(here.ports.runs.writes + here.ports.outbox.writes).toBe(writes);
});
