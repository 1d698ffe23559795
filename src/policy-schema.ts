import * as z from 'zod';
import { readMoney, readPrice } from './domain/money.ts';
import { isAddress } from './domain/owner.ts';
import { NATIVE_IDLE_APPS } from './domain/policy.ts';
import { DAY, HOUR, MINUTE, parseDuration } from './domain/time.ts';
import { list, oneOf, read, readOr, refusal, section, whole, wordOr } from './policy-forms.ts';

/** The policy file's form: each key, what it may hold, and what to write instead. Meaning is given by policy-file.ts. */

const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

const duration = read('a duration such as 30m, 4h, 5d or 1d12h', parseDuration);

const address = read('a mail address such as jo@example.org', (text) => (isAddress(text) ? text : undefined));

const ASCII_LOCAL = /^[\x20-\x7e]+@/;

/** SES takes no other (its API reference, SendEmail): "the local part must be 7-bit ASCII". */
const sendableAddress = read('a mail address whose part before the @ is plain ASCII', (text) =>
  isAddress(text) && ASCII_LOCAL.test(text) ? text : undefined,
);

/** SES takes a From of 320 characters at most, as it is encoded: 64 characters of a name leave room for any script. */
const sender = read('a sender such as Curfew <curfew@example.org>, in plain ASCII before the @', (text) => {
  const [, name = '', bare = text] = /^([^<>\p{Cc}]*)<([^<>]+)>$/u.exec(text) ?? [];
  return isAddress(bare) && ASCII_LOCAL.test(bare) && [...name].length <= 64 ? text : undefined;
});

const timezone = read('a time zone such as America/New_York or UTC', (text) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return text;
  } catch {
    return undefined;
  }
});

function clock(text: string): number | undefined {
  const [, hours, minutes] = /^(\d{1,2}):(\d\d)$/.exec(text) ?? [];
  const total = Number(hours) * 60 + Number(minutes);
  return Number(minutes) < 60 && total <= 24 * 60 ? total : undefined;
}

const dailyTime = read('a time such as "08:00", or never', (text) => {
  if (text === 'never') return 'never' as const;
  const minutes = clock(text);
  return minutes === undefined || minutes === 24 * 60 ? undefined : minutes;
});

const weekly = read('a day and a time such as "MON 08:00"', (text) => {
  const [day, at = ''] = text.split(/ +/);
  const minutes = clock(at);
  const weekday = DAYS.indexOf(day!.toUpperCase());
  return weekday < 0 || minutes === undefined || minutes === 24 * 60 ? undefined : { weekday, minutes };
});

const locale = read('a language tag such as en-US or de-CH', (text) => {
  try {
    return Intl.NumberFormat.supportedLocalesOf(text)[0];
  } catch {
    return undefined;
  }
});

const hours = read('hours such as "08:00-20:00"', (text) => {
  const [from, to] = text.split('-').map((part) => clock(part.trim()));
  return from === undefined || to === undefined || from === to || from === 24 * 60 ? undefined : { from, to };
});

/** `MON-FRI`, `SAT`, or a list of such. A range may run over the week's end. */
const days = list(
  read('a day such as MON, or days such as MON-FRI', (text) => {
    const [first, last] = text
      .toUpperCase()
      .split('-')
      .map((day) => DAYS.indexOf(day.trim()));
    if (first === undefined || first < 0 || (last !== undefined && last < 0)) return undefined;
    return Array.from({ length: (((last ?? first) - first + 7) % 7) + 1 }, (_, i) => (first + i) % 7);
  }),
).transform((ranges) => ranges.flat());

const patterns = list(read('a name or a pattern such as ml.t3.*', (text) => (text === '' ? undefined : text)));

const match = section({
  domain: patterns.optional(),
  owner: patterns.optional(),
  team: patterns.optional(),
  space: patterns.optional(),
  sharing: list(oneOf('Private', 'Shared')).optional(),
  'app-type': patterns.optional(),
  instance: patterns.optional(),
  tag: z.record(z.string(), patterns, { error: 'expected a tag such as { curfew: training }' }).optional(),
  during: section({ days: days.optional(), hours: hours.optional() }).optional(),
});

