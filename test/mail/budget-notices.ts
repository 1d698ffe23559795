import type { AppFacts, BudgetFacts, NoticeFacts, StoppedFacts, WarningFacts } from '../../src/domain/notice.ts';
import { HOUR, MINUTE } from '../../src/domain/time.ts';
import { app, EVIL, evilApp, LONG, NOW, RTL, rtlApp, stopped, warning } from './notices.ts';

const { cost: _, ...unpricedApp } = app;
const monthOf = (from: string, to: string) => ({ from: Date.parse(from), to: Date.parse(to) });

/** An owner's month: 164.10 of 200 dollars, two apps running. */
export const budget: BudgetFacts = {
  kind: 'budget',
  audience: { role: 'owner' },
  budget: 'per person',
  whose: 'alice',
  owner: 'd-abcdefghijkl/alice',
  period: monthOf('2026-11-01T04:00:00Z', '2026-12-01T05:00:00Z'),
  limit: 200_000_000,
  spent: 164_100_000,
  billed: 121_350_000,
  forecast: 231_400_000,
  unpriced: {},
  crossed: [{ kind: 'spent', share: 0.8 }],
  atLimit: 'stop',
  grace: 30 * MINUTE,
  running: [app, { ...app, spaceName: 'thesis', instanceType: 'ml.t3.medium', cost: 1_310_000 }],
  hourly: 1_460_000,
  basis: 'list price of 2026-09-24',
  admins: ['ml-platform@example.org'],
  at: NOW,
};

export const halfBudget: BudgetFacts = {
  ...budget,
  spent: 100_000_000,
  billed: 97_000_000,
  forecast: 148_000_000,
  crossed: [{ kind: 'spent', share: 0.5 }],
  running: [],
  hourly: 0,
};

export const fullBudget: BudgetFacts = {
  ...budget,
  spent: 200_000_000,
  crossed: [
    { kind: 'spent', share: 0.8 },
    { kind: 'spent', share: 1 },
  ],
  atLimit: 'block',
};

export const farOver: BudgetFacts = {
  ...fullBudget,
  audience: { role: 'admins', why: 'alice has not confirmed an address, so you are told instead.' },
  spent: 4_321_000_000,
  billed: 4_000_000_000,
  forecast: 5_000_000_000,
};

const { owner: __, ...nobodys } = budget;
const { forecast: ___, ...endless } = nobodys;

export const teamBudget: BudgetFacts = {
  ...nobodys,
  audience: { role: 'admins' },
  budget: 'alpha, this semester',
  whose: 'team alpha',
  limit: 1_000_000_000,
  spent: 640_000_000,
  billed: 611_000_000,
  forecast: 1_130_400_000,
  crossed: [{ kind: 'forecast', share: 1 }],
  atLimit: 'warn',
  admins: ['one@example.org', 'two@example.org', 'three@example.org', 'four@example.org', 'five@example.org'],
};

export const accountBudget: BudgetFacts = {
  ...endless,
  audience: { role: 'admins' },
  budget: 'everything',
  whose: 'the account',
  period: { from: 0 },
  limit: 50_000_000_000,
  spent: 25_000_000_000,
  billed: 24_000_000_000,
  crossed: [{ kind: 'spent', share: 0.5 }],
  atLimit: 'block',
};

export const unpricedBudget: BudgetFacts = {
  ...budget,
  spent: 0,
  billed: 0,
  forecast: 0,
  hourly: 0,
  unpriced: { 'ml.p6.48xlarge': 26 * HOUR + 10 * MINUTE },
  crossed: [],
  running: [{ ...unpricedApp, instanceType: 'ml.p6.48xlarge' } as AppFacts],
};

const manyApps = Array.from({ length: 40 }, (_, index) => ({ ...app, spaceName: `${LONG.slice(0, 60)}-${index}` }));

export const longBudget: BudgetFacts = {
  ...teamBudget,
  whose: `team ${LONG}`,
  budget: LONG,
  limit: 98_765_432_100_000,
  spent: 97_654_321_000_000,
  billed: 97_000_000_000_000,
  forecast: 123_456_789_000_000,
  crossed: [0.5, 0.8, 0.9, 0.95].map((share) => ({ kind: 'spent' as const, share })),
  unpriced: Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`ml.x${index}.metal`, HOUR])),
  running: manyApps.map((one) => ({ ...one, owner: LONG, appName: LONG })),
  hourly: 98_765_432_100,
  admins: Array.from({ length: 6 }, (_, index) => `${LONG}@${index}.example.org`),
};

export const evilBudget: BudgetFacts = {
  ...farOver,
  audience: { role: 'admins', why: EVIL },
  budget: EVIL,
  whose: EVIL,
  owner: `d-abcdefghijkl/${EVIL}`,
  basis: EVIL,
  unpriced: { [EVIL]: HOUR },
  running: [evilApp],
  admins: [`a"b?subject=c&bcc=${EVIL}@example.org`],
};

export const rtlBudget: BudgetFacts = {
  ...budget,
  audience: { role: 'admins' },
  whose: RTL,
  owner: `d-abcdefghijkl/${RTL}`,
  budget: RTL,
  running: [rtlApp],
};

export const budgetWarning: WarningFacts = {
  ...warning,
  rule: 'per person: budget',
  reason: '$201.30 of $200.00 spent (alice)',
};

export const budgetStopped: StoppedFacts = {
  ...stopped,
  rule: 'per person: budget',
  reason: '$201.30 of $200.00 spent (alice)',
  appeal: ['ml-platform@example.org', "o'neil@example.org"],
};

export const guardrailStopped: StoppedFacts = {
  ...stopped,
  rule: 'no big GPUs: guardrail',
  reason: 'ml.p5.48xlarge is not allowed here, only ml.t3.*, ml.g5.xlarge',
  appeal: ['ml-platform@example.org'],
};

/** Every mail about money that differs to the eye. */
export const budgetGallery: Record<string, NoticeFacts> = {
  budget,
  'budget, half': halfBudget,
  'budget, full': fullBudget,
  'budget, far over, to admins': farOver,
  'budget, forecast of a team': teamBudget,
  'budget, of the account': accountBudget,
  'budget, without prices': unpricedBudget,
  'budget, long': longBudget,
  'budget, hostile names': evilBudget,
  'budget, right to left': rtlBudget,
  'warning, of a budget': budgetWarning,
  'warning only, of a budget': (({ stopAt: _, ...rest }) => rest)(budgetWarning),
  'warning to admins, of a budget': { ...budgetWarning, audience: { role: 'admins' } },
  'stopped, by a budget': budgetStopped,
  'stopped, by a budget, to admins': { ...budgetStopped, audience: { role: 'admins' } },
  'stopped, by a guardrail': guardrailStopped,
};
