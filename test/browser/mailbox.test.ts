import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HOUR, MINUTE } from '../../src/domain/time.ts';
import { contextOf, type Lambda, scheduled } from '../handlers/lambda.ts';
import { startLinkLab } from '../handlers/link-lab.ts';
import { startBrowser } from './browser.ts';

/** One person's day: from the deployed scan and `deliver`, over the mailbox, to the buttons. */
let browser: Browser;
let page: Page;
let lab: Awaited<ReturnType<typeof startLinkLab>>;
let lambdas: Record<'scan' | 'deliver', Lambda>;
const ALICE = 'alice@people.example.net';
const app = { domainId: 'd-lab', userProfileName: 'alice', appType: 'JupyterLab' as const, appName: 'default' };

beforeAll(async () => {
  [browser, lab] = await Promise.all([startBrowser(), startLinkLab()]);
  const env = { CURFEW_BASE_URL: lab.api.url };
  lambdas = { scan: await lab.lambda('scan', env), deliver: await lab.lambda('deliver', env) };
  page = await browser.newPage();
  lab.aws.studio.createApp({ ...app, instanceType: 'ml.t3.medium' });
  lab.clock.now += 3 * MINUTE;
});
afterAll(async () => {
  await browser?.close();
  await lab?.close();
});

/** A scan, and a round of mail. */
async function pass(): Promise<void> {
  for (const name of ['scan', 'deliver'] as const) {
    const { error } = await lambdas[name].invoke(scheduled(lab.clock.now), contextOf(`curfew-${name}`));
    expect(error).toBeUndefined();
  }
}

/** Opens the newest mail of a kind in the mailbox, as its reader does, and follows a link of it, as a mail program does. */
async function follow(kind: string, name: string): Promise<void> {
  const mails = await lab.aws.mailbox.messages();
  const mail = mails.findLast(({ tags, to }) => tags.notice === kind && to[0] === ALICE)!;
  await page.goto(lab.aws.mailbox.url);
  await page.locator(`button[onclick="toggle('${mail.messageId}-html')"]`).click();
  const link = page.frameLocator(`[id="${mail.messageId}-html-iframe"]`).getByRole('link', { name });
  await page.goto((await link.first().getAttribute('href'))!);
}

const title = () => page.locator('h1').innerText();
const press = () => page.getByRole('button').click();

test('asked by mail, confirms; warned, keeps it running; warned again, stops it; unsubscribes', async () => {
  await pass();
  await follow('confirmation', 'Confirm this address');
  expect(await title()).toBe('Confirm your address');
  await press();
  expect(await title()).toBe('Thank you, your address is confirmed');

  lab.clock.now += 24 * HOUR;
  await pass();
  await follow('warning', 'Keep it running');
  await press();
  expect(await title()).toMatch(/^It is kept running until /);

  lab.clock.now += 4 * HOUR;
  await pass();
  await follow('warning', 'Stop it now');
  await press();
  expect(lab.aws.studio.statusOf(lab.aws.studio.app(app)!)).toBe('Deleting');

  lab.clock.now += MINUTE;
  await lambdas.deliver.invoke(scheduled(lab.clock.now), contextOf('curfew-deliver'));
  await follow('stopped', 'Unsubscribe, or choose what you get');
  await press();
  expect((await lab.contacts.get(lab.place, ALICE))!.unsubscribed).toBeDefined();
});
