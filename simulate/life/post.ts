import type { Mail } from '../lab.ts';
import { runningIn } from '../oracle/truth.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../spec.ts';
import type { Button, News, Step } from '../steps.ts';
import { ROOT } from './founding.ts';
import type { Life } from './life.ts';
import { going, type Luck } from './luck.ts';
import { startOver } from './sessions.ts';

/** People read their mail, and do as they please; mailboxes tell SES what became of it. */
export function readMail(life: Life): void {
  const { lab, agenda, luck } = life;
  for (const mail of lab.news.mails.splice(0)) {
    const now = lab.judge.truth.now;
    if (mail.kind === 'warning') {
      const stopAt = lab.judge.letters.get(mail.notice)?.letter.facts.stopAt;
      life.wantScan(stopAt ?? now + HOUR, () => runningIn(lab.judge.truth, mail.slot!) !== undefined);
      if (life.isBad && luck.chance(0.01)) shorten(life, now);
    }
    // This one only ever reads, and mends: whatever nobody else may be told ends here.
    if (mail.to === ROOT) {
      if (lab.judge.letters.get(mail.notice)?.letter.facts.title?.startsWith('Safety valve')) openValve(life, now);
      continue;
    }
    react(life, mail, now);
    const what = becomes(luck, mail, life.isBad);
    if (what) {
      const post = (delay: number) =>
        agenda.put(now + delay, (at) => {
          const ago = boxOf(life, mail).length - 1 - boxOf(life, mail).indexOf(mail);
          const isThere = boxOf(life, mail).includes(mail);
          return isThere ? [{ at, do: 'news', to: mail.to, ago, what, ...going(luck, life.isBad, 5) }] : [];
        });
      post(luck.whole(2 * SECOND, 3 * MINUTE));
      if (life.isBad && luck.chance(0.1)) post(luck.about(HOUR));
    }
  }
}

/** An admin makes every grace shorter while warnings stand that promised more. */
function shorten({ agenda, luck, lab, wantScan }: Life, now: number): void {
  const at = now + luck.about(5 * MINUTE);
  wantScan(at + 35 * MINUTE);
  agenda.put(at, (then) => {
    const limits = lab.spec.limits.map((limit) => ({ ...limit, grace: 30 * MINUTE }));
    return [{ at: then, do: 'policy', change: { limits } }];
  });
}

/** An admin who is told of the safety valve lets all of it go, and sets it as it was later. */
function openValve({ agenda, luck, lab }: Life, now: number): void {
  const before = lab.spec.maxStops;
  if ('percent' in before && before.percent === 100) return;
  const set = (delay: number, maxStops: typeof before) =>
    agenda.put(now + delay, (at) => [{ at, do: 'policy', change: { maxStops } }]);
  const delay = luck.about(3 * HOUR) + MINUTE;
  set(delay, { percent: 100 });
  set(delay + 5 * HOUR, before);
}

const boxOf = ({ lab }: Life, { to }: Mail) => lab.mails.get(to.toLowerCase()) ?? [];

/** Some mailboxes are dead from the start, some for a while, and some readers call mail spam. */
function becomes(luck: Luck, { to }: Mail, isBad: boolean): News | undefined {
  if (/^p[0-9]7@/i.test(to) && luck.chance(0.3)) return 'bounced for now';
  if (isBad && luck.chance(0.008)) return 'bounced for good';
  if (isBad && luck.chance(0.002)) return 'complained';
  return luck.chance(0.3) ? 'delivered' : undefined;
}

function react(life: Life, mail: Mail, now: number): void {
  const { agenda, luck } = life;
  const later = (
    delay: number,
    button: Button,
    what: 'open' | 'press',
    more: { level?: 'reports' | 'warnings' | 'everything' } = {},
  ) =>
    agenda.put(now + delay, (at): Step[] => {
      const own = boxOf(life, mail).filter(({ urls }) => urls[button] !== undefined);
      const index = own.indexOf(mail);
      if (index < 0) return [];
      const ago = own.length - 1 - index;
      if (what === 'open') return [{ at, do: 'open', to: mail.to, button, ago }];
      if (button === 'keep') life.wantScan(at + life.lab.spec.extensions.for);
      return [{ at, do: 'press', to: mail.to, button, ago, ...more, ...going(luck, life.isBad, 8) }];
    });
  const soon = () => luck.about(25 * MINUTE) + 20 * SECOND;
  if (luck.chance(0.1))
    later(luck.whole(1, 60) * SECOND, luck.pick(['confirm', 'keep', 'stop', 'unsubscribe']), 'open');
  if (mail.kind === 'confirmation' && luck.chance(0.55))
    later(luck.chance(0.8) ? soon() : luck.about(5 * DAY), 'confirm', 'press');
  if (mail.kind === 'warning') {
    if (luck.chance(0.2)) later(soon(), 'keep', 'press');
    // Twice: an impatient click, or the same mail found again.
    if (luck.chance(0.06)) later(soon(), 'keep', 'press');
    if (luck.chance(0.1)) later(soon(), 'stop', 'press');
    if (mail.slot !== undefined && luck.chance(0.04)) startOver(life, mail.slot, mail.to, now);
    // An old mail, of a run that may be over by then.
    if (luck.chance(0.05)) later(luck.about(30 * HOUR), luck.pick(['stop', 'keep']), 'press');
  }
  // Found again when its links work no longer: then fresh ones are asked for, by some more than once.
  if (luck.chance(0.03)) {
    const button = mail.kind === 'confirmation' ? 'confirm' : luck.pick<Button>(['keep', 'stop']);
    const delay = luck.between(DAY, 16 * DAY);
    for (let again = 0; again < luck.whole(1, 4); again++) {
      agenda.put(now + delay + luck.about(again * 3 * HOUR), (at): Step[] => {
        const ago = boxOf(life, mail)
          .filter(({ urls }) => urls[button] !== undefined)
          .toReversed()
          .indexOf(mail);
        if (ago < 0) return [];
        return [{ at, do: 'renew', to: mail.to, button, ago, source: '192.0.2.7', ...going(luck, life.isBad, 6) }];
      });
    }
  }
  if (luck.chance(mail.kind === 'digest' ? 0.003 : 0.012))
    later(
      soon(),
      'unsubscribe',
      'press',
      luck.chance(0.4) ? { level: luck.pick(['reports', 'warnings', 'everything']) } : {},
    );
  // Whoever has said no may say yes again.
  if (mail.kind !== 'confirmation' && luck.chance(0.004))
    agenda.put(now + luck.about(10 * DAY), (at) => [{ at, do: 'invite', to: mail.to, ...going(luck, life.isBad, 3) }]);
}
