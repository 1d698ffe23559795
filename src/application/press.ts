import type { Unsubscribed } from '../domain/contact.ts';
import { aboutApp, isSameRun, overPage } from '../domain/link-page.ts';
import type { Page } from '../domain/page.ts';
import { stopByRequest } from '../domain/rules/by-request.ts';
import { isUnderWay, sight } from '../domain/run.ts';
import type { Instant } from '../domain/time.ts';
import { type LinkActor, look, type OpenLink, openLink, stoppableOf } from './links.ts';
import { noteContact } from './note-contact.ts';
import { finish, stopRun } from './stop.ts';
import { endedApp } from './tell.ts';

/** How often a stop looks again that lost a race with another writer of its run: heartbeats write often. */
const TRIES = 5;

/**
 * The button of an open link's page. It does what the page offers at this moment, and nothing where it offers nothing
 * any more. Every step may be the last before a crash: pressing again finds what is left to do.
 * @param level from what its reader unsubscribes; from what the mail's kind needs, where they did not choose
 */
export async function press(
  actor: LinkActor,
  open: OpenLink,
  level: Unsubscribed | undefined,
  now: Instant,
): Promise<Page> {
  const { links, contacts, runs, outbox } = actor;
  const { link } = open;
  await outbox.trace(link, link.notice, 'opened', now);
  const page = await look(actor, open, now);
  switch (page.kind) {
    case 'confirm':
      // The consent first: a use without it would be a link that is lost.
      await noteContact(contacts, link, link.to, { kind: 'confirmed' }, now);
      await links.use(link, 'confirm', now);
      break;
    case 'keep': {
      // Its first use is the moment from which it extends: two clicks, or one that a crash cut off, are one extension.
      const at = await links.use(link, 'keep', now);
      const run = await runs.get(page.app);
      if (run && run.startedAt === page.app.startedAt) await runs.change(run, { kind: 'extend', at });
      break;
    }
    case 'stop': {
      const told = await stopNow(actor, open, now);
      if (told) return told;
      break;
    }
    case 'unsubscribe': {
      const event = { kind: 'unsubscribed' as const, from: level ?? page.from };
      const { address, unsubscribed } = await noteContact(contacts, link, link.to, event, now);
      return { kind: 'unsubscribed', address, from: unsubscribed ?? event.from };
    }
    default:
      return page;
  }
  const after = await look(actor, (await openLink(actor, open.purpose, open.token)) ?? open, now);
  return after.kind === 'confirmed' || after.kind === 'kept' || after.kind === 'over'
    ? { ...after, isNews: true }
    : after;
}

/** Stops the run of a warning as a person asks, if its app is still that run. Undefined where its record tells what came of it. */
async function stopNow(actor: LinkActor, { link, notice }: OpenLink, now: Instant): Promise<Page | undefined> {
  const facts = stoppableOf(link, notice)!;
  for (let i = 0; i < TRIES; i++) {
    const run = await actor.runs.get(facts.app);
    if (!isSameRun(facts, run)) return undefined;
    // Another click, or a scan, was first.
    if (i > 0 && run.stop) return { kind: 'stopping', ...aboutApp(facts) };
    // The name may be in use again, and nobody has told yet: only AWS knows.
    const sighting = sight(await actor.fleet.find(run.app), run, now);
    if (sighting.now === 'started') return { ...overPage(facts, undefined), isAgain: true };
    if (sighting.now !== 'running') {
      await finish(actor, run, now);
      return isUnderWay(run.stop, now) ? { kind: 'stopping', ...aboutApp(facts) } : undefined;
    }
    const result = await stopRun(actor, endedApp(run), stopByRequest(facts), now);
    if (result.kind === 'failed') return { kind: 'failed', code: result.code };
    if (result.kind === 'stopped') await actor.links.use(link, 'stop', now);
    // Paused, its record tells nothing; looking again tells that.
    if (result.kind !== 'superseded') return undefined;
  }
  throw new Error(`a run changed ${TRIES} times while it was to be stopped`);
}
