import type { NoticeFacts } from '../../src/domain/notice.ts';
import type { ReportFacts } from '../../src/domain/report/facts.ts';
import { HOUR, MINUTE } from '../../src/domain/time.ts';
import { app, EVIL, LONG, RTL, WHO } from './notices.ts';

const reportPeriod = { from: Date.parse('2026-11-16T05:00:00Z'), to: Date.parse('2026-11-23T05:00:00Z') };
const reportDates = Array.from({ length: 7 }, (_, i) => `2026-11-${16 + i}`);
const MONDAY = Date.parse('2026-11-23T13:00:00Z');

/** Alice's week: a GPU that nobody used on Sunday. */
export const ownerReport: ReportFacts = {
  kind: 'report',
  scope: 'owner',
  audience: { role: 'owner' },
  week: '2026-W47',
  period: reportPeriod,
  at: MONDAY,
  locale: 'en-US',
  whose: 'alice',
  owners: ['d-abcdefghijkl/alice'],
  spent: 41_204_000,
  billed: 21_184_000,
  estimated: 20_020_000,
  last: 20_410_000,
  mean: { amount: 23_120_000, weeks: 4 },
  days: [3_105_000, 5_870_000, 4_012_000, 6_020_000, 2_177_000, 1_900_000, 18_120_000].map((amount, i) => ({
    date: reportDates[i]!,
    amount,
  })),
  hours: { up: 52 * HOUR, used: 21.5 * HOUR, idle: 17 * HOUR, unknown: 13.5 * HOUR, idleCost: 20_640_000 },
  unpriced: {},
  rows: [
    {
      ...{ name: 'churn-model', kind: 'app', appType: 'JupyterLab', instanceType: 'ml.g5.xlarge', amount: 36_842_334 },
      ...{ up: 26.2 * HOUR, used: 9.5 * HOUR, idle: 14.2 * HOUR, unknown: 2.5 * HOUR, idleCost: 19_968_000 },
    },
    {
      ...{ name: 'thesis', kind: 'app', appType: 'CodeEditor', instanceType: 'ml.m5.large', amount: 2_961_333 },
      ...{ up: 25.8 * HOUR, used: 12 * HOUR, idle: 2.8 * HOUR, unknown: 11 * HOUR, idleCost: 672_000 },
    },
    { name: 'storage', kind: 'storage', amount: 1_400_333 },
  ],
  more: { count: 0, amount: 0 },
  people: [],
  morePeople: { count: 0, amount: 0 },
  budgets: [
    {
      ...{ budget: 'per person', whose: 'alice', spent: 96_110_000, limit: 200_000_000, forecast: 141_000_000 },
      period: { from: Date.parse('2026-11-01T04:00:00Z'), to: Date.parse('2026-12-01T05:00:00Z') },
    },
  ],
  moreBudgets: 0,
  idlest: { amount: 18_048_000, what: 'ml.g5.xlarge', name: 'churn-model', when: { date: '2026-11-22' } },
  saved: {
    ...{ amount: 33_840_000, duration: 24 * HOUR, unpriced: 0, more: 0 },
    stops: [
      {
        app: { appType: 'JupyterLab', appName: 'default', spaceName: 'churn-model' },
        ...{ instanceType: 'ml.g5.xlarge', owner: 'alice', at: Date.parse('2026-11-19T23:05:00Z') },
        ...{ rule: 'everything else: max-idle', duration: 24 * HOUR, amount: 33_840_000 },
      },
    ],
  },
  running: [{ ...app, startedAt: MONDAY - 3 * HOUR, cost: 4_230_000 }],
  moreRunning: 0,
  hourly: 1_410_000,
  source: {
    basis: 'list price of 2026-11-20',
    billedAt: Date.parse('2026-11-23T10:30:00Z'),
    billedUntil: Date.parse('2026-11-21T00:00:00Z'),
    drift: { billed: 97_000_000, accrued: 100_000_000, days: 26 },
    foreign: [],
  },
};

const reportPeople: ReportFacts['people'] = WHO.map((name, i) => {
  const up = (60 - 7 * i) * HOUR;
  const hours = { up, used: up / 2, idle: up / 4, unknown: up / 4, idleCost: 10_000_000 - i * 1_000_000 };
  return { name, team: 'alpha', amount: 61_000_000 - i * 8_000_000, last: 50_000_000 - i * 3_000_000, ...hours };
});
const reportSpent = reportPeople.reduce((sum, { amount }) => sum + amount, 0);

