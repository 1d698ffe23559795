import type { MailUrls } from '../../application/ports.ts';
import { assertNever } from '../../domain/assert-never.ts';
import { linkExpiry } from '../../domain/mail-link.ts';
import type { ConfirmationFacts, FailureFacts, Notice } from '../../domain/notice.ts';
import { reportView } from '../report/view.ts';
import { ADMIN, appRows, costRow, upSince } from './app-view.ts';
import { budgetView } from './budget-view.ts';
import { digestView } from './digest-view.ts';
import { stoppedView, warningView } from './stop-view.ts';
import { templates } from './templates.generated.mjs';
import { clip, fullTime, isolate, listed, tidy } from './wording.ts';

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
    case 'failure':
      return write('failure', () => ({ ...common, ...failureView(facts, zone) }));
    case 'digest':
      return withRows((rows) => {
        const view = { ...common, ...digestView(facts, zone, rows) };
        return write('digest', () => view);
      });
    case 'report':
      return withRows((rows) => {
        const view = reportView(facts, zone, urls, rows);
        const why = facts.scope === 'owner' ? OWN_REPORT : (facts.audience.why ?? ADMIN);
        return write('report', () => ({ ...common, ...view, preview: view.hours || view.span, why }));
      }, REPORT_ROWS);
    case 'budget':
      return withRows((rows) => write('budget', (names) => ({ ...common, ...budgetView(facts, zone, names, rows) })));
    case 'confirmation':
      return write('confirmation', () => ({ ...common, ...confirmationView(facts, zone) }));
    default:
      return assertNever(facts);
  }
}

/** As many rows as a mail may carry. */
function withRows(writeRows: (most: number) => Mail, most = ROWS): Mail {
  let mail: Mail;
  let rows = most;
  do {
    mail = writeRows(rows);
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
