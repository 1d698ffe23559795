import type { MailUrls } from '../../application/ports.ts';
import { assertNever } from '../../domain/assert-never.ts';
import { linkExpiry } from '../../domain/mail-link.ts';
import type {
  AppFacts,
  Audience,
  ConfirmationFacts,
  DigestFacts,
  DigestRow,
  FailureFacts,
  Notice,
  StoppedFacts,
  WarningFacts,
} from '../../domain/notice.ts';
import { BY_REQUEST } from '../../domain/rules/by-request.ts';
import { describeDuration, type Instant } from '../../domain/time.ts';
import { isMoneyRule } from '../../domain/verdict.ts';
import { reportView } from '../report/view.ts';
import { budgetView } from './budget-view.ts';
import { idleList } from './idle-list.ts';
import { moneyList } from './money-list.ts';
import { templates } from './templates.generated.mjs';
import {
  clip,
  clock,
  count,
  dayOf,
  fullTime,
  isolate,
  listed,
  money,
  number,
  shortTime,
  tidy,
  typeName,
  zoneName,
} from './wording.ts';

/** A mail, ready to send. */
interface Mail {
  /** One line of at most 120 characters. */
  subject: string;
  /** Less than 100 KB, so that Gmail does not clip it. */
  html: string;
  text: string;
}

const SUBJECT = 120;
const HTML_BYTES = 100_000;
const ROWS = 50;
/** A report's mail shows the most of it; its page shows the rest. */
const REPORT_ROWS = 12;
const OWN_REPORT = 'You get this mail because the apps that it is about are yours.';
const ADMIN = 'You get this mail because the policy names you as an admin.';

/** Puts a notice into words, with times in `timezone` (an IANA name) and these links. */
export function renderNotice(notice: Notice, look: { timezone: string }, urls: MailUrls): Mail {
  const facts = tidy(notice.facts);
  const zone = look.timezone;
  const common = {
    place: tidy({ account: notice.account, region: notice.region }),
    timezone: zone,
    urls: { confirm: '', keep: '', stop: '', report: '', unsubscribe: '', ...urls },
  };
  switch (facts.kind) {
    case 'warning':
      return write('warning', (names) => ({ ...common, ...warningView(facts, notice.owedAt, zone, names) }));
    case 'stopped':
      return write('stopped', (names) => ({ ...common, ...stoppedView(facts, notice.owedAt, zone, names) }));
    case 'budget':
      return write('budget', (names) => ({ ...common, ...budgetView(facts, notice.owedAt, zone, names) }));
    case 'failure':
      return write('failure', () => ({ ...common, ...failureView(facts, zone) }));
    case 'digest':
      return fitting(ROWS, (rows) => write('digest', () => ({ ...common, ...digestView(facts, zone, rows) })));
    case 'report':
      return fitting(REPORT_ROWS, (rows) => {
        const view = reportView(facts, zone, urls, rows);
        const why = facts.scope === 'owner' ? OWN_REPORT : (facts.audience.why ?? ADMIN);
        return write('report', () => ({ ...common, ...view, preview: view.hours || view.span, why }));
      });
    case 'confirmation':
      return write('confirmation', () => ({ ...common, ...confirmationView(facts, zone) }));
    default:
      return assertNever(facts);
  }
}

/** A mail with fewer and fewer rows, until it is not clipped. */
function fitting(most: number, render: (rows: number) => Mail): Mail {
  let mail: Mail;
  let rows = most;
  do {
    mail = render(rows);
    rows = Math.floor(rows * 0.8);
  } while (Buffer.byteLength(mail.html) > HTML_BYTES && rows > 0);
  return mail;
}

/** Names are cut only where the subject needs it; the mail itself shows them whole. */
function write(kind: keyof typeof templates, view: (names: number) => { preview: string }): Mail {
  const whole = view(Number.POSITIVE_INFINITY);
  const headline = templates[kind].subject(whole).trim();
  let subject = headline;
  for (const names of [40, 30, 20, 12]) {
    if (subject.length > SUBJECT) subject = templates[kind].subject(view(names)).trim();
  }
  const words = { ...whole, subject: clip(subject, SUBJECT), headline };
  return { subject: words.subject, html: templates[kind].html(words), text: templates[kind].text(words) };
}