export const teamReport: ReportFacts = {
  ...ownerReport,
  scope: 'team',
  audience: { role: 'admins', why: 'You get this mail because the policy names you as a lead of alpha.' },
  whose: 'alpha',
  owners: [],
  spent: reportSpent,
  billed: reportSpent,
  estimated: 0,
  last: 231_000_000,
  mean: { amount: 240_000_000, weeks: 3 },
  days: ownerReport.days.map(({ date }, i) => ({ date, amount: i === 0 ? reportSpent - 6 * 30_000_000 : 30_000_000 })),
  people: reportPeople,
  rows: [
    ...ownerReport.rows.map((one) => ({ ...one, owner: 'alice' })),
    { name: 'Studio:JupyterLab-ml.g5.12xlarge', kind: 'other', owner: 'bob', amount: reportSpent - 41_204_000 },
  ],
  budgets: [
    {
      ...{ budget: 'alpha, this semester', whose: 'team alpha', spent: 1_012_000_000, limit: 1_000_000_000 },
      period: { from: Date.parse('2026-09-01T04:00:00Z'), to: Date.parse('2026-12-21T05:00:00Z') },
    },
    ...ownerReport.budgets,
  ],
  total: { since: '2026-09-01', amount: 1_012_000_000 },
  source: { ...ownerReport.source, billedUntil: reportPeriod.to },
};

export const adminReport: ReportFacts = {
  ...teamReport,
  scope: 'admin',
  audience: { role: 'admins' },
  whose: '123456789012',
  rows: [
    ...teamReport.rows,
    { name: 'Train:ml.p3.2xlarge', kind: 'unattributed', amount: 12_000_000 },
    { name: 'Notebk:ml.t3.medium', kind: 'unattributed', amount: -12_000_000 },
  ],
  admin: {
    teams: [
      { name: 'alpha', amount: 300_000_000, last: 200_000_000, ...ownerReport.hours },
      { name: 'no team', amount: reportSpent - 300_000_000, last: 31_000_000, ...ownerReport.hours },
    ],
    moreTeams: 0,
    unattributed: 0,
    running: 42,
    ownCost: 1_540_000,
    savings: ownerReport.rows.slice(0, 2).map((one) => ({ ...one, owner: 'alice' })),
    withoutAgent: ['bob: lab', 'chandra: thesis'],
    moreWithoutAgent: 6,
    failedStops: ['dmitri: course-2026 (ThrottlingException)'],
    unconfirmed: ['farouk', 'grace'],
    moreUnconfirmed: 0,
    findings: ['No row of the bill carries sagemaker:user-profile-arn or sagemaker:space-arn.'],
  },
};

const noHours = { up: 0, used: 0, idle: 0, unknown: 0, idleCost: 0 };

/** A week in which nothing was on record. */
export const emptyReport: ReportFacts = {
  ...(({ last: _, mean: __, idlest: ___, ...rest }) => rest)(ownerReport),
  ...{ spent: 0, billed: 0, estimated: 0, hours: noHours, rows: [], budgets: [], running: [], hourly: 0 },
  days: reportDates.map((date) => ({ date, amount: 0 })),
  saved: { amount: 0, duration: 0, unpriced: 0, stops: [], more: 0 },
  source: { basis: 'list price of 2026-11-20', recordedSince: MONDAY, foreign: [] },
};

/** The week in which Curfew came, while it is not over. */
export const firstReport: ReportFacts = {
  ...(({ last: _, mean: __, idlest: ___, ...rest }) => rest)(ownerReport),
  ...{ at: Date.parse('2026-11-20T20:00:00Z'), spent: 8_197_000, billed: 0, estimated: 8_197_000 },
  days: ownerReport.days.map(({ date, amount }, i) => ({ date, amount: i === 3 || i === 4 ? amount : 0 })),
  rows: [{ ...ownerReport.rows[0]!, amount: 8_197_000, idleCost: 4_100_000 }],
  hours: { ...ownerReport.hours, idleCost: 4_100_000 },
  source: { basis: 'list price of 2026-11-19', recordedSince: Date.parse('2026-11-19T14:00:00Z'), foreign: [] },
};