const name = read('a name of 1 to 60 characters', (text) => (/^[^\p{Cc}]{1,60}$/u.test(text) ? text : undefined));

const money = readOr('an amount such as 200 USD or 49.50 USD', readMoney);

const PER_HOUR = 'a price such as 5.10 USD/h, more than 0';
const PER_MONTH = 'a price such as 0.112 USD/GB-month, more than 0';

/** What can be named, and what its price is for: `volume` a gigabyte-month, all else an hour. */
const prices = z
  .record(z.string(), z.unknown(), { error: 'expected prices such as { ml.x9.large: 5.10 USD/h }' })
  .transform((named, context) => {
    const rates: Record<string, number> = {};
    for (const [what, value] of Object.entries(named)) {
      const isVolume = what === 'volume';
      if (!isVolume && what !== 'Canvas' && !/^ml\.[a-z0-9-]+\.[a-z0-9]+$/.test(what)) {
        const message = `"${what}" is no instance type such as ml.g5.xlarge, nor Canvas, nor volume`;
        context.addIssue({ code: 'unrecognized_keys', keys: [what], input: named, message });
        continue;
      }
      const read = readPrice(String(value), isVolume ? 'GB-month' : 'h');
      if ('value' in read) rates[what] = read.value;
      else {
        const message = refusal(value, isVolume ? PER_MONTH : PER_HOUR, read.wrong);
        context.addIssue({ code: 'custom', path: [what], message });
      }
    }
    return rates;
  });

const date = read('a date such as 2026-09-01', (text) =>
  /^\d{4}-\d\d-\d\d$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text) ? text : undefined,
);

const maxStops = read('a number such as 10, or a share such as 25%', (text) => {
  const [, digits, sign] = /^(\d{1,6})(%?)$/.exec(text) ?? [];
  if (digits === undefined || (sign && Number(digits) > 100)) return undefined;
  return sign ? { share: Number(digits) / 100 } : { count: Number(digits) };
});

const tagOnly = section({ tag: name });

const template = read('a template such as "{profile}@example.org", { tag: email }, or sso', (text) => {
  if (text === 'sso') return 'sso' as const;
  const sample = text.replaceAll('{profile:.}', 'a').replaceAll('{profile}', 'a');
  return sample !== text && !/[{}]/.test(sample) && isAddress(sample) ? { template: text } : undefined;
});

/** Shares of a limit: 0 % is reached before anything is spent. */
const shares = list(
  read('a share from 1% to 1000%, such as 80%', (text) => {
    const share = /^([1-9]\d{0,2}|1000)%$/.exec(text)?.[1];
    return share === undefined ? undefined : Number(share) / 100;
  }),
);

const WHOSE = 'each owner, each team, account, { owner: … }, { team: … } or { domain: … }';
const PERIODS = 'month, week, total or a term such as { from: 2026-09-01, to: 2026-12-20 }';

export const budgetSchema = section({
  name,
  for: wordOr(
    oneOf('each owner', 'each team', 'account'),
    z.union([section({ owner: name }), section({ team: name }), section({ domain: name })], {
      error: `expected ${WHOSE}`,
    }),
    WHOSE,
  ),
  period: wordOr(oneOf('month', 'week', 'total'), section({ from: date, to: date }), PERIODS),
  limit: money,
  'warn-at': shares.optional(),
  'forecast-at': shares.optional(),
  'at-limit': oneOf('warn', 'stop', 'block').optional(),
  grace: duration.optional(),
});

const quotas = z
  .record(z.string(), whole(0, 10_000), { error: 'expected patterns and numbers such as { "ml.g5.*": 2 }' })
  .refine((named) => Object.keys(named).length > 0, 'expected one pattern at least, such as { "ml.g5.*": 2 }')
  .transform((named) => Object.entries(named).map(([pattern, count]) => ({ pattern, count })));

export const guardrailSchema = section({
  name,
  match: match.optional(),
  allow: section({ instance: patterns }).optional(),
  'at-most': quotas.optional(),
  for: oneOf('each owner', 'each team').optional(),
});

