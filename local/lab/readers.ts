import { HOUR, type Instant, MINUTE } from '../../src/domain/time.ts';
import type { Mail } from '../aws/index.ts';
import type { Agenda } from './agenda.ts';
import type { Person } from './people.ts';
import { PEOPLE } from './people.ts';
import type { Random } from './random.ts';

/** What a reader of the lab's mail has truly said: consent is held against it. */
export interface Reader {
  person: Person;
  /** Their own luck: SES may hand over a minute's mail in any order. */
  random: Random;
  confirmedAt?: Instant;
  /** From everything. */
  unsubscribedAt?: Instant;
  /** How often they kept an app running. */
  kept: number;
}

/** People who read their mail, and press its buttons. */
export interface Readers {
  /** By address. */
  all: Map<string, Reader>;
  /** New mail is there. */
  read(mails: Mail[]): void;
}

/** Those who never answer, who soon want no mail any more, and whose mail does not arrive, by profile. */
const IGNORE = ['wei-zhang', 'kaito-mori', 'ravi-shah'];
const TIRED = ['tomas-ibanez', 'noah-fischer'];
export const BOUNCE = ['julia-nowak', 'felipe-souza'];

const LINK = /https?:\/\/\S+\/(confirm|keep|unsubscribe)\/\S+/g;

/**
 * People answer mail some minutes or hours after it came, as browsers do: they open the link, and press its page's button.
 * @param pressed hears of each button, so that whatever it owes is sent
 */
export function readersOf(
  agenda: Agenda,
  luckOf: (person: Person) => Random,
  pressed: (who: Person, what: string) => Promise<void>,
): Readers {
  const all = new Map<string, Reader>();
  const readerOf = (address: string): Reader | undefined => {
    const person = PEOPLE.find(({ sso }) => sso.toLowerCase() === address.toLowerCase());
    if (!person) return undefined;
    const reader = all.get(address.toLowerCase()) ?? { person, random: luckOf(person), kept: 0 };
    all.set(address.toLowerCase(), reader);
    return reader;
  };
  const answer = (reader: Reader, { text = '', tags }: Mail) => {
    const { random } = reader;
    const links = Object.fromEntries([...text.matchAll(LINK)].map(([url, purpose]) => [purpose, url]));
    const [isPatient, isMovedToKeep] = [random.chance(0.25), random.chance(0.2)];
    const soon = agenda.clock.now + random.between(4, 25) * MINUTE;
    const later = agenda.clock.now + random.between(0.2, 9) * HOUR;
    const { person } = reader;
    if (tags.notice === 'confirmation' && links.confirm && !isPatient && !IGNORE.includes(person.profile))
      agenda.at(later, async () => {
        await press(links.confirm!);
        reader.confirmedAt ??= agenda.clock.now;
        await pressed(person, 'confirmed');
      });
    // What the cast does, no chance undoes.
    if (tags.notice === 'warning' && links.keep && isMovedToKeep && person.returns > 0)
      agenda.at(soon, async () => {
        await press(links.keep!);
        reader.kept += 1;
        await pressed(person, 'kept it running');
      });
    if (tags.notice === 'stopped' && links.unsubscribe && TIRED.includes(person.profile))
      agenda.at(soon, async () => {
        await press(links.unsubscribe!, { level: 'everything' });
        reader.unsubscribedAt ??= agenda.clock.now;
        await pressed(person, 'unsubscribed from everything');
      });
  };
  return {
    all,
    read(mails) {
      for (const mail of mails.toSorted((a, b) => (a.subject < b.subject ? -1 : 1))) {
        const reader = mail.arrived.map(readerOf).find((one) => one !== undefined);
        if (reader) answer(reader, mail);
      }
    },
  };
}

/** Opens a link and presses the button of its page, if it has one. Throws for a page that failed. */
async function press(url: string, choice: Record<string, string> = {}): Promise<void> {
  const page = await fetch(url);
  const html = await page.text();
  const action = /<form method="post" action="([^"]+)"/.exec(html)?.[1];
  if (page.status >= 500) throw new Error(`${new URL(url).pathname.split('/')[1]}: HTTP ${page.status}`);
  if (action === undefined) return;
  const hidden = [...html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
  const body = new URLSearchParams({
    ...Object.fromEntries(hidden.map(([, name, value]) => [name!, value!])),
    ...choice,
  });
  const answer = await fetch(new URL(unescaped(action), url), { method: 'POST', body });
  await answer.text();
  if (answer.status >= 500) throw new Error(`${new URL(url).pathname.split('/')[1]}: HTTP ${answer.status}`);
}

function unescaped(text: string): string {
  return text.replaceAll('&#x3D;', '=').replaceAll('&amp;', '&');
}
