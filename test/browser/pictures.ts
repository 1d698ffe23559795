import { fileURLToPath } from 'node:url';
import { renderReportPage } from '../../src/adapters/report/page.ts';
import { renderNotice } from '../../src/adapters/ses/render.ts';
import { notice, urls, ZONE } from '../mail/notices.ts';
import { ownerReport } from '../mail/report-notices.ts';
import { startBrowser } from './browser.ts';

// `npm run pictures`: the mail and the page of docs/report.md and README.md, as Chromium shows them.
const { html } = renderNotice(notice(ownerReport), { timezone: ZONE }, urls);
const page = renderReportPage(ownerReport, { account: '123456789012', region: 'us-east-1' }, ZONE);

const browser = await startBrowser();
try {
  for (const [name, text, width] of [
    ['report-mail', html, 680],
    ['report-page', page, 920],
  ] as const) {
    const sheet = await browser.newPage({
      viewport: { width, height: 800 },
      deviceScaleFactor: 1.5,
      colorScheme: 'light',
    });
    await sheet.setContent(text, { waitUntil: 'load' });
    const path = fileURLToPath(new URL(`../../docs/${name}.png`, import.meta.url));
    await sheet.screenshot({ path, fullPage: true });
    console.log(`Written: ${path}`);
  }
} finally {
  await browser.close();
}
