import { describe, expect, test } from 'vitest';
import { look, openLink } from '../../src/application/links.ts';
import { press } from '../../src/application/press.ts';
import type { Purpose } from '../../src/domain/mail-link.ts';
import { DAY, HOUR, MINUTE } from '../../src/domain/time.ts';
import { appOf, at } from './books-lab.ts';
import { reportLab } from './report-lab.ts';

const MONDAY = at('2026-11-23T08:00');

/** Alice's report has gone out while fourteen of her apps run. */
async function sent() {
  const it = reportLab();
  it.baseUrl = 'https://curfew.example.org';
  for (let i = 0; i < 14; i++) it.ports.fleet.start(appOf('alice', `app${i}`), at('2026-11-20T09:00') + i * HOUR);
  await it.scan(at('2026-11-20T18:00'));
  const contact = (await it.ports.contacts.list({ account: '111122223333', region: 'us-east-1' }))[0];
  if (contact) await it.ports.contacts.change(contact, { ...contact, consent: 'confirmed' });
  else await it.confirmed('alice');
  await it.report(MONDAY);
  await it.deliver(MONDAY);
  const n = it.ports.postbox.sent.findIndex(({ facts }) => facts.kind === 'report');
  const actor = { ...it.ports, policy: it.policy, rates: await it.ports.prices.rates('us-east-1') };
  const open = async (url: string) => {
    const [, purpose, token] = /org\/([a-z]+)\/(.+)$/.exec(url) ?? [];
    return openLink(it.ports, purpose as Purpose, token!);
  };
  return { it, actor, open, urls: it.ports.postbox.urls[n]!, facts: it.factsFor('alice@example.org')! };
}

describe('the links of a report', () => {
  test('stop the costliest apps, each by a secret of its own, and leave the others', async () => {
    const { it, actor, open, urls, facts } = await sent();
    expect(facts.running.map(({ appName }) => appName)).toEqual(Array.from({ length: 14 }, (_, i) => `app${i}`));
    expect(urls.stops).toHaveLength(12);
    expect(new Set([...urls.stops!, urls.report, urls.unsubscribe]).size).toBe(14);
    const second = (await open(urls.stops![1]!))!;
    expect(await look(actor, second, MONDAY)).toMatchObject({ kind: 'stop', app: { appName: 'app1' } });
    expect(it.ports.fleet.stopped).toEqual([]);
    await press(actor, second, undefined, MONDAY + MINUTE);
    await press(actor, second, undefined, MONDAY + 2 * MINUTE);
    expect(it.ports.fleet.stopped.map(({ app }) => app.appName)).toEqual(['app1']);
    expect((await it.ports.runs.get(appOf('alice', 'app1')))!.stop).toMatchObject({ rule: 'by request' });
    expect(await look(actor, (await open(urls.stops![1]!))!, MONDAY + HOUR)).toMatchObject({ kind: 'over' });
    expect(await look(actor, (await open(urls.stops![0]!))!, MONDAY + 8 * DAY)).toMatchObject({ kind: 'expired' });
  });

  test('never stop another run of the name', async () => {
    const { it, actor, open, urls } = await sent();
    const app = appOf('alice', 'app0');
    await it.event({ kind: 'app deleted', app, at: MONDAY + HOUR });
    it.ports.fleet.start(app, MONDAY + 2 * HOUR);
    await it.event({ kind: 'app created', app, at: MONDAY + 2 * HOUR });
    const link = (await open(urls.stops![0]!))!;
    expect(await press(actor, link, undefined, MONDAY + 3 * HOUR)).toMatchObject({ kind: 'over', isAgain: true });
    expect(it.ports.fleet.stopped).toEqual([]);
  });

  test('show the report as it was made, for sixty days, and to nobody by another’s secret', async () => {
    const { actor, open, urls, facts } = await sent();
    expect(await look(actor, (await open(urls.report!))!, MONDAY + 59 * DAY)).toMatchObject({ kind: 'report', facts });
    expect(await look(actor, (await open(urls.report!))!, MONDAY + 60 * DAY)).toMatchObject({ kind: 'expired' });
    expect(await open(urls.report!.replace('/report/', '/stop/'))).toBeUndefined();
    expect(await open(urls.unsubscribe!.replace('/unsubscribe/', '/report/'))).toBeUndefined();
  });

  test('unsubscribe from reports alone', async () => {
    const { it, actor, open, urls } = await sent();
    const link = (await open(urls.unsubscribe!))!;
    expect(await press(actor, link, undefined, MONDAY)).toMatchObject({ kind: 'unsubscribed', from: 'reports' });
    await it.report(MONDAY + 7 * DAY);
    expect(it.owed()).toEqual(['alice@example.org owner 2026-W47']);
  });
});
