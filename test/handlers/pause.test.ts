import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOUR, MINUTE } from '../../src/domain/time.ts';
import { contextOf, type Lambda, scheduled } from './lambda.ts';
import { keyOf, post, read, startLinkLab, submit } from './link-lab.ts';

let lab: Awaited<ReturnType<typeof startLinkLab>>;
let scan: Lambda;
let deliver: Lambda;
let studioEvent: Lambda;
beforeAll(async () => {
  lab = await startLinkLab();
  const env = { CURFEW_BASE_URL: lab.api.url };
  [scan, deliver, studioEvent] = await Promise.all([
    lab.lambda('scan'),
    lab.lambda('deliver'),
    lab.lambda('studio-event', env),
  ]);
});
afterAll(() => lab.close());

const at = () => scheduled(lab.clock.now, { account: lab.place.account });
const stops = () => lab.aws.calls.count('sagemaker', 'DeleteApp');
const sent = () => lab.aws.calls.count('sesv2', 'SendEmail');
const pause = (more: object = {}) => lab.runs.pause(lab.place, { from: lab.clock.now, by: 'jo@example.org', ...more });

describe('the kill switch', () => {
  it('is honoured by every handler that stops or writes, and the record goes on', async () => {
    const { url, run } = await lab.warning();
    const { html: before } = await read(await fetch(url('stop')));
    await pause();
    lab.aws.calls.reset();
    lab.clock.now += HOUR;

    const scanned = await scan.invoke(at(), contextOf('curfew-scan'));
    expect(scanned.value).toMatchObject({ apps: 1, stopped: 0, warned: 0, held: 1, isPaused: true, faults: [] });
    expect(scanned.text).not.toContain('jo@example.org');
    // The switch costs a scan nothing: it comes with the record, and one that finds nothing new writes nothing.
    lab.aws.calls.reset();
    expect((await scan.invoke(at(), contextOf('curfew-scan'))).value).toMatchObject({ held: 1, isPaused: true });
    expect([lab.changes(), lab.aws.calls.count('dynamodb')]).toEqual([{}, 1]);

    // Somebody's address bounces meanwhile: the admins are to be told of it, once it is over.
    const notice = (id: string) => ({ ...lab.place, id, to: 'admin-one@example.org', owedAt: lab.clock.now });
    const facts = { kind: 'failure' as const, title: 'T', details: ['D'], todo: [], at: lab.clock.now };
    await lab.outbox.owe({ ...notice('told-later'), facts });
    const delivered = await deliver.invoke(at(), contextOf('curfew-deliver'));
    expect(delivered.value).toMatchObject({ sent: 0, postponed: 0, isPaused: true, faults: [] });

    const created = JSON.parse(readFileSync('test/samples/createapp-event.json', 'utf8'));
    const profile = JSON.parse(readFileSync('test/samples/createuserprofile-event.json', 'utf8'));
    const invoked = await studioEvent.invokeAll([created, profile], contextOf('curfew-studio-event'));
    expect(invoked.map(({ value }) => value)).toEqual([{ noted: 'run started' }, { noted: 'owner met' }]);
    const owed = await lab.outbox.owed(lab.place, lab.clock.now, 100);
    expect(owed.map(({ notice: { id } }) => id)).toEqual(['told-later']);

    const page = await read(await fetch(url('stop')));
    expect([page.status, page.title]).toEqual([200, 'Curfew is paused']);
    expect(page.text).toContain('once they have resumed it');
    expect(page.html).not.toContain('<button');
    // A page from before it still has its button.
    const pressed = await read(await post(url('stop'), { form: keyOf(before) }));
    expect(pressed.title).toBe('Curfew is paused');
    expect((await lab.runs.get(run.app))!.stop).toBeUndefined();

    expect((await read(await submit(url('keep')))).title).toMatch(/^It is kept running until /);
    expect((await read(await submit(url('unsubscribe')))).title).toBe('You have unsubscribed');
    expect([stops(), sent()]).toEqual([0, 0]);

    const known = (await lab.runs.lastPause(lab.place))!;
    await lab.runs.resume(lab.place, known, lab.clock.now);
    lab.clock.now += MINUTE;
    expect((await deliver.invoke(at(), contextOf('curfew-deliver'))).value).toMatchObject({ sent: 1 });
    expect((await read(await submit(url('stop')))).title).toBe('It is stopped');
    expect([stops(), sent()]).toEqual([1, 1]);
  });

  it('ends by itself, by the time of the event', async () => {
    const { url } = await lab.warning();
    await pause({ until: lab.clock.now + HOUR });
    const page = await read(await fetch(url('stop')));
    expect(page.text).toMatch(/Please try again after .*\d\d:\d\d/);
    lab.clock.now += HOUR;
    expect((await read(await fetch(url('stop')))).title).not.toBe('Curfew is paused');
  });

  it('lets nobody have a mail sent, and says the same whoever is asked for', async () => {
    const { url } = await lab.request('known@people.example.net');
    await pause();
    const owed = async () => (await lab.outbox.owed(lab.place, lab.clock.now, 100)).length;
    const before = await owed();
    const ask = async (address: string) => {
      const home = `${lab.api.url}/fresh`;
      const { html } = await read(await fetch(`${lab.api.url}/confirm/none`));
      return read(await post(home, { form: keyOf(html), address }));
    };
    const [known, unknown] = [await ask('known@people.example.net'), await ask('nobody@people.example.net')];
    expect(known.title).toBe('Curfew is paused');
    expect(known.html).toBe(unknown.html);
    expect(await owed()).toBe(before);
    // To confirm is to agree to mail, and sends none.
    expect((await read(await submit(url('confirm')))).title).toBe('Thank you, your address is confirmed');
  });
});