function warningView(facts: WarningFacts, now: Instant, zone: string, names: number) {
  const { stopAt } = facts;
  const stop = stopAt !== undefined && {
    short: shortTime(stopAt, now, zone),
    full: fullTime(stopAt, now, zone),
    grace: stopAt > facts.warnedAt ? describeDuration(stopAt - facts.warnedAt) : '',
  };
  return {
    preview: `${facts.reason}.`,
    reason: facts.reason,
    stop,
    owner: facts.audience.role === 'owner',
    what: isMoneyRule(facts.rule) ? 'budget' : 'limit',
    idle: facts.rule.endsWith('max-idle'),
    uptime: facts.rule.endsWith('max-uptime'),
    why: reasonToWrite(facts.audience),
    app: {
      ...appView(facts.app, facts.audience, names),
      rows: [
        ...(stop ? [{ label: 'Stops', value: `${stop.full}, or soon after` }] : []),
        ...appRows(facts.app),
        upSince(facts.app, facts.warnedAt, now, zone),
        ...costRow('Cost so far', facts.app),
        { label: isMoneyRule(facts.rule) ? 'Budget' : 'Limit', value: facts.rule },
      ],
    },
  };
}

function stoppedView(facts: StoppedFacts, now: Instant, zone: string, names: number) {
  const stopped = fullTime(facts.stoppedAt, now, zone);
  const ran = describeDuration(facts.stoppedAt - facts.app.startedAt);
  return {
    preview: `${facts.reason}. Files are kept.`,
    asked: facts.rule === BY_REQUEST,
    what: overWhat(facts.rule),
    appeal: listed(facts.appeal ?? [], 3),
    reason: facts.reason,
    stopped,
    short: shortTime(facts.stoppedAt, now, zone),
    owner: facts.audience.role === 'owner',
    why: reasonToWrite(facts.audience),
    app: {
      ...appView(facts.app, facts.audience, names),
      rows: [
        ...appRows(facts.app),
        { label: 'Started', value: fullTime(facts.app.startedAt, now, zone) },
        { label: 'Stopped', value: `${stopped}, after ${ran}` },
        ...costRow('Cost', facts.app),
        ...(facts.rule === BY_REQUEST
          ? []
          : [{ label: isMoneyRule(facts.rule) ? 'Rule' : 'Limit', value: facts.rule }]),
      ],
    },
  };
}

/** What a stopped app was over, or against. */
function overWhat(rule: string): string {
  if (rule.endsWith(': guardrail')) return 'against a guardrail';
  return rule.endsWith(': budget') ? 'over a budget' : 'over a limit';
}

function failureView(facts: FailureFacts, zone: string) {
  const { app } = facts;
  return {
    preview: facts.details[0] ?? '',
    title: facts.title,
    at: fullTime(facts.at, facts.at, zone),
    details: facts.details.slice(0, 20),
    todo: facts.todo.slice(0, 20).map((step, index) => ({ number: index + 1, step })),
    why: ADMIN,
    app: app && {
      rows: [...appRows(app), upSince(app, facts.at, facts.at, zone), ...costRow('Cost so far', app)],
    },
  };
}

function confirmationView({ owners, number: asked, admins, at }: ConfirmationFacts, zone: string) {
  const profiles = owners.map((owner) => {
    const [domainId = '', profile = ''] = owner.split('/');
    return `${isolate(profile)} in ${isolate(domainId)}`;
  });
  return {
    preview: 'Until you do, nothing else comes here.',
    reminder: asked > 1,
    admins: listed(admins, 3),
    owners: `the user ${owners.length === 1 ? 'profile' : 'profiles'} ${listed(profiles, 5)}`,
    until: fullTime(linkExpiry('confirm', at), at, zone),
    again: asked < 3 ? 'We ask three times at most.' : 'This is the last time that we ask.',
    why: 'You get this mail because the policy gives this address to a user profile.',
  };
}

const MODES = {
  observe: 'Curfew only observes: it warns nobody and stops nothing.',
  warn: 'Curfew warns, but stops nothing.',
  enforce: '',
};

