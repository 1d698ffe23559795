import { takeDownAll } from '../src/application/backstop-sweep.ts';
import { look, openLink } from '../src/application/links.ts';
import { noteContact } from '../src/application/note-contact.ts';
import { press } from '../src/application/press.ts';
import { renew } from '../src/application/renew.ts';
import type { Page } from '../src/domain/page.ts';
import { pauseAfter } from '../src/domain/pause.ts';
import type { Invocation } from './calls.ts';
import { BASE_URL, type Lab, type Mail, PLACE } from './lab.ts';
import { isMeant } from './oracle/judge.ts';
import { runningIn } from './oracle/truth.ts';
import { policyOf } from './policies.ts';
import type { StepOf } from './steps.ts';

/** The mail that somebody means by "the last but so many with this button". */
function mailOf(lab: Lab, { to, button, ago }: { to: string; button: string; ago: number }): Mail | undefined {
  return lab.mails
    .get(to.toLowerCase())
    ?.filter(({ urls }) => urls[button] !== undefined)
    .at(-1 - ago);
}

async function actorOf(lab: Lab, pass: Invocation) {
  const ports = lab.portsFor(pass);
  return { ...ports, policy: policyOf(pass.spec), baseUrl: BASE_URL, rates: await lab.ports.prices.rates() };
}

const tokenOf = (mail: Mail, button: string) => mail.urls[button]!.split('/').at(-1)!;

/** A reader, or a scanner of mail, opens a link: nothing may change by that. */
export async function openMail(lab: Lab, step: StepOf<'open'>, pass: Invocation): Promise<void> {
  const mail = mailOf(lab, step);
  if (!mail) return;
  // Held to what a dry run is held to.
  pass.does = 'dry scan';
  const actor = await actorOf(lab, pass);
  const opened = openLink(actor, step.button, tokenOf(mail, step.button));
  await opened.then((open) => open && look(actor, open, pass.now)).catch(() => undefined);
}

/** A reader presses the button of a page. */
export async function pressMail(lab: Lab, step: StepOf<'press'>, pass: Invocation): Promise<void> {
  const mail = mailOf(lab, step);
  if (!mail) return;
  const { judge } = lab;
  const { button } = step;
  if (mail.slot !== undefined) pass.pressed = { slot: mail.slot, startedAt: mail.startedAt!, button };
  else pass.pressed = { slot: '', startedAt: 0, button };
  const actor = await actorOf(lab, pass);
  const pressed = async (): Promise<Page | undefined> => {
    const open = await openLink(actor, button, tokenOf(mail, button));
    return open && press(actor, open, step.level, pass.now);
  };
  const page = await pressed().catch(() => undefined);
  if (pass.isDead) lab.counts.deaths += 1;
  lab.counts.faults += pass.faults;
  if (pass.isDead || pass.faults > 0) judge.truth.calmSince = judge.truth.now;
  for (const slot of pass.isDead ? pass.intents.keys() : []) {
    const last = judge.truth.runs.get(slot)?.at(-1);
    if (last) last.isDoubtful = true;
  }
  lab.tell?.(`    answered: ${page?.kind ?? 'nothing'}`);
  judge.truth.order += 1;
  heed(lab, mail, step, page, pass);
}

