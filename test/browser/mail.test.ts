import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderNotice } from '../../src/adapters/ses/render.ts';
import { gallery, notice, urls, ZONE } from '../mail/notices.ts';

const CHROMIUM = process.env.CURFEW_CHROMIUM ?? '/usr/bin/chromium';
/** Set it to a folder, and every mail is photographed there, to be looked at. */
const SHOTS = process.env.CURFEW_SHOTS;
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

const LOOKS = [
  { look: 'light', width: 720, colorScheme: 'light' },
  { look: 'dark', width: 720, colorScheme: 'dark' },
  { look: 'phone', width: 320, colorScheme: 'light' },
] as const;

const mails = Object.entries(gallery).map(([name, facts]) => ({
  name,
  facts,
  html: renderNotice(notice(facts), { timezone: ZONE }, urls).html,
}));

// Scripts for the page are texts: our types know no DOM, and the rest of the code shall not come to know one.
const MEASURE = `(() => {
  const width = document.documentElement.clientWidth;
  const list = (selector, test) => [...document.querySelectorAll(selector)].filter(test).map((e) => e.outerHTML.slice(0, 100));
  return {
    page: document.documentElement.scrollWidth - width,
    beyond: list('body *', (e) => e.getBoundingClientRect().right > width + 0.5),
    // What does not fit its cell spills over its neighbour.
    spilled: list('th, td, h1, p, li', (e) => e.scrollWidth > e.clientWidth + 1),
  };
})()`;

let browser: Browser;

beforeAll(async () => {
  if (!existsSync(CHROMIUM)) {
    throw new Error(
      `No browser at ${CHROMIUM}. These tests need one: apt-get install chromium, or set CURFEW_CHROMIUM to its path.`,
    );
  }
  if (SHOTS) mkdirSync(SHOTS, { recursive: true });
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });
});

afterAll(async () => {
  await browser?.close();
});

/** Shows a mail as a mail client would, and tells what it tried to do. */
async function show(html: string, look: (typeof LOOKS)[number]): Promise<{ page: Page; tried: string[] }> {
  const page = await browser.newPage({ viewport: { width: look.width, height: 800 }, colorScheme: look.colorScheme });
  const tried: string[] = [];
  page.on('request', (request) => tried.push(`request ${request.url()}`));
  page.on('dialog', (dialog) => {
    tried.push(`dialog ${dialog.message()}`);
    dialog.dismiss().catch(() => undefined);
  });
  page.on('pageerror', (error) => tried.push(`error ${error.message}`));
  await page.setContent(html, { waitUntil: 'load' });
  return { page, tried };
}

describe.each(mails)('$name', ({ name, facts, html }) => {
  test.each(LOOKS)('in $look', async (look) => {
    const { page, tried } = await show(html, look);
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/${name}, ${look.look}.png`, fullPage: true });

    const wide = await page.evaluate(MEASURE);
    expect(wide).toEqual({ page: 0, beyond: [], spilled: [] });

    const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(ground).toBe(look.colorScheme === 'dark' ? 'rgb(17, 20, 24)' : 'rgb(243, 244, 246)');

    expect(await page.locator('script, img, link, iframe').count()).toBe(0);
    expect(await page.locator('h1').count()).toBe(1);
    const tables = await page.locator('table:not([role=presentation])').count();
    expect(await page.locator('table:not([role=presentation]):has(th[scope])').count()).toBe(tables);
    if (facts.kind !== 'digest') expect(tables).toBeLessThanOrEqual(1);
    expect(tried).toEqual([]);

    // A phone's words and colours are those of the light look.
    if (look.look !== 'phone') {
      await page.addScriptTag({ path: AXE });
      const results = await page.evaluate<AxeResults>('axe.run()');
      const serious = results.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      expect(serious.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
      // Contrast was measured, and not given up on.
      expect(results.passes.map(({ id }) => id)).toContain('color-contrast');
      expect(results.incomplete.filter(({ id }) => id === 'color-contrast')).toEqual([]);
    }
    await page.close();
  });
});

test('the checks see a mail that is too wide, pale, or curious', async () => {
  const bad =
    '<h1 style="color:#ddd;background:#fff">pale</h1><div style="width:500px">wide</div><img src="http://127.0.0.1:9/">';
  const { page, tried } = await show(bad, LOOKS[2]);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeGreaterThan(320);
  expect(tried).toEqual(['request http://127.0.0.1:9/']);
  await page.addScriptTag({ path: AXE });
  const { violations } = await page.evaluate<AxeResults>('axe.run()');
  expect(violations.map(({ id }) => id)).toContain('color-contrast');
  await page.close();
});
