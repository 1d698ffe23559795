import { describe, expect, test } from 'vitest';
import { renderNotice } from '../../src/adapters/ses/render.ts';
import type { BudgetFacts, NoticeFacts, StoppedFacts } from '../../src/domain/notice.ts';
import { HOUR, MINUTE } from '../../src/domain/time.ts';
import {
  accountBudget,
  budget,
  budgetStopped,
  budgetWarning,
  evilBudget,
  farOver,
  fullBudget,
  guardrailStopped,
  halfBudget,
  longBudget,
  rtlBudget,
  teamBudget,
  unpricedBudget,
} from './budget-notices.ts';
import { app, LONG, NOW, notice, RTL, ZONE } from './notices.ts';

const render = (facts: NoticeFacts, timezone = ZONE) => renderNotice(notice(facts), { timezone }, {});
const subjectOf = (facts: Partial<BudgetFacts>) => render({ ...budget, ...facts }).subject;
const between = (from: string, to: string) => ({ from: Date.parse(from), to: Date.parse(to) });

/** The colours of the bar, with their widths in percent. */
const barOf = (facts: NoticeFacts) =>
  [...render(facts).html.matchAll(/<td class="(spent|over|expected|left)" width="(\d+)%"/g)].map(
    ([, tone, width]) => `${tone} ${width}`,
  );
/** The marks below the bar, each with its width in percent. */
const marksOf = (facts: NoticeFacts) =>
  [...render(facts).html.matchAll(/<td class="tick" width="(\d+)%"[^>]*>([^&]*)/g)].map(
    ([, width, name]) => `${width} ${name}`,
  );

/** The lines of a mail from one that begins so to the next empty one. */
function section(facts: NoticeFacts, begin: string): string[] {
  const { text } = render(facts);
  return text
    .slice(text.indexOf(`\n${begin}`) + 1)
    .split('\n\n')[0]!
    .split('\n');
}