/** Notes in the truth what the reader has said by that, and whether the answer says that it was heard. */
function heed(
  lab: Lab,
  mail: Mail,
  { button, level }: StepOf<'press'>,
  page: Page | undefined,
  pass: Invocation,
): void {
  const { readerOf, truth } = lab.judge;
  const reader = readerOf(mail.to);
  const isLost = page === undefined;
  if (button === 'confirm') {
    if (page?.kind === 'confirmed') {
      reader.agreed = 'yes';
      reader.no = page.unsubscribed === undefined ? 0 : reader.no;
      reader.changedAt = pass.now;
    } else if (isLost) {
      reader.agreed = reader.agreed === 'yes' ? 'yes' : 'doubt';
      reader.no = 0;
      reader.changedAt = pass.now;
    }
  }
  if (button === 'unsubscribe') {
    if (page?.kind === 'unsubscribed') {
      const said = 1 + ['reports', 'warnings', 'everything'].indexOf(level ?? page.from);
      if (said > reader.no) Object.assign(reader, { no: said, noOrder: truth.order });
    }
    if (page?.kind === 'unsubscribed' || isLost) reader.changedAt = pass.now;
    if (isLost) reader.isDoubtful = true;
  }
  if (button === 'keep') {
    const run = truth.runs.get(mail.slot ?? '')?.findLast((one) => isMeant(one, mail.startedAt!));
    if (!run) return;
    if (page?.kind === 'kept')
      run.keeps.push({
        order: pass.wroteOrder ?? truth.order,
        at: page.until - pass.spec.extensions.for,
        isSure: true,
      });
    else if (isLost || page.kind === 'failed') run.keeps.push({ order: truth.order, at: pass.now, isSure: false });
    // Started anew since, and nobody may have told that: it may be taken for asked of that run.
    const again = runningIn(truth, run.slot.id);
    if (again && again !== run) again.keeps.push({ order: truth.order, at: pass.now, isSure: false });
    run.disturbedAt = truth.now;
  }
}

/** A reader asks for fresh links in place of those of a mail that is old. */
export async function renewMail(lab: Lab, step: StepOf<'renew'>, pass: Invocation): Promise<void> {
  const mail = mailOf(lab, step);
  if (!mail) return;
  const actor = await actorOf(lab, pass);
  const renewed = async (): Promise<Page | undefined> => {
    const open = await openLink(actor, step.button, tokenOf(mail, step.button));
    return open && renew(actor, open, step.source, pass.now);
  };
  const page = await renewed().catch(() => undefined);
  lab.counts.faults += pass.faults;
  lab.tell?.(`    answered: ${page?.kind ?? 'nothing'}`);
}

/** An admin grants more, or lifts, as the CLI does. */
export async function except(lab: Lab, step: StepOf<'except'>, pass: Invocation): Promise<void> {
  const { kind, subject, budget, amount, until } = step;
  const more = { ...(budget === undefined ? {} : { budget }), ...(amount === undefined ? {} : { amount }) };
  const exception = { kind, subject, until, at: pass.now, by: 'root', why: '', ...more };
  await lab
    .portsFor(pass)
    .ledger.except(PLACE, exception)
    .catch(() => undefined);
  lab.counts.faults += pass.faults;
}

/** An admin throws the kill switch, or takes it back, as the CLI does. */
export async function throwSwitch(lab: Lab, step: StepOf<'pause' | 'resume'>, pass: Invocation): Promise<void> {
  const { runs, backstop } = lab.portsFor(pass);
  const thrown = async () => {
    const known = await runs.lastPause(PLACE);
    const until = step.do === 'pause' && step.until !== undefined ? { until: step.until } : {};
    if (step.do === 'pause') {
      await runs.pause(PLACE, pauseAfter(known, { from: pass.now, by: 'root', ...until }));
      const { remain } = await takeDownAll(backstop);
      lab.tell?.(`    of the backstop, ${remain} remain`);
    } else if (known && pass.now < Math.min(known.until ?? Infinity, known.resumedAt ?? Infinity))
      await runs.resume(PLACE, known, pass.now);
  };
  await thrown().catch(() => undefined);
  lab.counts.faults += pass.faults;
  lab.judge.truth.calmSince = lab.judge.truth.now;
}

/** An admin has somebody asked anew: `curfew contacts invite`. */
export async function invite(lab: Lab, { to }: StepOf<'invite'>, pass: Invocation): Promise<void> {
  const { judge } = lab;
  const { contacts } = lab.portsFor(pass);
  const known = await lab.ports.contacts.get(PLACE, to);
  if (!known) return;
  const done = await noteContact(contacts, PLACE, to, { kind: 'invited' }, pass.now).catch(() => undefined);
  judge.truth.order += 1;
  const reader = judge.readerOf(to);
  reader.changedAt = pass.now;
  // Without an answer it may have been done all the same.
  if (done && done.invitedAt !== pass.now) return;
  Object.assign(reader, { deadOrder: undefined, isDoubtful: !done, requests: new Set(), wanted: 0 });
}
