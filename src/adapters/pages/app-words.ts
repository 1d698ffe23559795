import { assertNever } from '../../domain/assert-never.ts';
import type { Unsubscribed } from '../../domain/contact.ts';
import type { Page } from '../../domain/page.ts';
import type { Instant } from '../../domain/time.ts';
import { appView } from '../ses/app-view.ts';

/** What a page says, and what its button does. */
export interface Words {
  title: string;
  lead: string[];
  /** The app in a line. */
  about?: string;
  callout?: string;
  note?: string;
  form?: {
    button: string;
    /** It is not what most readers come for. */
    isQuiet?: boolean;
    /** It asks for a fresh mail, rather than for what the link is for. */
    isFresh?: boolean;
    asksAddress?: boolean;
    fault?: string;
    legend?: string;
    choices?: { value: Unsubscribed; label: string; about: string; isChecked: boolean }[];
  };
}

type AppPage = Extract<Page, { app: unknown }>;

/** A page about one app, in words. */
export function appWords(page: AppPage, time: (instant: Instant) => string, now: Instant): Words {
  const { app, role } = page;
  const { phrase, memory, work } = appView(app, { role }, Number.POSITIVE_INFINITY);
  const its = lowerFirst(phrase);
  const instance = app.instanceType === undefined ? '' : `${app.instanceType}, `;
  const about = `${instance}running since ${time(app.startedAt)}`;
  const after = 'After that its limits hold again, and you are warned once more before it is stopped.';
  switch (page.kind) {
    case 'keep': {
      const { until, stopAt, keptUntil, left } = page;
      const standing =
        keptUntil !== undefined
          ? [`${phrase} is kept running until ${time(keptUntil)} already.`]
          : stopAt !== undefined && stopAt > now
            ? [`${phrase} is to be stopped on ${time(stopAt)}.`]
            : [];
      return {
        title: `Keep it running until ${time(until)}?`,
        lead: [
          ...standing,
          `With this button Curfew leaves ${standing.length > 0 ? 'it' : its} alone until then. ${after}`,
        ],
        about,
        ...stopping(page.isStopping),
        form: { button: 'Keep it running' },
        note:
          left === 0
            ? 'This is the last time that the policy allows it for this run.'
            : `After this the policy allows it ${times(left)} more for this run.`,
      };
    }
    case 'kept': {
      const { until, isNews } = page;
      if (until <= now)
        return {
          title: 'This link was used',
          lead: [`${phrase} was kept running until ${time(until)}. That is over, and its limits hold again.`],
          note: 'The next warning has a link of its own.',
        };
      return {
        title: isNews ? `It is kept running until ${time(until)}` : `It is kept running already, until ${time(until)}`,
        lead: [`Curfew leaves ${its} alone until then. ${after}`],
        about,
        ...stopping(page.isStopping),
        note: `${page.left === 0 ? 'That was the last time that the policy allows for this run. ' : ''}If you are done sooner, stop it in Studio: it costs money for as long as it runs.`,
      };
    }
    case 'kept enough': {
      const { until } = page;
      return {
        title: 'That was the last time',
        lead: [
          `The policy lets a run be kept running ${times(page.times)}, and that is used up for ${its}.`,
          ...(until === undefined ? [] : [`It is kept running until ${time(until)}.`]),
        ],
        about,
        note: `Save the ${work} in time. If it needs longer, ask your Studio admins.`,
      };
    }
    case 'stop':
      return {
        title: 'Stop it now?',
        lead: [
          `With this button Curfew stops ${its} at once${page.stopAt !== undefined && page.stopAt > now ? `, rather than on ${time(page.stopAt)}` : ''}.`,
        ],
        about,
        callout: `All files are kept. What is only in ${memory} is lost: ${role === 'owner' ? `save your ${work} first` : `its user may want to save their ${work} first`}.`,
        form: { button: 'Stop it now' },
        note: 'To let it run on, close this page, and nothing happens.',
      };
    case 'stopping':
      return {
        title: 'It is being stopped',
        lead: [`A stop of ${its} is under way. It takes a minute or two.`],
        callout: `All files are kept.`,
      };
    case 'over':
      return overWords(page, phrase, memory, time);
    default:
      return assertNever(page);
  }
}

/** A stop that was under way may have been quicker: the next scan knows, and so does Studio. */
function stopping(isStopping: boolean | undefined): { callout?: string } {
  return isStopping
    ? {
        callout:
          'A stop of it was under way already. If Studio shows it stopped in a minute, that came first; all files are kept.',
      }
    : {};
}

function overWords(
  { isAgain, isOurs, isNews, endedAt }: Extract<Page, { kind: 'over' }>,
  phrase: string,
  memory: string,
  time: (instant: Instant) => string,
): Words {
  if (isAgain)
    return {
      title: 'That run is over',
      lead: [`${phrase} has been started anew since. This link was for the run before, and leaves the new one alone.`],
    };
  const when = endedAt === undefined ? '' : ` on ${time(endedAt)}`;
  if (!isOurs) return { title: 'It is not running', lead: [`${phrase} ended${when}, so there is nothing left to do.`] };
  const callout = `All files are kept. What was only in ${memory} is gone. It can be started again in Studio whenever it is needed.`;
  return isNews
    ? {
        title: 'It is stopped',
        lead: [`Curfew has stopped ${lowerFirst(phrase)}. Studio may show it for another minute.`],
        callout,
      }
    : { title: 'It was stopped', lead: [`Curfew stopped ${lowerFirst(phrase)}${when}.`], callout };
}

/** `Your app` within a sentence: names keep their case. */
function lowerFirst(phrase: string): string {
  return phrase.replace(/^(Your|The) /, (word) => word.toLowerCase());
}

function times(count: number): string {
  return count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`;
}