describe('the mail of a budget', () => {
  test('to its owner says the main thing, what will happen, and what they can do', () => {
    const { subject, text } = render(budget);
    expect(subject).toBe('You have spent $164.10 of your $200.00 this month');
    expect(text).toBe(`You have spent $164.10 of your $200.00 this month

That is 82 % of the budget "per person". This mail comes because the spend reached 80 %.

- $164.10 spent, 82 %
- $231 expected by the end of the month, 115 %

At the limit, your apps that run then are stopped 30 min after a warning. What you start after that goes on. Apps that the policy exempts are not stopped, and files are always kept.

WHAT YOU CAN DO
- Stop what you need no longer: an hour of what runs now costs $1.46.
- Save your work before the limit is reached: what is only in memory is lost when an app stops.
- If you need more, ask those who can grant more or lift the budget: ml-platform@example.org.

THE FIGURES
Spent: $164.10
Billed: $121.35
Estimated: $42.75 at list price of 2026-09-24
Limit: $200.00
Left: $35.90
Expected: $231 by the end of the month
An hour now: $1.46 for 2 apps
The rest lasts: 24 h 35 min at $1.46 an hour, until Wed 25 Nov, 14:40 EST
Budget: per person
Period: November 2026, until Mon 30 Nov

Billed is what AWS has billed and settled. What came since is estimated, and corrected where earlier bills showed estimates to be off.

RUNNING NOW (2)
- churn-model (JupyterLab, ml.g5.xlarge): up 26 h 10 min; $36.84
- thesis (JupyterLab, ml.t3.medium): up 26 h 10 min; $1.31
Each cost is of the app's whole run, at list price.

-- 
You get this mail because the budget is yours.
Account 123456789012, us-east-1. Times are those of America/New_York.
Curfew, by the policy of your Studio admins
`);
  });

  test('to an admin says whose it is, and why the mail came', () => {
    const { subject, text } = render(farOver);
    expect(subject).toBe('alice has spent $4,321.00 this month, $4,121.00 over the limit of $200.00');
    expect(text).toContain('That is 2,160 % of the budget "per person".');
    expect(text).toContain('Whose: alice in d-abcdefghijkl');
    expect(text).toContain('\nalice has not confirmed an address, so you are told instead.\n');
    expect(text).toContain('If more is needed, grant more or lift the budget. Who can: ml-platform@example.org.');
    expect(text).not.toMatch(/\b(you have|your (apps|work))\b/i);
  });

  test('of the account is the account’s', () => {
    expect(render(accountBudget).subject).toBe('The account has spent $25,000.00 of $50,000.00 in all');
    expect(section(accountBudget, 'THE FIGURES').slice(-2)).toEqual(['Whose: the account', 'Period: all time']);
  });

  test('to a member of a team speaks of the team', () => {
    const { subject, text } = render({ ...teamBudget, audience: { role: 'owner' } });
    expect(subject).toBe('Team alpha is expected to end the month at $1,130 of $1,000');
    expect(text).toContain('Whose: team alpha');
    expect(text).toContain('You get this mail because your apps count in this budget.');
  });

  test.each<[string, Partial<BudgetFacts>]>([
    ['You have spent $100.00 of your $200.00 this month', halfBudget],
    ['You have spent all of your $200.00 this month', fullBudget],
    ['You have spent all of your $200.00 this month', { ...fullBudget, spent: 200_000_900 }],
    ['You have spent $201.30 this month, $1.30 over the limit of $200.00', { spent: 201_300_000 }],
    ['You are expected to end the month at $231 of $200', { crossed: [{ kind: 'forecast', share: 1 }] }],
    [
      'You are expected to end the month at $199.60 of $199.75',
      { crossed: [{ kind: 'forecast', share: 0.9 }], forecast: 199_600_000, limit: 199_750_000 },
    ],
    ['You have spent at least $164.10 of your $200.00 this month', { unpriced: { 'ml.p6.48xlarge': HOUR } }],
    ['What you have spent this month is not known: it has no price', unpricedBudget],
    ["o'neil has spent $164.10 of $200.00 this month", { whose: "o'neil", audience: { role: 'admins' } }],
  ])('is called "%s"', (subject, facts) => {
    expect(subjectOf(facts)).toBe(subject);
  });

  test.each([
    ['this week (from Mon 23 Nov)', between('2026-11-23T05:00:00Z', '2026-11-30T05:00:00Z')],
    ['in the week from Mon 16 Nov', between('2026-11-16T05:00:00Z', '2026-11-23T05:00:00Z')],
    ['in October 2026', between('2026-10-01T04:00:00Z', '2026-11-01T04:00:00Z')],
    ['from 1 Sep to 20 Dec', between('2026-09-01T04:00:00Z', '2026-12-21T05:00:00Z')],
    ['from 1 Sep to 31 Jan 2027', between('2026-09-01T04:00:00Z', '2027-02-01T05:00:00Z')],
    ['in all', { from: 0 }],
  ])('says %s', (words, period) => {
    expect(subjectOf({ period })).toBe(`You have spent $164.10 of your $200.00 ${words}`);
  });

  test('says by when a forecast is expected', () => {
    const crossed = [{ kind: 'forecast' as const, share: 1 }];
    const week = between('2026-11-23T05:00:00Z', '2026-11-30T05:00:00Z');
    const term = between('2026-09-01T04:00:00Z', '2026-12-21T05:00:00Z');
    expect(subjectOf({ crossed, period: week })).toBe('You are expected to end the week at $231 of $200');
    expect(subjectOf({ crossed, period: term })).toBe('You are expected to reach $231 of $200 by 20 Dec');
    expect(section({ ...budget, period: term }, 'THE FIGURES')).toContain('Period: Tue 1 Sep to Sun 20 Dec');
  });

  test('is in the zone of the policy', () => {
    const { text, subject } = renderNotice(
      notice({ ...budget, period: between('2026-10-31T15:00:00Z', '2026-11-30T15:00:00Z') }),
      { timezone: 'Asia/Tokyo' },
      {},
    );
    expect(subject).toContain('this month');
    expect(text).toContain('until Thu 26 Nov, 04:40 GMT+9');
  });

  test('says why it comes: whatever was reached', () => {
    const crossed: BudgetFacts['crossed'] = [
      { kind: 'spent', share: 0.5 },
      { kind: 'spent', share: 0.8 },
      { kind: 'forecast', share: 1 },
    ];
    expect(render({ ...budget, crossed }).text).toContain(
      'This mail comes because the spend reached 50 % and 80 %, and the forecast reached 100 %.',
    );
  });
});

