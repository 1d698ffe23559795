import { describe, expect, test } from 'vitest';
import { renderNotice } from '../../src/adapters/ses/render.ts';
import type { MailUrls } from '../../src/application/ports.ts';
import type { AppFacts, NoticeFacts } from '../../src/domain/notice.ts';
import { UNSIZED } from '../../src/domain/spend.ts';
import { DAY, HOUR, MINUTE } from '../../src/domain/time.ts';
import { compileMjml, compileTemplates } from '../../templates/compile.mjs';
import { budgetGallery, evilBudget } from './budget-notices.ts';
import {
  adminWarning,
  app,
  bareApp,
  digest,
  EVIL,
  emptyDigest,
  evilApp,
  failure,
  fullDigest,
  gallery,
  idleDigest,
  idleWarning,
  LONG,
  longApp,
  NOW,
  notice,
  RTL,
  rtlApp,
  stopped,
  urls,
  warning,
  warningOnly,
  ZONE,
} from './notices.ts';
import { hostileReport, reportGallery } from './report-notices.ts';

const render = (facts: NoticeFacts, timezone = ZONE, urls: MailUrls = {}) =>
  renderNotice(notice(facts), { timezone }, urls);
const mails = Object.entries({ ...gallery, ...budgetGallery, ...reportGallery }).map(([name, facts]) => ({
  name,
  facts,
}));

/** What a reader sees of the HTML part, as one line. */
function visible(html: string): string {
  const body = html.slice(html.indexOf('<div', html.indexOf('</div>')));
  return unescaped(
    body
      .replace(/<!--[\s\S]*?-->/g, '')
      .replace(/<\/?b\b[^>]*>/g, '')
      .replace(/<[^>]+>/g, ' '),
  );
}

