import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderNotice } from '../../src/adapters/ses/render.ts';
import { budgetGallery } from '../mail/budget-notices.ts';
import { gallery, notice, urls, ZONE } from '../mail/notices.ts';
import { reportGallery } from '../mail/report-notices.ts';
import { AXE, checkAccess, MEASURE, SHOTS, startBrowser } from './browser.ts';

const LOOKS = [
  { look: 'light', width: 720, colorScheme: 'light' },
  { look: 'dark', width: 720, colorScheme: 'dark' },
  { look: 'phone', width: 320, colorScheme: 'light' },
] as const;

const mails = Object.entries({ ...gallery, ...budgetGallery, ...reportGallery }).map(([name, facts]) => ({
  name,
  facts,
  html: renderNotice(notice(facts), { timezone: ZONE }, urls).html,
}));

let browser: Browser;

beforeAll(async () => {
  browser = await startBrowser();
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
    if (facts.kind !== 'digest' && facts.kind !== 'report')
      expect(tables).toBeLessThanOrEqual(facts.kind === 'budget' ? 2 : 1);
    expect(tried).toEqual([]);

    // A phone's words and colours are those of the light look.
    if (look.look !== 'phone') {
      // Contrast was measured, and not given up on.
      expect(await checkAccess(page)).toEqual({ serious: [], isContrastKnown: true });
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