describe('what happens at the limit', () => {
  const words = (facts: Partial<BudgetFacts>) => {
    const { grace: _, ...rest } = budget;
    return render({ ...rest, ...facts })
      .text.split('\n')
      .find((line) => /limit,|limit is|Nothing will/.test(line));
  };
  const always = 'Apps that the policy exempts are not stopped, and files are always kept.';

  test.each<[string, Partial<BudgetFacts>]>([
    ['Nothing will be stopped: the policy only warns.', { atLimit: 'warn' }],
    ['Nothing will be stopped: an admin has lifted this budget for now.', { atLimit: 'warn', isLifted: true }],
    [
      `The limit is reached, and nothing is stopped yet. 40 apps would be stopped at once, and one scan may stop 12: an admin has to look first. Whatever you start is stopped nevertheless, until the month ends on Mon 30 Nov, or an admin grants more or lifts the budget. ${always}`,
      { spent: 201_300_000, atLimit: 'block', valve: { wanted: 40, most: 12 } },
    ],
    [`At the limit, your apps that run then are stopped at once. What you start after that goes on. ${always}`, {}],
    [
      `The limit is reached: your apps that run are stopped 30 min after a warning. What you start after that goes on. ${always}`,
      { spent: 200_000_000, grace: 30 * MINUTE },
    ],
    [
      `At the limit, your apps that run then are stopped at once. So is whatever you start after that, until the month ends on Mon 30 Nov, or an admin grants more or lifts the budget. ${always}`,
      { atLimit: 'block' },
    ],
    [
      `At the limit, the apps of this budget that run then are stopped at once. So is whatever is started after that, until an admin grants more or lifts the budget. ${always}`,
      { atLimit: 'block', period: { from: 0 }, audience: { role: 'admins' } },
    ],
  ])('is said: %s', (sentence, facts) => {
    expect(words(facts)).toBe(sentence);
  });

  test('promises no stop where there is none', () => {
    const { text } = render({ ...fullBudget, atLimit: 'warn' });
    expect(text).not.toMatch(/stopped (at once|30 min)|Save your work/);
  });
});

