import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newRun } from '../../src/domain/run.ts';
import { DAY, HOUR } from '../../src/domain/time.ts';
import { startLinkLab } from '../handlers/link-lab.ts';
import { EVIL, LONG, RTL } from '../mail/notices.ts';
import { checkAccess, MEASURE, SHOTS, startBrowser } from './browser.ts';

const LOOKS = [
  { look: 'light', width: 1000, colorScheme: 'light' },
  { look: 'dark', width: 1000, colorScheme: 'dark' },
  { look: 'phone', width: 320, colorScheme: 'light' },
  { look: 'dark phone', width: 390, colorScheme: 'dark' },
] as const;
type Look = (typeof LOOKS)[number];

let browser: Browser;
let lab: Awaited<ReturnType<typeof startLinkLab>>;
/** Where axe looks. */
let sheet: Page | undefined;
let people = 0;
const somebody = () => `person-${++people}@people.example.net`;

beforeAll(async () => {
  [browser, lab] = await Promise.all([startBrowser(), startLinkLab()]);
});
afterAll(async () => {
  await browser?.close();
  await lab?.close();
});

describe.each(LOOKS)('in $look, without JavaScript, by keyboard alone', (look) => {
  let context: BrowserContext;
  let page: Page;
  const tried: string[] = [];
  beforeAll(async () => {
    context = await newContext(look, false);
    page = await context.newPage();
    page.on('request', (request) => tried.push(`${request.method()} ${new URL(request.url()).origin}`));
    page.on('console', (message) => tried.push(message.text()));
  });
  afterAll(() => context.close());

  /** Opens a link as a mail program does: from elsewhere. */
  const open = async (url: string, name: string) => {
    await page.goto(url);
    await examine(page, look, name);
    return title(page);
  };
  const press = async (name: string) => {
    await pressButton(page);
    await examine(page, look, name);
    return title(page);
  };

  test('confirm', async () => {
    const { url, notice } = await lab.request(somebody());
    expect(await open(url('confirm'), 'confirm')).toBe('Confirm your address');
    expect((await lab.contacts.get(lab.place, notice.to))!.consent).toBe('unconfirmed');
    expect(await press('confirm, done')).toBe('Thank you, your address is confirmed');
    expect((await lab.contacts.get(lab.place, notice.to))!.consent).toBe('confirmed');
    expect(await open(url('confirm'), 'confirm, before')).toBe('Your address is confirmed');
  });

  test('keep it running', async () => {
    const { url, app } = await lab.warning();
    expect(await open(url('keep'), 'keep')).toMatch(/^Keep it running until /);
    expect((await lab.runs.get(app))!.extensions).toEqual([]);
    expect(await press('keep, done')).toMatch(/^It is kept running until /);
    expect((await lab.runs.get(app))!.extensions).toEqual([lab.clock.now]);
    // Loaded again, as when a phone wakes: still one.
    await page.reload();
    expect(await title(page)).toMatch(/^It is kept running already, until /);
    expect((await lab.runs.get(app))!.extensions).toHaveLength(1);
  });

  test('keep it running, twice, and no more', async () => {
    const { url, run, app } = await lab.warning();
    await lab.runs.change(run, { kind: 'extend', at: lab.clock.now - HOUR });
    expect(await open(url('keep'), 'keep, the last time')).toMatch(/^Keep it running until /);
    await lab.runs.change(run, { kind: 'extend', at: lab.clock.now - 1 });
    expect(await press('keep, enough')).toBe('That was the last time');
    expect((await lab.runs.get(app))!.extensions).toHaveLength(2);
  });

  test('stop it now', async () => {
    const { url, app } = await lab.warning();
    expect(await open(url('stop'), 'stop')).toBe('Stop it now?');
    expect((await lab.runs.get(app))!.endedAt).toBeUndefined();
    expect(await press('stop, done')).toBe('It is stopped');
    expect((await lab.runs.get(app))!.stop!.rule).toBe('by request');
    expect(await open(url('stop'), 'stop, before')).toBe('It was stopped');
    expect(await open(url('keep'), 'keep, too late')).toBe('It was stopped');
  });

  test('a run that ended by itself, and a name that runs again', async () => {
    const { url, run, app } = await lab.warning();
    await lab.runs.change(run, { kind: 'end', at: lab.clock.now - HOUR });
    expect(await open(url('stop'), 'over')).toBe('It is not running');
    await lab.runs.open({ ...run, startedAt: lab.clock.now }, (await lab.runs.get(app))!);
    expect(await open(url('stop'), 'over, again')).toBe('That run is over');
  });

  test('AWS fails, and the button works again', async () => {
    const { url } = await lab.warning();
    await open(url('stop'), 'stop');
    const fault = { code: 'InternalFailure', status: 400, message: 'no', times: 1 };
    lab.aws.faults.add({ service: 'sagemaker', action: 'DescribeApp', ...fault });
    expect(await press('failed')).toBe('That did not work just now');
    await page.goBack();
    expect(await press('stop, done')).toBe('It is stopped');
  });

  test('unsubscribe, by a choice', async () => {
    const to = somebody();
    await lab.contact(to, { consent: 'confirmed' });
    const { url } = await lab.warning(to);
    expect(await open(url('unsubscribe'), 'unsubscribe')).toBe('Which mail do you want no longer?');
    // The radio group is one stop of the keyboard; arrows move in it.
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowUp');
    expect(await page.locator(':checked').getAttribute('value')).toBe('reports');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/page, unsubscribe, chosen, ${look.look}.png`, fullPage: true });
    expect(await page.locator(':checked').getAttribute('value')).toBe('everything');
    expect(await press('unsubscribe, done')).toBe('You have unsubscribed');
    expect((await lab.contacts.get(lab.place, to))!.unsubscribed).toBe('everything');
    expect(await open(url('unsubscribe'), 'unsubscribe, before')).toBe('You have unsubscribed');
  });

  test('unsubscribe from being asked', async () => {
    const { url, notice } = await lab.request(somebody());
    expect(await open(url('unsubscribe'), 'do not ask')).toBe('Do not ask again?');
    expect(await press('do not ask, done')).toBe('You have unsubscribed');
    expect((await lab.contacts.get(lab.place, notice.to))!.unsubscribed).toBe('everything');
  });

  test('an expired link, and a fresh mail', async () => {
    const { url, notice } = await lab.request(somebody());
    lab.clock.now += 30 * DAY;
    expect(await open(url('confirm'), 'expired')).toBe('This link works no longer');
    expect(await press('fresh')).toBe('A fresh mail is on its way');
    expect((await lab.contacts.get(lab.place, notice.to))!.asked).toHaveLength(2);
    await open(url('confirm'), 'expired');
    expect(await press('fresh, too soon')).toBe('One mail an hour');
  });

  test('a link that was cut off, and a mail by address', async () => {
    const to = somebody();
    await lab.contact(to);
    const { url } = await lab.request(somebody());
    lab.clock.now += HOUR;
    expect(await open(url('confirm').slice(0, -5), 'no link')).toBe('We do not know this link');
    await page.keyboard.press('Tab');
    await page.keyboard.type('jo@example');
    expect(await press('no address')).toBe('We do not know this link');
    await page.keyboard.press('Tab');
    await page.keyboard.type(to);
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    await examine(page, look, 'asked');
    expect(await title(page)).toBe('Look in your mailbox');
    expect((await lab.contacts.get(lab.place, to))!.asked).toHaveLength(1);
  });

  test('names that are long, foreign or hostile', async () => {
    const { notice } = await lab.warning();
    if (notice.facts.kind !== 'warning') throw new Error('no warning');
    for (const [name, spaceName] of Object.entries({ long: LONG, hostile: EVIL, foreign: RTL })) {
      const { userProfileName: _, ...app } = { ...notice.facts.app, appName: spaceName, owner: spaceName };
      const facts = {
        ...notice.facts,
        app: { ...app, spaceName, domainId: `d-${people}` },
        audience: { role: 'admins' as const },
      };
      await lab.runs.open(newRun(facts.app, facts.app.startedAt));
      const { url } = await lab.send(somebody(), facts, ['stop']);
      expect(await open(url('stop'), `stop, ${name}`)).toBe('Stop it now?');
    }
  });

  test('the pages without a link', async () => {
    expect(await open(lab.api.url, 'home')).toBe('Mail about your Studio apps');
    expect(await open(`${lab.api.url}/nowhere`, 'nothing')).toBe('There is nothing here');
  });

  test('talked to nobody but us, and broke no policy of ours', () => {
    const others = tried.filter((what) => !what.endsWith(` ${lab.api.url}`));
    // Chromium tells of each answer that is no success: that is all there is.
    expect(
      others.filter((what) => !/^Failed to load resource: the server responded with a status of 4|of 503/.test(what)),
    ).toEqual([]);
  });
});

describe('with JavaScript', () => {
  test('an impatient double click is one effect', async () => {
    const context = await newContext(LOOKS[0], true);
    const page = await context.newPage();
    const { url, app } = await lab.warning();
    await page.goto(url('keep'));
    await page.locator('button').dblclick();
    await page.locator('h1', { hasText: 'It is kept running' }).waitFor();
    expect((await lab.runs.get(app))!.extensions).toHaveLength(1);
    await context.close();
  });

  test('another site’s page can press no button, and show none of ours', async () => {
    const context = await newContext(LOOKS[0], true);
    const page = await context.newPage();
    const { url, app } = await lab.warning();
    await page.route('http://evil.example/', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: `<iframe src="${url('keep')}"></iframe><form method="post" action="${url('keep')}"><button>win</button></form>`,
      }),
    );
    await page.goto('http://evil.example/');
    expect(page.frames()[1]!.url()).toBe('chrome-error://chromewebdata/');
    await page.locator('button').click();
    await page.locator('h1', { hasText: 'Please press the button here' }).waitFor();
    expect((await lab.runs.get(app))!.extensions).toEqual([]);
    await context.close();
  });
});

function newContext({ width, colorScheme }: Look, javaScriptEnabled: boolean): Promise<BrowserContext> {
  return browser.newContext({ viewport: { width, height: 800 }, colorScheme, javaScriptEnabled });
}

function title(page: Page): Promise<string> {
  return page.locator('h1').innerText();
}

/** Goes to the button by the keyboard, and presses it. */
async function pressButton(page: Page): Promise<void> {
  for (let i = 0; i < 5 && (await page.locator('button:focus').count()) === 0; i++) await page.keyboard.press('Tab');
  expect(await page.locator('button:focus-visible').count()).toBe(1);
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
}

/** A page as it stands: nothing too wide, nothing too small for a thumb, nothing that axe finds wrong. */
async function examine(page: Page, look: Look, name: string): Promise<void> {
  if (SHOTS) await page.screenshot({ path: `${SHOTS}/page, ${name}, ${look.look}.png`, fullPage: true });
  expect(await page.evaluate(MEASURE), name).toEqual({ page: 0, beyond: [], spilled: [] });
  const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor');
  expect(ground).toBe(look.colorScheme === 'dark' ? 'rgb(17, 20, 24)' : 'rgb(243, 244, 246)');
  for (const control of await page.locator('button, .choice, .entry').all())
    expect((await control.boundingBox())!.height, name).toBeGreaterThanOrEqual(44);
  expect([await page.locator('h1').count(), await page.locator('main').count()]).toEqual([1, 1]);
  expect(await page.locator('script, img, link, iframe').count()).toBe(0);
  // axe is a script, which our pages allow nobody: it gets the same page on a sheet of its own. A phone's words and
  // colours are those of a desk.
  if (look.look.includes('phone')) return;
  sheet ??= await (await browser.newContext()).newPage();
  await sheet.emulateMedia({ colorScheme: look.colorScheme });
  await sheet.setContent(await page.content());
  expect(await checkAccess(sheet), name).toEqual({ serious: [], isContrastKnown: true });
}