function digestView(facts: DigestFacts, zone: string, most: number) {
  const { at, running, more } = facts;
  const failing = facts.failing.length + more.failing;
  const warned = facts.warned.length + more.warned;
  const stopped = facts.stopped.length + more.stopped;
  const hourly = facts.hourly === 0 && facts.unpriced.length > 0 ? 'unknown' : money(facts.hourly);
  const time = (instant: Instant | undefined, word: string) =>
    instant === undefined ? '' : `${word} ${shortTime(instant, at, zone)}`;
  const list = (name: keyof typeof more, heading: string, why: string, word: string) => {
    const rows = facts[name].slice(0, most);
    const left = facts[name].length - rows.length + more[name];
    return {
      heading: `${heading} (${number(rows.length + left)})`,
      what: 'App',
      why,
      last: 'Cost',
      capitals: `${heading} (${number(rows.length + left)})`.toUpperCase(),
      rows: rows.map((row) => ({ ...rowView(row), at: time(row.at, word) })),
      more: left > 0 ? `and ${number(left)} more` : '',
    };
  };
  const day = dayOf(facts.date);
  const state = running === 0 ? 'nothing is running' : `${count(running, 'app')} running at ${hourly} an hour`;
  const events = [
    failing > 0 ? `${count(failing, 'stop')} ${failing === 1 ? 'keeps' : 'keep'} failing` : '',
    state,
    warned > 0 ? `${number(warned)} warned` : '',
    stopped > 0 ? `${number(stopped)} stopped` : '',
  ];
  return {
    summary: `Studio, ${day}: ${events.filter(Boolean).join(', ')}`,
    preview: `${state}.`,
    day,
    at: `${clock(at, zone)} ${zoneName(at, zone)}`,
    running: running === 0 ? '' : `${count(running, 'app')} ${running === 1 ? 'was' : 'were'}`,
    stopped: stopped === 0 ? '' : count(stopped, 'app'),
    warned: warned === 0 ? '' : `${count(warned, 'app')} ${warned === 1 ? 'is' : 'are'}`,
    failing: failing === 0 ? '' : `${count(failing, 'stop')} ${failing === 1 ? 'keeps' : 'keep'}`,
    quiet: [running, stopped, warned, failing].every((amount) => amount === 0) && !facts.nativeIdle && !facts.money,
    mode: MODES[facts.mode],
    numbers: [
      { value: number(running), label: 'running' },
      { value: hourly, label: `an hour, at ${facts.basis ?? 'list price'}` },
      { value: number(facts.unlimited), label: 'without a limit' },
      { value: number(facts.unknownUse.length + more.unknownUse), label: 'use unknown' },
    ],
    unpriced: listed(facts.unpriced, 12),
    lists: [
      list('failing', 'Stops that keep failing', 'What happened', 'due'),
      list('warned', 'Warned', 'Why', 'stops'),
      list('stopped', 'Stopped in the last 24 hours', 'Why', 'stopped'),
      list('unknownUse', 'Use unknown: the agent is missing or silent', 'What is known', 'stops'),
      list('longest', 'Running longest', 'How it stands', 'stops'),
      ...(facts.money ? [moneyList(facts.money, most)] : []),
      ...(facts.nativeIdle ? [idleList(facts.nativeIdle, most)] : []),
    ].filter(({ rows, more }) => rows.length > 0 || more),
    why: ADMIN,
  };
}

function rowView({ app, reason }: DigestRow) {
  const about = [app.owner ?? '', typeName(app.appType), app.instanceType ?? ''];
  const name = app.spaceName !== undefined && app.appName === 'default' ? app.spaceName : app.appName;
  return {
    name: isolate(name),
    about: about.filter(Boolean).map(isolate).join(', '),
    reason: clip(reason, 160),
    end: app.cost === undefined ? '' : money(app.cost),
  };
}

/** How a sentence speaks of the app. In a space every app is called `default`: there the space's name says more. */
export function appView(app: AppFacts, audience: Audience, names: number) {
  const name = (text: string) => isolate(clip(text, names));
  const owner = audience.role === 'owner' ? undefined : (app.owner ?? app.userProfileName);
  const whose = audience.role === 'owner' ? 'Your' : owner === undefined ? 'The' : `${name(owner)}'s`;
  const own = app.spaceName !== undefined && app.appName === 'default' ? '' : ` "${name(app.appName)}"`;
  const space = app.spaceName === undefined ? '' : ` in space "${name(app.spaceName)}"`;
  const notebooks = ['JupyterLab', 'JupyterServer', 'KernelGateway'].includes(app.appType);
  return {
    phrase: `${whose} ${name(typeName(app.appType))} app${own}${space}`,
    files: `${whose} files`,
    memory: notebooks ? "a kernel's memory" : "the app's memory",
    work: notebooks ? 'notebooks' : 'work',
  };
}

function appRows(app: AppFacts): { label: string; value: string }[] {
  const rows = [
    { label: 'App', value: `${isolate(app.appName)} (${typeName(app.appType)})` },
    { label: 'Space', value: isolate(app.spaceName ?? '') },
    { label: 'Profile', value: isolate(app.userProfileName ?? '') },
    { label: 'Owner', value: app.owner === app.userProfileName ? '' : isolate(app.owner ?? '') },
    { label: 'Domain', value: app.domainName ? `${isolate(app.domainName)} (${app.domainId})` : app.domainId },
    { label: 'Instance', value: app.instanceType ?? '' },
  ];
  return rows.filter(({ value }) => value !== '');
}

function upSince(app: AppFacts, at: Instant, now: Instant, zone: string): { label: string; value: string } {
  return {
    label: 'Up since',
    value: `${fullTime(app.startedAt, now, zone)}, ${describeDuration(at - app.startedAt)} ago`,
  };
}

function costRow(label: string, { cost, basis = 'list price' }: AppFacts): { label: string; value: string }[] {
  return cost === undefined ? [] : [{ label, value: `${money(cost)} at ${basis}` }];
}

function reasonToWrite(audience: Audience): string {
  if (audience.role === 'owner') return 'You get this mail because the app is yours.';
  return audience.why ?? ADMIN;
}