describe('the figures of a budget', () => {
  test('never show as nothing what has no price', () => {
    const { subject, text, html } = render(unpricedBudget);
    for (const part of [subject, text, html]) expect(part).not.toMatch(/\$0\.00|\b0 %/);
    expect(text).toContain(
      'No price is known for ml.p6.48xlarge (26 h 10 min): what ran on it is in none of these figures.',
    );
    expect(text).toContain('An hour now: unknown for 1 app');
    expect(text).toContain('- churn-model (JupyterLab, ml.p6.48xlarge): up 26 h 10 min; no price');
    expect(barOf(unpricedBudget)).toEqual([]);
  });

  test('are bounds where something has no price', () => {
    const { cost: _, ...rest } = app;
    const unpriced = { 'ml.p6.48xlarge': HOUR };
    const running = [...budget.running, { ...rest, instanceType: 'ml.p6.48xlarge' }];
    const figures = section({ ...budget, unpriced, running }, 'THE FIGURES');
    expect(figures).toEqual(
      expect.arrayContaining([
        'Spent: at least $164.10',
        'Billed: $121.35',
        'Estimated: at least $42.75 at list price of 2026-09-24',
        'Left: at most $35.90',
        'Expected: at least $231 by the end of the month',
        'An hour now: at least $1.46 for 3 apps',
        'The rest lasts: at most 24 h 35 min at $1.46 an hour or more, until Wed 25 Nov, 14:40 EST',
      ]),
    );
  });

  test('tell how long the rest lasts only where something runs, and something is left', () => {
    expect(render(halfBudget).text).not.toContain('The rest lasts');
    expect(section(halfBudget, 'THE FIGURES')).toContain('Running now: nothing');
    expect(render(fullBudget).text).not.toContain('The rest lasts');
    expect(section(teamBudget, 'THE FIGURES')).toContain('The rest lasts: longer than the period, at $1.46 an hour');
  });

  test('say of what runs what costs, and what is free', () => {
    const { cost: _, instanceType: __, ...bare } = app;
    const free = { ...bare, appType: 'JupyterServer', instanceType: 'system' };
    const hourly = (facts: Partial<BudgetFacts>) =>
      section({ ...budget, ...facts }, 'THE FIGURES').find((line) => line.startsWith('An hour now'));
    expect(hourly({ running: [app, free, free, free, free], free: 4, hourly: 1_410_000 })).toBe(
      'An hour now: $1.41 for 1 app; 4 more are free',
    );
    expect(hourly({ running: [app, free], more: 30, free: 1 })).toBe('An hour now: $1.46 for 31 apps; 1 more is free');
    expect(hourly({ running: [free], free: 1, hourly: 0 })).toBe('An hour now: nothing: 1 app is free');
    expect(section({ ...budget, running: [free], free: 1, hourly: 0 }, 'RUNNING NOW')).toEqual([
      'RUNNING NOW (1)',
      '- churn-model (JupyterServer, system): up 26 h 10 min; free',
    ]);
  });

  test('tell that an app’s cost is of its whole run, of which some may be from before the period', () => {
    const old = { ...app, startedAt: budget.period.from - HOUR, basis: 'list price of 2026-09-24', cost: 145_180_000 };
    expect(section({ ...budget, running: [old, { ...app, basis: "the policy's price" }] }, 'RUNNING NOW').at(-1)).toBe(
      "Each cost is of the app's whole run, at list price of 2026-09-24 or the policy's price: what ran before Sun 1 Nov is not in this budget.",
    );
    expect(render(budget).html).toMatch(/>Whole run<\/th>/);
  });

  test('say on what each rests, where what runs now would spend sooner what is expected to do', () => {
    const facts = { ...budget, limit: 1_500_000_000, spent: 783_000_000, forecast: 1_213_000_000, hourly: 14_000_000 };
    const figures = section(facts, 'THE FIGURES');
    expect(figures).toContain('Expected: $1,213 by the end of the month, if days to come cost what the last days did');
    expect(figures).toContain(
      'The rest lasts: 2 d 3 h at $14.00 an hour, if all that runs now goes on, until Thu 26 Nov, 17:17 EST',
    );
    // Where they agree, or what runs now lasts to the end, nothing needs to be said.
    for (const agreed of [budget, { ...facts, hourly: 1_000_000 }])
      expect(render(agreed).text).not.toMatch(/, if (days|all that)/);
  });

  test('are drawn as a bar: what is spent, expected and left', () => {
    expect(barOf(halfBudget)).toEqual(['spent 50', 'expected 24', 'left 26']);
    expect(marksOf(halfBudget)).toEqual(['50 50 %', '50 limit']);
    // Those to come are marked as well as those that were told.
    expect(marksOf({ ...halfBudget, warnAt: [0.5, 0.8] })).toEqual(['50 50 %', '30 80 %', '20 limit']);
    expect(barOf(budget)).toEqual(['spent 71', 'expected 29']);
    expect(marksOf(budget)).toEqual(['69 80 %', '17 limit']);
    expect(barOf(accountBudget)).toEqual(['spent 50', 'left 50']);
    const { forecast: _, ...full } = fullBudget;
    expect(barOf(full)).toEqual(['spent 100']);
  });

  test('over the limit are drawn up to four times the limit', () => {
    const { forecast: _, ...full } = fullBudget;
    expect(barOf({ ...full, spent: 300_000_000 })).toEqual(['spent 67', 'over 33']);
    expect(barOf(farOver)).toEqual(['spent 25', 'over 75']);
    expect(marksOf(farOver)).toEqual(['25 limit']);
  });

  test('that are credits or nothing at all break no bar', () => {
    const { forecast: _, ...rest } = budget;
    for (const facts of [{ spent: -5_000_000 }, { spent: 0, limit: 0 }, { spent: 1, limit: 0 }]) {
      const pieces = barOf({ ...rest, ...facts });
      expect(pieces.map((piece) => Number(piece.split(' ')[1])).reduce((sum, width) => sum + width, 0)).toBe(100);
      expect(render({ ...rest, ...facts }).html).not.toMatch(/NaN|Infinity|undefined/);
    }
  });
});

describe('names and numbers in the mail of a budget', () => {
  test('of any length fit the subject, and are whole in the mail', () => {
    const { subject, text, html } = render(longBudget);
    expect(subject).toMatch(/^Team z123\S+… has spent at least \$97,654,321\.00 of \$98,765,432\.10 this month$/);
    for (const part of [text, html]) expect(part).toContain(`team ${LONG}`);
    expect(text).toContain('RUNNING NOW (40)');
    expect(text).toContain('and 20 more');
    expect(text).toContain('and 12 more: what ran on it');
    expect(Buffer.byteLength(html)).toBeLessThan(100_000);
  });

  test('from right to left are kept apart', () => {
    expect(render(rtlBudget).subject).toBe(`\u2068${RTL}\u2069 has spent $164.10 of $200.00 this month`);
  });

  test('of admins are links that begin a mail to them, and to nobody else', () => {
    const { html } = render(evilBudget);
    const [, href] = /href="(mailto:[^"]*)"/.exec(html)!;
    expect(href!.replaceAll('&#x27;', "'")).not.toContain('&');
    expect(href).toMatch(/^mailto:a%22b%3Fsubject%3Dc%26bcc%3D[^?=@]*@example\.org$/);
    expect(render(budget).html).toContain('<a href="mailto:ml-platform@example.org">ml-platform@example.org</a>');
    expect(render({ ...budget, admins: [] }).text).toContain(
      'If you need more, ask your Studio admins to grant more or lift the budget.',
    );
  });
});

