import { assertNever } from '../../domain/assert-never.ts';
import { UNSUBSCRIBED, type Unsubscribed } from '../../domain/contact.ts';
import type { Page } from '../../domain/page.ts';
import type { Instant } from '../../domain/time.ts';
import { fullTime, isolate, listed } from '../ses/wording.ts';
import { appWords, type Words } from './app-words.ts';

/** A page in words: what does not change by itself, and what its button does. */
export function wordsOf(page: Exclude<Page, { kind: 'report' }>, zone: string, now: Instant): Words {
  // A time stays on one line.
  const time = (instant: Instant) => fullTime(instant, now, zone).replaceAll(' ', '\u00a0');
  switch (page.kind) {
    case 'confirm': {
      const owners = page.owners.map((owner) => isolate(owner.replace(/^[^/]*\//, '')));
      const profiles = `${owners.length === 1 ? 'profile' : 'profiles'} ${listed(owners, 5)}`;
      return {
        title: 'Confirm your address',
        lead: [
          `The admins of SageMaker Studio (${listed(page.admins.map(isolate), 3)}) want to write to you at ${isolate(page.address)} about the apps of the user ${profiles}.`,
        ],
        callout: `You will get ${WHAT_COMES}.`,
        form: { button: 'Confirm this address' },
        note: 'If this is not for you, close this page, and nothing happens. You can unsubscribe at any time.',
      };
    }
    case 'confirmed': {
      const { unsubscribed } = page;
      if (page.isNews)
        return {
          title: 'Thank you, your address is confirmed',
          lead: [`From now on Curfew writes to ${isolate(page.address)}: you will get ${WHAT_COMES}.`],
          note: 'Each mail has a link to unsubscribe, or to choose what you get.',
        };
      const since =
        unsubscribed === undefined ? [] : [`Since then you have unsubscribed: ${GONE[unsubscribed]} ${AGAIN}`];
      return {
        title: 'Your address is confirmed',
        lead: [`${isolate(page.address)} was confirmed before, so there is nothing left to do.`, ...since],
      };
    }
    case 'not to confirm':
      return NOT_TO_CONFIRM[page.why];
    case 'unsubscribe':
      return unsubscribeWords(page);
    case 'unsubscribed':
      return {
        title: 'You have unsubscribed',
        lead: [`That is noted for ${isolate(page.address)}: ${GONE[page.from]}`, STAYS[page.from]],
        note: `Apps are stopped by the same limits as before, whoever is told. ${AGAIN}`,
      };
    case 'keep':
    case 'kept':
    case 'kept enough':
    case 'stop':
    case 'stopping':
    case 'over':
      return appWords(page, time, now);
    case 'expired':
      return {
        title: 'This link works no longer',
        lead: [EXPIRED[page.purpose], ...(page.canRenew ? [] : [HOPELESS[page.purpose]])],
        ...(page.canRenew
          ? {
              form: { button: 'Send me a fresh mail', isFresh: true },
              note: 'It goes to the address that this mail went to, and to no other.',
            }
          : {}),
      };
    case 'no link':
      return {
        title: 'We do not know this link',
        lead: [
          'It may have been cut off: some mail programs break long links. Try to copy it whole from the mail.',
          'If you were waiting to confirm your address, you can also have a fresh mail sent.',
        ],
        form: {
          button: 'Send me a fresh mail',
          isFresh: true,
          isQuiet: true,
          asksAddress: true,
          ...(page.isBadAddress ? { fault: 'That is no mail address: it should look like jo@example.org.' } : {}),
        },
      };
    case 'paused':
      return {
        title: 'Curfew is paused',
        lead: [
          'The admins of SageMaker Studio have paused Curfew: it stops no app and sends no mail now.',
          `Please try again ${page.until === undefined ? 'once they have resumed it' : `after ${time(page.until)}`}. To stop your app now, use SageMaker Studio itself.`,
        ],
      };
    case 'renewed':
    case 'renewed before':
    case 'asked':
    case 'too many':
    case 'home':
    case 'not found':
    case 'not allowed':
    case 'malformed':
    case 'foreign':
    case 'failed':
      return PLAIN[page.kind];
    default:
      return assertNever(page);
  }
}

const WHAT_COMES =
  'a warning before an app of yours is stopped, word when one was stopped, and a report of what your apps cost';

const AGAIN = 'To get it again, ask your Studio admins.';

/** What its reader gets no longer. */
const GONE: Record<Unsubscribed, string> = {
  reports: 'no more reports.',
  warnings: 'no more reports and warnings.',
  everything: 'no more mail from Curfew at all.',
};

/** What its reader gets all the same. */
const STAYS: Record<Unsubscribed, string> = {
  reports: 'You still get warnings before an app is stopped, and word when one was.',
  warnings: 'You still get word when an app was stopped.',
  everything: 'You will not even hear when an app was stopped: your Studio admins will.',
};

const CHOICES: Record<Unsubscribed, { label: string; about: string }> = {
  reports: { label: 'No reports', about: STAYS.reports },
  warnings: { label: 'No reports and no warnings', about: STAYS.warnings },
  everything: { label: 'No mail at all', about: STAYS.everything },
};

function unsubscribeWords({ address, from, already, isRequest }: Extract<Page, { kind: 'unsubscribe' }>): Words {
  const levels = UNSUBSCRIBED.slice(already === undefined ? 0 : UNSUBSCRIBED.indexOf(already) + 1);
  const before = already === undefined ? [] : [`You have unsubscribed before: ${GONE[already]}`];
  if (levels.length === 0)
    return {
      title: 'You have unsubscribed',
      lead: [`That is noted for ${isolate(address)}: ${GONE.everything}`],
      note: AGAIN,
    };
  if (isRequest)
    return {
      title: 'Do not ask again?',
      lead: [
        `Curfew then writes to ${isolate(address)} no more: neither requests to confirm it, nor anything else. Your Studio admins get the mail about your apps in your place.`,
      ],
      form: { button: 'Do not ask again' },
      note: 'If you close this page, nothing changes.',
    };
  const chosen = levels.includes(from) ? from : levels[0];
  return {
    title: 'Which mail do you want no longer?',
    lead: [`This is about mail to ${isolate(address)}.`, ...before],
    form: {
      button: 'Unsubscribe',
      legend: 'Your choice',
      choices: levels.map((value) => ({ value, ...CHOICES[value], isChecked: value === chosen })),
    },
    note: 'Apps are stopped by the same limits, whoever is told. What you are not told, your Studio admins are.',
  };
}

const NOT_TO_CONFIRM: Record<'bounced' | 'complained' | 'unknown', Words> = {
  bounced: {
    title: 'Mail to this address came back',
    lead: [
      'So nothing more is sent to it, and it cannot be confirmed by this link. Ask your Studio admins to invite you anew.',
    ],
  },
  complained: {
    title: 'Mail to this address was marked as spam',
    lead: ['So nothing more is sent to it. If that was a slip, ask your Studio admins.'],
  },
  unknown: {
    title: 'There is nothing to confirm',
    lead: ['This address is not on file any more. If you use Studio, your admins can have you asked anew.'],
  },
};

const EXPIRED = {
  confirm: 'A link to confirm works once, and for 30 days.',
  keep: 'A link in a warning works once, and for 7 days.',
  stop: 'A link in a warning works for 7 days.',
  report: 'A link to a report works for 60 days.',
  unsubscribe: 'A link to unsubscribe works for 400 days.',
};

const HOPELESS = {
  confirm: 'Ask your Studio admins if you want to be asked anew.',
  keep: 'The warning that it came with stands no longer. A newer warning has a link of its own.',
  stop: 'The warning that it came with stands no longer. You can stop the app in Studio.',
  report: 'A newer report has a link of its own.',
  unsubscribe: 'Use the link in a newer mail.',
};

const PLAIN = {
  renewed: {
    title: 'A fresh mail is on its way',
    lead: ['It goes to the address that the old one went to, within some minutes.'],
  },
  'renewed before': {
    title: 'One mail an hour',
    lead: [
      'A mail to this address was asked for already, in this hour or three times today. Look in your mailbox, also among the spam.',
      'If it does not come, ask again in an hour.',
    ],
  },
  asked: {
    title: 'Look in your mailbox',
    lead: [
      'If that address is on file and waits to be confirmed, a mail is on its way to it.',
      'We send one an hour at most, and three a day.',
    ],
    note: 'If none comes, ask your Studio admins: they see which address they have of you.',
  },
  'too many': {
    title: 'That is enough for now',
    lead: ['Many mails were asked for from your network within the hour. Try again in an hour.'],
  },
  home: {
    title: 'Mail about your Studio apps',
    lead: [
      'The links in Curfew’s mail lead here. Curfew keeps the running apps of SageMaker Studio, and their cost, in hand: it warns before it stops one, and it always keeps your files.',
      'Without a link from a mail there is nothing to do here.',
    ],
  },
  'not found': { title: 'There is nothing here', lead: ['Use the link in your mail, whole as it is.'] },
  'not allowed': {
    title: 'That does not work here',
    lead: ['Open the link in your mail, and use the button that it shows.'],
  },
  malformed: { title: 'That cannot be read', lead: ['Open the link in your mail, and use the button that it shows.'] },
  foreign: {
    title: 'Please press the button here',
    lead: [
      'That came from another site, so nothing was done. Open the link in your mail, and press the button on the page that it shows.',
    ],
  },
  failed: {
    title: 'That did not work just now',
    lead: ['AWS did not do its part. Wait a minute, go back, and press the button again: it still works.'],
  },
} satisfies Partial<Record<Page['kind'], Words>>;
