import { DAY, HOUR, MINUTE, type Spec } from '../spec.ts';
import type { Step } from '../steps.ts';
import { ROOT } from './founding.ts';
import type { Life } from './life.ts';
import { going } from './luck.ts';

/** Policies, tags and owners change under way, in bad times alone: in good ones, nothing may be blamed on them. */
export function govern(life: Life, start: number): void {
  const { agenda, luck } = life;
  const each = (mean: number, deed: (life: Life, now: number) => Step[]) => {
    const again = (at: number) =>
      agenda.put(at, (now) => {
        again(now + luck.about(mean) + MINUTE);
        return life.isBad ? deed(life, now) : [];
      });
    again(start + luck.about(mean));
  };
  each(2 * DAY, changePolicy);
  each(1.5 * DAY, changeTags);
  each(4 * DAY, changeOwner);
  each(9 * DAY, pause);
  each(3 * DAY, grant);
}

function changePolicy(life: Life, now: number): Step[] {
  const { agenda, luck, lab, persons } = life;
  const { spec } = lab;
  const change = (change: Partial<Spec>): Step[] => [{ at: now, do: 'policy', change }];
  const back = (delay: number, change: (spec: Spec) => Partial<Spec>) =>
    agenda.put(now + luck.about(delay), (at) => [{ at, do: 'policy', change: change(lab.spec) }]);
  const limit = luck.whole(0, spec.limits.length - 1);
  const edit = (more: Partial<Spec['limits'][number]>) =>
    change({ limits: spec.limits.map((one, i) => (i === limit ? { ...one, ...more } : one)) });
  return luck.pick<() => Step[]>([
    () => {
      back(8 * HOUR, () => ({ mode: 'enforce' }));
      return change({ mode: luck.pick(['observe', 'warn']) });
    },
    () => edit({ up: luck.pick([12 * HOUR, DAY, 2 * DAY, 3 * DAY]) }),
    () => edit({ idle: luck.pick([HOUR, 2 * HOUR, 4 * HOUR]) }),
    () => edit({ grace: luck.pick([30 * MINUTE, HOUR, 2 * HOUR]) }),
    () => {
      if (spec.exempt.some(({ weekend }) => weekend)) return [];
      back(3 * DAY, ({ exempt }) => ({ exempt: exempt.filter(({ weekend }) => !weekend) }));
      return change({ exempt: [...spec.exempt, { weekend: true }] });
    },
    () => {
      const owner = luck.pick(persons).name;
      back(2 * DAY, ({ exempt }) => ({ exempt: exempt.filter((fit) => fit.owner !== owner) }));
      return change({ exempt: [...spec.exempt, { owner }] });
    },
    () =>
      change({ maxStops: luck.pick([{ percent: 25 }, { percent: 29 }, { percent: 10 }, { count: 2 }, { count: 5 }]) }),
    () =>
      change({
        extensions: luck.pick([
          { for: 4 * HOUR, atMost: 2 },
          { for: 2 * HOUR, atMost: 1 },
          { for: 9 * HOUR, atMost: 3 },
        ]),
      }),
    () => change({ staleAfter: luck.pick([30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR]) }),
    () => change({ digest: luck.pick([0, 8 * 60, 23 * 60 + 55, 'never']) }),
    () =>
      change({
        admins: luck.pick([[ROOT], [ROOT, 'admin@example.org'], [ROOT, 'admin@example.org', 'p01@example.org']]),
      }),
    () => {
      const budget = luck.whole(0, Math.max(0, spec.budgets.length - 1));
      const factor = luck.pick([0.5, 0.8, 1.5, 2]);
      const limit = (before: number) => Math.max(1_000_000, Math.round((before * factor) / 10_000) * 10_000);
      return change({
        budgets: spec.budgets.map((one, i) => (i === budget ? { ...one, limit: limit(one.limit) } : one)),
      });
    },
    () => {
      back(2 * DAY, () => ({ rails: spec.rails }));
      return change({ rails: [] });
    },
    () => {
      const { name } = luck.pick(persons);
      const { [name]: _, ...rest } = spec.addresses;
      return change({
        addresses: luck.chance(0.2) ? rest : { ...rest, [name]: `${name}.${luck.whole(1, 3)}@example.org` },
      });
    },
  ])();
}

/** Admins grant somebody more for some days, or lift what a budget does to them. */
function grant({ luck, lab, persons, wantScan }: Life, now: number): Step[] {
  const { budgets } = lab.spec;
  if (budgets.length === 0) return [];
  const budget = luck.pick(budgets);
  const { name, domainId } = luck.pick(persons);
  const subject =
    budget.for === 'account'
      ? { kind: 'account' as const, name: '' }
      : budget.for === 'each owner'
        ? { kind: 'owner' as const, name: `${domainId}/${name}` }
        : { kind: 'domain' as const, name: budget.for.domain };
  const until = now + Math.round(luck.between(2 * HOUR, 9 * DAY));
  wantScan(until);
  const which = luck.chance(0.7) ? { budget: budget.name } : {};
  const common = { at: now, do: 'except' as const, subject, until, ...which, ...going(luck, true, 1) };
  if (luck.chance(0.3)) return [{ ...common, kind: 'lift' }];
  return [{ ...common, kind: 'grant', amount: luck.pick([1, 5, 20]) * 1_000_000 }];
}

/** Admins pause for a while, say until when or take it back themselves; some do it again before that. */
function pause({ agenda, luck }: Life, now: number): Step[] {
  const length = Math.round(luck.pick([luck.about(3 * HOUR), luck.between(6 * HOUR, 40 * HOUR)])) + 10 * MINUTE;
  const going = luck.chance(0.2) ? { skew: luck.whole(-45, 45) * 1_000 } : {};
  if (luck.chance(0.5)) return [{ at: now, do: 'pause', until: now + length, ...going }];
  agenda.put(now + length, (at) => [{ at, do: 'resume' }]);
  if (luck.chance(0.2)) agenda.put(now + length / 2, (at) => [{ at, do: 'pause', until: at + length, ...going }]);
  return [{ at: now, do: 'pause', ...going }];
}

function changeTags({ luck, lab, persons }: Life, now: number): Step[] {
  const slot = luck.pick([...lab.judge.truth.slots.values()]);
  const { domainId } = slot;
  const space = slot.spaceName === undefined ? undefined : `space/${domainId}/${slot.spaceName}`;
  const profile = `user-profile/${domainId}/${luck.pick(persons.filter((one) => one.domainId === domainId)).name}`;
  const resource = luck.chance(0.02) ? `domain/${domainId}` : luck.chance(0.7) && space ? space : profile;
  const tags: Record<string, string> = luck.chance(0.7) ? {} : { curfew: luck.pick(['exempt', 'training', 'other']) };
  return [{ at: now, do: 'tag', resource, tags }];
}

function changeOwner({ luck, lab, persons }: Life, now: number): Step[] {
  const spaces = [...lab.judge.truth.owners.keys()];
  if (spaces.length === 0) return [];
  const space = luck.pick(spaces);
  const [domainId] = space.split('/');
  const { name } = luck.pick(persons.filter((one) => one.domainId === domainId));
  return [{ at: now, do: 'own', space, ...(luck.chance(0.4) ? {} : { owner: name }) }];
}