describe('the warning and the stop by a budget or a guardrail', () => {
  test('are said to be so', () => {
    expect(render(budgetWarning).text).toContain('It is over a budget: $201.30 of $200.00 spent (alice). Curfew will');
    expect(render(budgetStopped).text).toContain(
      'It was over a budget: $201.30 of $200.00 spent (alice). Curfew stopped',
    );
    expect(render(guardrailStopped).text).toContain('It was against a guardrail: ml.p5.48xlarge is not allowed here');
    for (const facts of [budgetWarning, budgetStopped]) {
      const { text } = render(facts);
      expect(text).toContain('\nBudget: per person\n');
      expect(text).not.toMatch(/\blimit\b|: budget/i);
    }
    expect(render(guardrailStopped).text).toContain('\nGuardrail: no big GPUs\n');
    const { stopAt: _, ...only } = budgetWarning;
    expect(render(only).subject).toBe('Your JupyterLab app in space "churn-model" is over a budget');
  });

  test('say what helps, and who can help', () => {
    expect(section(budgetWarning, 'WHAT YOU CAN DO')).toEqual([
      'WHAT YOU CAN DO',
      '- Save your notebooks now.',
      '- Or stop the app yourself when it suits you: your files stay as you left them.',
      '- If your work needs more, ask your Studio admins to grant more or lift the budget.',
    ]);
    expect(section(budgetStopped, 'WHAT YOU CAN DO')).toEqual([
      'WHAT YOU CAN DO',
      '- Your files are as you last saved them. An app that you start again may be stopped again for the same reason.',
      "- If your work needs more, ask those who can grant more or lift the budget: ml-platform@example.org, o'neil@example.org.",
    ]);
    expect(section(guardrailStopped, 'WHAT YOU CAN DO').at(-1)).toBe(
      '- If your work needs it, ask those who can lift the guardrail: ml-platform@example.org.',
    );
    const { appeal: _, ...silent } = guardrailStopped;
    expect(section(silent, 'WHAT YOU CAN DO').at(-1)).toBe(
      '- If your work needs it, ask your Studio admins to lift the guardrail.',
    );
  });

  test('tell until when what is started again is stopped again, and that a budget which only stops lets it be', () => {
    const period = between('2026-11-01T04:00:00Z', '2026-12-01T05:00:00Z');
    const again = (budget: StoppedFacts['budget'], more: Partial<StoppedFacts> = {}) =>
      section({ ...budgetStopped, ...(budget ? { budget } : {}), ...more }, 'WHAT YOU CAN DO')[1];
    const admin = { audience: { role: 'admins' as const } };
    expect(again({ atLimit: 'block', period })).toBe(
      '- Your files are as you last saved them. An app that you start again is stopped again, until the month ends on Mon 30 Nov, or an admin grants more or lifts the budget.',
    );
    expect(again({ atLimit: 'block', period: { from: 0 } })).toContain(
      'is stopped again, until an admin grants more or lifts the budget.',
    );
    expect(again({ atLimit: 'stop', period })).toContain(
      'An app that you start again goes on: this budget stops what ran when its limit was reached.',
    );
    expect(again({ atLimit: 'block', period }, admin)).toContain(
      'Started again, the app is stopped again, until the month ends on Mon 30 Nov, or an admin',
    );
    expect(render({ ...budgetStopped, budget: { atLimit: 'block', period } }).html).toContain(
      'until the month ends on Mon 30 Nov',
    );
  });

  test('tell an admin how to let it go on', () => {
    const audience = { role: 'admins' as const };
    expect(section({ ...budgetWarning, audience }, 'WHAT YOU CAN DO').at(-1)).toBe(
      '- If it has to go on, grant more, lift the budget, or exempt it in the policy: Curfew then lifts the warning.',
    );
    expect(section({ ...budgetStopped, audience }, 'WHAT YOU CAN DO')).toEqual([
      'WHAT YOU CAN DO',
      '- You need do nothing. The files are as they were last saved. Started again, the app may be stopped again for the same reason.',
      "- If an app like this has to go on, grant more, lift the budget, or exempt it in the policy. Who can grant more or lift the budget: ml-platform@example.org, o'neil@example.org.",
    ]);
  });

  test('speak of the moment of the mail, in a subject that fits', () => {
    const { subject } = render({ ...budgetStopped, stoppedAt: NOW, app: { ...app, spaceName: LONG, owner: LONG } });
    expect(subject.length).toBeLessThanOrEqual(120);
  });
});