/** A bill that is late, in part in euros, with a correction by AWS, and a price that nobody knows. */
export const oddReport: ReportFacts = {
  ...(({ last: _, mean: __, ...rest }) => rest)(ownerReport),
  ...{
    spent: 26_012_000,
    billed: 0,
    estimated: 26_012_000,
    unpriced: { 'ml.x9.large': 90 * MINUTE, Canvas: 3 * HOUR },
  },
  days: ownerReport.days.map((one, i) => (i === 2 ? { ...one, amount: -11_180_000 } : one)),
  rows: [
    ...ownerReport.rows,
    { name: 'Studio:JupyterLab-ml.t3.medium', kind: 'other', amount: -15_192_000, isReckoned: true },
  ],
  saved: { ...ownerReport.saved, unpriced: 2 * HOUR },
  source: {
    ...(({ billedUntil: _, billedAt: __, drift: ___, ...rest }) => rest)(ownerReport.source),
    foreign: [{ currency: 'EUR', amount: '12.30' }],
  },
};

/** 400 apps in one week, each with a name as long as AWS's can be, as the domain makes it: the first rows, and the rest as one. */
export function largeReport(name: string): ReportFacts {
  const hours = { up: 99 * HOUR, used: 33.3 * HOUR, idle: 33.3 * HOUR, unknown: 32.4 * HOUR, idleCost: 12_345_678 };
  const rows = Array.from({ length: 40 }, (_, i) => ({
    ...{ name: `${name}`, kind: 'app' as const, appType: 'JupyterLab', instanceType: 'ml.trn1n.32xlarge' },
    ...{ owner: name, amount: 1_234_567_891 - i, ...hours, isReckoned: true as const },
  }));
  const row = { budget: name.slice(0, 60), whose: name, spent: 99_999_999_999, limit: 123_000_000_000 };
  const spent = rows.reduce((sum, { amount }) => sum + amount, 360_360_360_360);
  const stop = { ...ownerReport.saved.stops[0]!, rule: `${name}: max-idle`, owner: name };
  return {
    ...adminReport,
    ...{ whose: name, spent, billed: spent, rows, more: { count: 360, amount: 360_360_360_360 } },
    people: rows.map(({ amount }) => ({ name, team: name, amount, last: amount, ...hours })),
    morePeople: { count: 9_960, amount: 360_360_360_360 },
    budgets: Array.from({ length: 20 }, () => ({
      ...row,
      forecast: row.limit,
      period: ownerReport.budgets[0]!.period,
    })),
    moreBudgets: 9_980,
    saved: {
      ...{ amount: 5_000_000_000, duration: 9999 * HOUR, unpriced: HOUR, more: 385 },
      stops: Array.from({ length: 15 }, () => ({ ...stop, app: { ...stop.app, spaceName: name } })),
    },
    running: Array.from({ length: 15 }, () => ({ ...app, appName: name, spaceName: name, owner: name })),
    moreRunning: 385,
    admin: {
      ...adminReport.admin!,
      teams: Array.from({ length: 30 }, () => ({ name, amount: 9_999_999, ...hours })),
      moreTeams: 99,
      savings: rows.slice(0, 5),
      withoutAgent: Array.from({ length: 20 }, () => `${name}: ${name}`),
      failedStops: Array.from({ length: 20 }, () => `${name}: ${name} (ThrottlingException)`),
      unconfirmed: Array.from({ length: 20 }, () => name),
      findings: Array.from({ length: 5 }, () => `${name} ${'is to be mended by somebody '.repeat(20)}`),
    },
  };
}

/** A team's report in which every name is the same one. */
export const hostileReport = (name: string): ReportFacts => ({
  ...teamReport,
  whose: name,
  people: teamReport.people.map((one) => ({ ...one, name, team: name })),
  rows: teamReport.rows.map((one) => ({ ...one, name, owner: name })),
  budgets: teamReport.budgets.map((one) => ({ ...one, budget: name, whose: name })),
  running: [{ ...app, appName: name, owner: name }],
});

/** Every report that differs to the eye, all bad input among them. */
export const reportGallery: Record<string, NoticeFacts> = {
  'report, owner': ownerReport,
  'report, team': teamReport,
  'report, admin': adminReport,
  'report, no data': emptyReport,
  'report, first week': firstReport,
  'report, odd bill': oddReport,
  'report, nobody': { ...teamReport, people: teamReport.people.map(({ name: _, team: __, ...one }) => one) },
  'report, German': { ...ownerReport, locale: 'de-DE' },
  'report, Arabic figures': { ...ownerReport, locale: 'ar-EG' },
  'report, 400 apps': largeReport(LONG),
  'report, hostile names': hostileReport(EVIL),
  'report, right to left': hostileReport(RTL),
};