/** AWS takes 60 to 525,600 minutes (its API reference, IdleSettings). */
const idleTimeout = read('a duration from 1h to 365d, such as 2h: SageMaker takes no other', (text) => {
  const timeout = parseDuration(text);
  return timeout !== undefined && timeout >= HOUR && timeout <= 365 * DAY ? timeout : undefined;
}).optional();

/**
 * A living scan must come first, and another where it fails: they are five minutes apart, and the one between leaves to it what
 * it was at.
 */
const margin = read('a duration from 20m to 7d, such as 30m', (text) => {
  const length = parseDuration(text);
  return length !== undefined && length >= 20 * MINUTE && length <= 7 * DAY ? length : undefined;
});

/** An agent tells every ten minutes of use that goes on: what is shorter would warn whoever is at work. */
const maxIdle = read('a duration from 15m on, such as 2h: the agent tells of use every 10 minutes', (text) => {
  const length = parseDuration(text);
  return length !== undefined && length >= 15 * MINUTE ? length : undefined;
});

/** Two heartbeats at least: of what is shorter, use would be unknown between any two. */
const staleAfter = read('a duration from 20m on, such as 30m: the agent tells every 10 minutes', (text) => {
  const length = parseDuration(text);
  return length !== undefined && length >= 20 * MINUTE ? length : undefined;
});

const leave = read('true or false', (text) => (text === 'true' || text === 'false' ? text === 'true' : undefined));

const nativeIdle = section(
  { JupyterLab: idleTimeout, CodeEditor: idleTimeout, apply: leave.optional() },
  'native idle shutdown exists for JupyterLab and CodeEditor only; besides them, there is apply',
).refine((value) => NATIVE_IDLE_APPS.some((appType) => value[appType] !== undefined), {
  error: 'expected JupyterLab, CodeEditor or both, such as { JupyterLab: 2h, CodeEditor: 2h }',
  when: ({ issues }) => issues.length === 0,
});

export const limitSchema = section({
  name,
  match: match.optional(),
  'max-uptime': duration.optional(),
  'max-idle': maxIdle.optional(),
  grace: duration.optional(),
});

/** The whole file. */
export const policySchema = section({
  mode: oneOf('observe', 'warn', 'enforce').optional(),
  timezone: timezone.optional(),
  admins: list(sendableAddress),
  sender,
  owners: section({
    address: wordOr(template, tagOnly).optional(),
    exceptions: z.record(z.string(), address, { error: 'expected profiles and their addresses' }).optional(),
  }).optional(),
  team: wordOr(oneOf('domain'), tagOnly).optional(),
  limits: z.array(limitSchema, { error: 'expected a list of limits' }),
  extensions: section({ hours: whole(1, 168), 'at-most': whole(0, 100) }).optional(),
  exempt: z
    .array(
      match.refine((value) => Object.keys(value).length > 0, 'an empty exemption would exempt everything'),
      {
        error: 'expected a list of exemptions',
      },
    )
    .optional(),
  budgets: z.array(budgetSchema, { error: 'expected a list of budgets' }).optional(),
  guardrails: z.array(guardrailSchema, { error: 'expected a list of guardrails' }).optional(),
  teams: z
    .record(z.string(), section({ leads: list(sendableAddress), since: date.optional() }), {
      error: 'expected teams and their leads, such as { alpha: { leads: [jo@example.org] } }',
    })
    .optional(),
  report: section({
    weekly: weekly.optional(),
    daily: dailyTime.optional(),
    locale: locale.optional(),
    empty: oneOf('send', 'skip').optional(),
  }).optional(),
  safety: section({ 'max-stops': maxStops }).optional(),
  backstop: section({
    for: z.array(oneOf('budget', 'uptime'), { error: 'expected a list, such as [budget, uptime]' }).optional(),
    margin: margin.optional(),
  }).optional(),
  evidence: section({ 'stale-after': staleAfter }).optional(),
  'native-idle': nativeIdle.optional(),
  prices: prices.optional(),
});

export type PolicyFile = z.output<typeof policySchema>;
export type MatchFile = z.output<typeof match>;
