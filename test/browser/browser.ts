import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';

const CHROMIUM = process.env.CURFEW_CHROMIUM ?? '/usr/bin/chromium';
/** Set it to a folder, and every mail and page is photographed there, to be looked at. */
export const SHOTS = process.env.CURFEW_SHOTS;
export const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Starts a real browser that talks to nobody but us. */
export async function startBrowser(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) {
    throw new Error(
      `No browser at ${CHROMIUM}. These tests need one: apt-get install chromium, or set CURFEW_CHROMIUM to its path.`,
    );
  }
  if (SHOTS) mkdirSync(SHOTS, { recursive: true });
  return chromium.launch({
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
}

// Scripts for the page are texts: our types know no DOM, and the rest of the code shall not come to know one.
export const MEASURE = `(() => {
  const width = document.documentElement.clientWidth;
  const list = (selector, test) => [...document.querySelectorAll(selector)].filter(test).map((e) => e.outerHTML.slice(0, 100));
  return {
    page: document.documentElement.scrollWidth - width,
    beyond: list('body *', (e) => e.getBoundingClientRect().right > width + 0.5),
    // What does not fit its cell spills over its neighbour.
    spilled: list('th, td, h1, p, li, button, label', (e) => e.scrollWidth > e.clientWidth + 1),
  };
})()`;

/** What axe finds serious, and whether it could measure contrast. */
export async function checkAccess(page: Page): Promise<{ serious: string[]; isContrastKnown: boolean }> {
  await page.addScriptTag({ path: AXE });
  const results = await page.evaluate<AxeResults>('axe.run()');
  const serious = results.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  const unsure = results.incomplete.filter(({ id }) => id === 'color-contrast');
  return {
    serious: serious.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`),
    isContrastKnown: results.passes.some(({ id }) => id === 'color-contrast') && unsure.length === 0,
  };
}