function unescaped(html: string): string {
  const named: Record<string, string> = {
    amp: '&',
    nbsp: ' ',
    lt: '<',
    gt: '>',
    quot: '"',
    '#x27': "'",
    '#x60': '`',
    '#x3D': '=',
  };
  return html.replace(/&([a-z]+|#x\w\w);/g, (entity, name: string) => named[name] ?? entity).replace(/\s+/g, ' ');
}

const words = (text: string) =>
  text
    .toLowerCase()
    .split(/[\s:;,.()]+/)
    .filter((word) => /[^-]/.test(word));

describe('a warning', () => {
  test('says the main thing first, then when and why', () => {
    const { subject, text } = render(warning);
    expect(subject).toBe('Your JupyterLab app in space "churn-model" will be stopped at 14:35');
    expect(text).toContain('over a limit: up 26 h 10 min, limit 24 h.');
    expect(text).toContain(
      'Curfew will stop it on Tue 24 Nov, 14:35 EST, or soon after. That leaves 30 min from this warning.',
    );
    expect(text).toContain(
      "Your files are kept: only the app stops. Anything only in a kernel's memory is lost, so save your notebooks.",
    );
    for (const fact of [
      'App: default (JupyterLab)',
      'Space: churn-model',
      'Domain: research (d-abcdefghijkl)',
      'Instance: ml.g5.xlarge',
      'Up since: Mon 23 Nov, 11:55 EST, 26 h 10 min ago',
      'Cost so far: $36.84 at list price',
      'Limit: everything else: max-uptime',
      'Account 123456789012, us-east-1. Times are those of America/New_York.',
    ])
      expect(text).toContain(fact);
  });

  test('names an app of a user profile by its own name', () => {
    const { spaceName: _, ...rest } = app;
    const mail = render({ ...warning, app: { ...rest, userProfileName: 'alice' } });
    expect(mail.subject).toBe('Your JupyterLab app "default" will be stopped at 14:35');
    expect(mail.text).toContain('Profile: alice');
    expect(mail.text).not.toContain('Space:');
    expect(mail.text).not.toContain('Owner:');
  });

  test('promises that use helps only where idleness is the reason', () => {
    expect(render(idleWarning).text).toContain('unless it is used before then');
    expect(render(idleWarning).text).toContain('once Curfew sees that, it lifts the warning');
    expect(render(warning).text).not.toContain('unless it is used');
    expect(render(warning).text).toContain('using the app does not move it');
    const other = render({ ...warning, rule: 'per person: budget' }).text;
    expect(other).not.toContain('unless it is used');
    expect(other).not.toContain('does not move it');
  });

  test('says so when nothing will be stopped', () => {
    const { subject, text, html } = render(warningOnly);
    expect(subject).toBe('Your JupyterLab app in space "churn-model" is over its limit');
    expect(text).toContain('Nothing will be stopped: the policy only warns.');
    expect(text).not.toContain('Stops:');
    for (const part of [text, html]) expect(part).not.toContain('will be stopped at');
    expect(render({ ...warningOnly, audience: { role: 'admins' } }).text).toContain('Nothing will be stopped');
  });

  test('tells an admin whose app it is and why the mail came', () => {
    const { subject, text } = render(adminWarning);
    expect(subject).toBe(`alice's JupyterLab app in space "churn-model" will be stopped at 14:35`);
    expect(text).toContain("alice's files are kept");
    expect(text).toContain('alice has not confirmed an address, so you are told instead.');
    expect(text).not.toMatch(/\byour (files|notebooks|work)\b/i);
    expect(render({ ...warning, audience: { role: 'admins' } }).text).toContain('the policy names you as an admin');
  });

  test('speaks of an app that nobody owns', () => {
    const { subject, text } = render({ ...adminWarning, app: bareApp });
    expect(subject).toBe('The JupyterLab app in space "lab" will be stopped at 14:35');
    expect(text).toContain('The files are kept');
  });

  test('says nothing of what is unknown', () => {
    const { text, html } = render({ ...warning, app: bareApp });
    for (const part of [text, visible(html)]) {
      expect(part).not.toMatch(/Instance|Cost|Owner|undefined|null|NaN|\[object/);
      expect(part).toContain('d-abcdefghijkl');
    }
  });

  test('speaks of kernels only where there are kernels', () => {
    const canvas = render({ ...warning, app: { ...app, appType: 'Canvas' } }).text;
    expect(canvas).toContain("Anything only in the app's memory is lost, so save your work.");
    const editor = render({ ...warning, app: { ...app, appType: 'CodeEditor' } });
    expect(editor.subject).toContain('Code Editor app');
    expect(render({ ...warning, app: { ...app, appType: 'SomethingNew' } }).subject).toContain('SomethingNew app');
  });

  test('is in the zone of the policy, with the day where the day differs, and the year where that differs', () => {
    expect(render(warning, 'Europe/Berlin').text).toContain('Tue 24 Nov, 20:35 CET');
    expect(render(warning, 'Asia/Tokyo').text).toContain('Wed 25 Nov, 04:35 GMT+9');
    expect(render({ ...warning, stopAt: NOW + DAY }).subject).toContain('on Wed 25 Nov at 14:05');
    const old = render({ ...warning, app: { ...app, startedAt: Date.parse('2025-07-04T12:00:00Z') } });
    expect(old.text).toContain('Up since: Fri 4 Jul 2025, 08:00 EDT');
  });

  test('shows a cost below a cent as a cost', () => {
    expect(render({ ...warning, app: { ...app, cost: 900 } }).text).toContain('Cost so far: under $0.01');
    expect(render({ ...warning, app: { ...app, cost: 0 } }).text).toContain('Cost so far: $0.00');
  });
});

test('of two links each opens a page, and of one, it', () => {
  const { stop = '' } = urls;
  const note = (links: MailUrls) =>
    /(Each|It) opens? a page that asks once more/.exec(render(warning, ZONE, links).text)?.[0];
  expect(note(urls)).toBe('Each opens a page that asks once more');
  expect(note({ stop })).toBe('It opens a page that asks once more');
  expect(render(warning, ZONE, { stop }).html).toContain('It opens a page that asks once more');
});

describe('a stopped mail', () => {
  test('says when, why, what was kept and what is gone', () => {
    const { subject, text } = render(stopped);
    expect(subject).toBe('Your JupyterLab app in space "churn-model" was stopped at 14:36');
    expect(text).toContain('over a limit: up 26 h 40 min, limit 24 h; warned 14:05, grace 30 min.');
    expect(text).toContain(
      "Your files are kept: only the app was stopped. Anything that was only in a kernel's memory is gone.",
    );
    expect(text).toContain('Stopped: Tue 24 Nov, 14:36 EST, after 26 h 41 min');
    expect(text).toContain('Cost: $36.84 at list price');
    expect(text).toContain('Start it again in Studio');
  });

  test('says what its cost rests on', () => {
    const { text } = render({ ...stopped, app: { ...stopped.app, basis: 'list price of 2026-09-24' } });
    expect(text).toContain('Cost: $36.84 at list price of 2026-09-24');
    expect(render(digest).text).toContain("an hour, at list price of 2026-11-24 and the policy's price");
  });

  test('to admins speaks of the owner', () => {
    const { subject, text } = render({
      ...stopped,
      app: { ...app, startedAt: NOW - HOUR },
      audience: { role: 'admins' },
    });
    expect(subject).toMatch(/^alice's JupyterLab app/);
    expect(text).not.toMatch(/\byour (files|work)\b/i);
  });
});

describe('a failure mail', () => {
  test('has what happened in paragraphs, and what to do in steps', () => {
    const { subject, text, html } = render(failure);
    expect(subject).toBe('The stop of alice/default failed 3 times');
    for (const paragraph of failure.details) expect(text).toContain(`\n${paragraph}\n`);
    expect(text).toContain('1. Allow sagemaker:DeleteApp');
    expect(html).toContain('<ol>');
    expect(text).toContain('Up since: Mon 23 Nov, 11:55 EST, 26 h 10 min ago');
  });

  test('leaves out what there is not', () => {
    const { text, html } = render({ kind: 'failure', title: 'The valve held', details: [], todo: [], at: NOW });
    for (const part of [text, html]) expect(part).not.toMatch(/what to do now|the app<|THE APP|<ol/i);
    expect(text).toMatch(/^The valve held\nTue 24 Nov, 14:05 EST\n/);
  });
});

describe('a digest', () => {
  test('is the day at a glance', () => {
    const { subject, text, html } = render(digest);
    expect(subject).toBe(
      'Studio, Tue 24 Nov: 1 stop keeps failing, 42 apps running at $61.44 an hour, 3 warned, 2 stopped',
    );
    expect(text).toContain('At 14:05 EST, 42 apps were running.');
    expect(text).toContain('RUNNING LONGEST (42)');
    expect(text).toContain('and 37 more');
    expect(text).toContain('No price is known for ml.p6.48xlarge');
    expect(text).toContain(
      '- bob-thesis (bob, Code Editor, ml.g5.xlarge): up 26 h 10 min, limit 24 h; stops at 14:35; $4.94',
    );
    expect(html.match(/<th scope="col"/g)).toHaveLength(15);
  });

  test('of an empty fleet is a friendly sentence without tables', () => {
    const { subject, text, html } = render(emptyDigest);
    expect(subject).toBe('Studio, Tue 24 Nov: nothing is running');
    expect(text).toContain('At 14:05 EST, no app was running. A quiet day: there is nothing to do.');
    expect(html).not.toContain('<th');
    expect(visible(html)).not.toContain('$');
    const after = render({ ...emptyDigest, stopped: digest.stopped }).text;
    expect(after).toContain('In the last 24 hours, Curfew stopped 2 apps.');
    expect(after).not.toContain('quiet');
  });

  test('never shows an unknown price as nothing', () => {
    const { text, subject } = render({ ...digest, hourly: 0 });
    expect(text).toContain('unknown an hour');
    expect(subject).not.toContain('$');
  });

  test('says of a budget what its sum lacks, and that its share is the least', () => {
    const { text, html } = render(gallery['digest, money']!);
    const reason = '$72.03, and 5 h of Canvas and 1 h of ml.x9.large without a price, of $90.00 spent';
    expect(text).toContain(`- zoe (per person): ${reason}; at least 80 %`);
    expect(visible(html)).toContain(reason);
    expect(text).toContain('- alice (per person): $201.30 of $200.00 spent: over, and blocked; 100 %');
  });

  test('names what has no price, and how to name one, where nothing runs any more too', () => {
    const { text, html } = render({ ...emptyDigest, unpricedSince: ['ml.x9.large', 'volume'] });
    const said =
      'No price is known for ml.x9.large, volume: it is in no cost and no budget. The policy can name one: prices: { ml.x9.large: … USD/h }.';
    for (const part of [text, visible(html)]) {
      expect(part).toContain(said);
      expect(part).not.toContain('quiet');
    }
    const unsized = render({ ...emptyDigest, unpricedSince: [UNSIZED] }).text;
    expect(unsized).toContain('No price is known for volumes of unknown size: it is in no cost and no budget.\n');
    expect(render({ ...emptyDigest, unpricedSince: ['volume'] }).text).toContain('prices: { volume: … USD/GB-month }.');
    // What runs is named once, and its hour is as it was.
    const both = render({ ...digest, unpricedSince: digest.unpriced }).text;
    expect(both).toContain('No price is known for ml.p6.48xlarge: ');
    expect(render({ ...digest, hourly: 0, unpriced: [], unpricedSince: ['volume'] }).text).not.toContain(
      'unknown an hour',
    );
  });

  test('says what the mode holds back', () => {
    expect(render({ ...digest, mode: 'observe' }).text).toContain(
      'Curfew only observes: it warns nobody and stops nothing.',
    );
    expect(render({ ...digest, mode: 'warn' }).text).toContain('Curfew warns, but stops nothing.');
  });

  test('counts one as one', () => {
    const { subject, text } = render({ ...digest, running: 1, failing: [] });
    expect(subject).toContain('1 app running at');
    expect(text).toContain('1 app was running.');
  });

  test('tells whose native idle shutdown differs, what was set, what failed, and what nobody looked at', () => {
    const { subject, text, html } = render(idleDigest);
    expect(subject).toBe('Studio, Tue 24 Nov: nothing is running');
    expect(text).not.toContain('quiet');
    const section = text.slice(text.indexOf('NATIVE IDLE SHUTDOWN (8)')).split('\n').slice(1, 6);
    expect(section).toEqual([
      '- chandra (research, JupyterLab): is 2 h (least 1 h, most 5 h); wanted 2 h (least 1 h, most 2 h); sagemaker:UpdateUserProfile is not allowed to these credentials: not authorized; failed',
      '- bob (d-abcdefghijkl): not looked at; sagemaker:DescribeUserProfile: Rate exceeded; failed',
      '- dmitri (research, JupyterLab): is off; wanted 2 h (least 1 h, most 2 h); differs',
      '- research (domain, Code Editor): was not set; now 2 h (least 1 h, most 2 h); set',
      'and 4 more; 7,000 profiles not looked at for lack of time: the next look begins there; apps that run take a new setting once they are restarted',
    ]);
    expect(html.match(/<th scope="col"/g)).toHaveLength(3);
    const unseen = render({
      ...idleDigest,
      nativeIdle: { findings: [], more: 0, unseen: 0, faults: ['no profiles: denied'] },
    });
    expect(unseen.text).toContain('NATIVE IDLE SHUTDOWN\nno profiles: denied\n');
    expect(unseen.html).not.toContain('<th scope="col"');
    for (const facts of [digest, emptyDigest]) expect(render(facts).text).not.toMatch(/native idle/i);
  });

  test('drops rows, and says how many, before a mail client clips it', () => {
    const rows = fullDigest.warned.map((row) => ({ ...row, reason: '<&"\'`='.repeat(60), app: evilApp }));
    const { html, text } = render({
      ...fullDigest,
      warned: rows,
      stopped: rows,
      failing: rows,
      unknownUse: rows,
      longest: rows,
    });
    expect(Buffer.byteLength(html)).toBeLessThan(102_000);
    expect(html).toContain('Warned (57)');
    const shown = text.slice(text.indexOf('WARNED'), text.indexOf('STOPPED')).match(/^- /gm)!.length;
    expect(text).toContain(`and ${57 - shown} more`);
  });
});

describe.each(mails)('$name', ({ facts }) => {
  const mail = render(facts);

  test('has a subject of one line that fits', () => {
    expect(mail.subject.length).toBeGreaterThan(10);
    expect(mail.subject.length).toBeLessThanOrEqual(120);
    expect(mail.subject).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e]/u);
  });

  test('is small, and asks nothing of the network or of a clever client', () => {
    expect(Buffer.byteLength(mail.html)).toBeLessThan(102_000);
    const markup = mail.html.replace(/ xmlns(:\w)?="[^"]*"/g, '');
    expect(markup).not.toMatch(/<(script|img|link|iframe|object|form|svg)\b|https?:\/\/|@import|url\(|\bon\w+="/i);
    expect(markup).not.toMatch(/display:\s*(flex|grid)/);
    expect(markup).toMatch(/<html lang="en"/);
    expect(markup).toContain('name="color-scheme" content="light dark"');
    expect(markup).not.toMatch(/undefined|\bnull\b|\bNaN\b|\[object/);
  });

  test('opens each link in a page of its own: the mailbox shows mail in a frame, which our pages do not enter', () => {
    const { html } = render(facts, ZONE, urls);
    const links = html.match(/<a\b[^>]*\bhref="https?:[^>]*>/g) ?? [];
    expect(links.length).toBeGreaterThan(0);
    for (const link of links) expect(link).toContain('target="_blank"');
    expect(Buffer.byteLength(html)).toBeLessThan(102_000);
  });

  test('says the same in text as in HTML', () => {
    const seen = ` ${words(visible(mail.html)).join(' ')} `;
    for (const line of mail.text.split('\n')) {
      const said = words(line.replace(/^(- |\d+\. )/, ''));
      if (said.length > 0) expect(seen).toContain(` ${said.join(' ')} `);
    }
    const known = new Set([
      ...words(mail.text),
      ...words(
        'Curfew App Why Cost What happened How it stands Domain or profile Outcome limit How long Cost so far Budget Share',
      ),
      ...words(
        'App Since Cost so far What Its time Person Team When and why Saved of it How many Which to mend Figure',
      ),
    ]);
    expect(words(visible(mail.html)).filter((word) => !known.has(word))).toEqual([]);
  });

  test('is plain: no exclamation, no emoji', () => {
    if (!JSON.stringify(facts).includes('!')) expect(visible(mail.html) + mail.subject + mail.text).not.toContain('!');
    expect(mail.text).not.toMatch(/\p{Extended_Pictographic}/u);
    expect(mail.text).not.toMatch(/\n{4}/);
  });
});

describe('names that do harm', () => {
  const everywhere: NoticeFacts[] = [
    { ...adminWarning, app: evilApp, reason: EVIL, rule: EVIL, audience: { role: 'admins', why: EVIL } },
    { ...stopped, app: evilApp, reason: EVIL, rule: EVIL, audience: { role: 'admins', why: EVIL } },
    { ...failure, app: evilApp, title: EVIL, details: [EVIL], todo: [EVIL] },
    hostileReport(EVIL),
    { ...digest, unpriced: [EVIL], warned: [{ app: evilApp, reason: EVIL }] },
    evilBudget,
    { ...stopped, rule: `${EVIL}: budget`, appeal: [EVIL] },
  ];

  test.each(everywhere)('are text in $kind', (facts) => {
    const { subject, html, text } = render(facts);
    expect(html).not.toMatch(/<script|<img/i);
    expect(visible(html)).toContain('<script>alert("1")</script>\'&amp; Bcc: all@example.org evil {{app}}');
    for (const part of [subject, text, html]) {
      expect(part).not.toMatch(/(?!\n)[\p{Cc}\u2028\u202e]/u);
      expect(part).not.toMatch(/^Bcc:/m);
    }
    expect(subject).not.toContain('\n');
  });

  test('from right to left do not reorder the English around them', () => {
    const { subject, text } = render({ ...adminWarning, app: rtlApp });
    expect(subject).toContain(`\u2068${RTL}\u2069's JupyterLab app in space "\u2068${RTL}\u2069" will`);
    expect(text).toContain(`Space: \u2068${RTL}\u2069`);
  });

  test('of 63 characters are cut in the subject, and whole in the mail', () => {
    const { subject, text, html } = render({ ...adminWarning, app: longApp, stopAt: NOW + 40 * DAY });
    expect(subject).toMatch(
      /^z123\S+…'s JupyterLab app "z123\S+…" in space "z123\S+…" will be stopped on Sun 3 Jan at 14:05$/,
    );
    for (const part of [text, html]) expect(part).toContain(LONG);
  });

  test('with half a character in them are mended', () => {
    const half = { ...app, spaceName: `a\ud800${'😀'.repeat(80)}` };
    const mail = render({ ...warning, app: half });
    for (const part of [mail.subject, mail.text, mail.html]) expect(part.isWellFormed()).toBe(true);
  });

  test('as long as an error message can be are cut', () => {
    const { html } = render({
      ...failure,
      details: Array.from({ length: 500 }, () => 'x'.repeat(50_000)),
      title: 'y'.repeat(9_999),
    });
    expect(Buffer.byteLength(html)).toBeLessThan(102_000);
  });
});

describe('the build of templates', () => {
  const page = (inside: string) =>
    `<mjml><mj-body><mj-section><mj-column>${inside}</mj-column></mj-section></mj-body></mjml>`;

  test('fails on whatever MJML finds wrong', async () => {
    await expect(compileMjml(page('<mj-txt>hello</mj-txt>'))).rejects.toThrow('mj-txt');
    await expect(compileMjml(page('<mj-text colour="red">hello</mj-text>'))).rejects.toThrow('colour');
    await expect(compileMjml(page('<mj-include path="./partials/gone.mjml" />'))).rejects.toThrow('gone.mjml');
  });

  test('ships the runtime of Handlebars alone', async () => {
    const source = await compileTemplates();
    expect([...source.matchAll(/^import .* from '(.*)';$/gm)].map(([, name]) => name)).toEqual([
      'handlebars/runtime.js',
    ]);
    expect(source).not.toMatch(/https?:(?!\/\/www\.w3\.org|urn)|@import|url\(/);
  });
});

test('a mail can be stopped within the minute', () => {
  const soon: AppFacts = { ...app, startedAt: NOW - MINUTE };
  const { text } = render({ ...warning, app: soon, stopAt: NOW });
  expect(text).not.toContain('from this warning');
});
