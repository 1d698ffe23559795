import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderReportPage } from '../../src/adapters/report/page.ts';
import { renderNotice } from '../../src/adapters/ses/render.ts';
import type { ReportFacts } from '../../src/domain/report/facts.ts';
import { DAY } from '../../src/domain/time.ts';
import { startLinkLab } from '../handlers/link-lab.ts';
import { notice, urls, ZONE } from '../mail/notices.ts';
import { ownerReport, reportGallery } from '../mail/report-notices.ts';
import { checkAccess, MEASURE, SHOTS, startBrowser } from './browser.ts';
import { compare, compareShot, isAlike, WRITES } from './reference.ts';

const LOOKS = [
  { look: 'light', width: 1000, colorScheme: 'light' },
  { look: 'dark', width: 1000, colorScheme: 'dark' },
  { look: 'phone', width: 360, colorScheme: 'light' },
] as const;

const PLACE = { account: '123456789012', region: 'us-east-1' };
const reports = Object.entries(reportGallery).map(([name, facts]) => ({ name, facts: facts as ReportFacts }));

let browser: Browser;
let sheet: Page;
beforeAll(async () => {
  browser = await startBrowser();
  sheet = await browser.newPage();
});
afterAll(() => browser?.close());

async function show(html: string, { width, colorScheme }: (typeof LOOKS)[number]) {
  const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
  const tried: string[] = [];
  page.on('request', (request) => tried.push(request.url()));
  page.on('pageerror', (error) => tried.push(error.message));
  await page.setContent(html, { waitUntil: 'load' });
  return { page, tried };
}

describe.each(reports)('the page of $name', ({ name, facts }) => {
  test.each(LOOKS)('in $look', async (look) => {
    const { page, tried } = await show(renderReportPage(facts, PLACE, ZONE), look);
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/page, ${name}, ${look.look}.png`, fullPage: true });
    const { spilled, ...wide } = await page.evaluate<{ page: number; beyond: string[]; spilled: string[] }>(MEASURE);
    expect({ ...wide, spilled }).toEqual({ page: 0, beyond: [], spilled: [] });
    expect(await page.locator('script, img, link, iframe, form').count()).toBe(0);
    expect(await page.locator('h1').count()).toBe(1);
    // Each chart says in words what it shows.
    const charts = page.locator('svg[role=img]');
    expect(await charts.count()).toBe(await page.locator('svg[role=img][aria-label]').count());
    expect(tried).toEqual([]);
    if (look.look !== 'phone') expect((await checkAccess(page)).serious).toEqual([]);
    await page.close();
  });
});

describe('as it was looked at before', () => {
  const kept = ['owner', 'team', 'admin', 'no data', 'first week', 'odd bill', 'German', 'right to left', '400 apps'];
  const shown = kept
    .map((one) => `report, ${one}`)
    .map((name) => ({ name, facts: reportGallery[name] as ReportFacts }));

  test.each(shown.flatMap((one) => LOOKS.map((look) => ({ ...one, look, as: look.look }))))(
    'the mail of $name in $as',
    async ({ name, facts, look }) => {
      const mail = renderNotice(notice(facts), { timezone: ZONE }, urls).html;
      const { page } = await show(mail, { ...look, width: look.look === 'phone' ? 360 : 720 } as never);
      const difference = await compare(page, `mail ${name} ${look.look}`, sheet);
      if (difference) expect(difference).toSatisfy(isAlike);
      await page.close();
    },
  );

  test.each(shown.flatMap((one) => LOOKS.map((look) => ({ ...one, look, as: look.look }))))(
    'the page of $name in $as',
    async ({ name, facts, look }) => {
      const { page } = await show(renderReportPage(facts, PLACE, ZONE), look);
      const difference = await compare(page, `page ${name} ${look.look}`, sheet);
      if (difference) expect(difference).toSatisfy(isAlike);
      await page.close();
    },
  );

  test.skipIf(WRITES)(
    'the comparison sees a bar that is missing, another colour, and a page that is cut off; and no other font',
    async () => {
      const html = renderReportPage(ownerReport, PLACE, ZONE);
      const against = async (changed: string, clip?: object) => {
        const { page } = await show(changed, LOOKS[0]);
        const shot = await page.screenshot(clip ? { clip: clip as never } : { fullPage: true });
        await page.close();
        return (await compareShot(shot.toString('base64'), 'page report, owner light', sheet))!;
      };
      expect(await against(html.replaceAll(/<rect class="spent"[^>]*>/g, '<rect>'))).not.toSatisfy(isAlike);
      expect(await against(html.replaceAll('#ffffff', '#8888ff'))).not.toSatisfy(isAlike);
      expect(await against(html, { x: 0, y: 0, width: 1000, height: 1200 })).not.toSatisfy(isAlike);
      expect(await against(html.replaceAll("-apple-system, 'Segoe UI'", 'Georgia, serif'))).toSatisfy(isAlike);
    },
  );
});

describe('a report that is opened from its mail', () => {
  let lab: Awaited<ReturnType<typeof startLinkLab>>;
  beforeAll(async () => {
    lab = await startLinkLab();
  });
  afterAll(() => lab?.close());

  test('shows its charts by its own style, runs nothing, and changes nothing', async () => {
    const { url } = await lab.send('alice@people.example.net', { ...ownerReport, at: lab.clock.now }, ['report']);
    const before = await lab.table();
    const page = await browser.newPage({ viewport: { width: 1000, height: 800 } });
    const told: string[] = [];
    page.on('console', (message) => told.push(message.text()));
    const response = await page.goto(url('report'));
    expect(response!.status()).toBe(200);
    expect(response!.headers()['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(await page.locator('h1').textContent()).toMatch(/^You spent \$41\.20/);
    expect(await page.evaluate("getComputedStyle(document.querySelector('svg .spent')).fill")).toBe('rgb(79, 70, 184)');
    expect(told).toEqual([]);
    expect(await lab.table()).toEqual(before);
    lab.clock.now += 61 * DAY;
    await page.goto(url('report'));
    expect(await page.locator('h1').textContent()).toBe('This link works no longer');
    await page.close();
  });
});
