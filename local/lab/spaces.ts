import type { Instant } from '../../src/domain/time.ts';
import { DAY, HOUR } from '../../src/domain/time.ts';
import type { Studio } from '../aws/index.ts';
import type { Habit } from './habits.ts';
import type { Person } from './people.ts';
import { DOMAINS, PEOPLE } from './people.ts';

/** Spaces that are not simply their user's own. */
const SPECIAL: Record<string, { sharing: 'Private' | 'Shared'; isOwned: boolean; displayName: string }> = {
  'vision-team': { sharing: 'Shared', isOwned: true, displayName: "The vision team's <shared> space" },
  'core-facility': { sharing: 'Shared', isOwned: true, displayName: 'Core facility: séquençage & co.' },
  'old-pipeline': { sharing: 'Private', isOwned: false, displayName: 'nobody’s any more' },
};

/** The shared space whose owner leaves the lab, and the day on which they do. */
export const ORPHANED = { domainId: 'd-genome3h6w5r', space: 'core-facility', owner: 'tess-murphy', day: 6 };

/** Somebody who joins only during the lab: their profile and space come with events. */
const NEWCOMERS: Record<string, number> = { 'visitor-2': 2, 'xavier-le-goff': 1 };

/** Makes the domains, people and spaces that were there before the lab's first day, and notes those who come later. */
export function furnish(studio: Studio, start: Instant, later: (day: number, deed: () => void) => void): void {
  const before = start - 30 * DAY;
  for (const domain of DOMAINS) studio.createDomain({ ...domain, at: before });
  for (const person of PEOPLE) {
    const day = NEWCOMERS[person.profile];
    if (day === undefined) settle(studio, person, { at: before + HOUR });
    else later(day, () => settle(studio, person, { by: 'studio-admin' }));
  }
}

function settle(
  studio: Studio,
  { name, profile, domainId, sso, habits }: Person,
  made: { at?: number; by?: string },
): void {
  studio.createUserProfile({ domainId, name: profile, ssoUser: sso, ...made });
  const spaces = new Map(habits.filter(({ space }) => space !== undefined).map((habit) => [habit.space!, habit]));
  for (const [space, { appType }] of spaces) {
    const { sharing, isOwned, displayName } = SPECIAL[space] ?? {
      sharing: 'Private' as const,
      isOwned: true,
      displayName: `${name}'s ${appType} + notes`,
    };
    studio.createSpace({
      domainId,
      name: space,
      sharing,
      displayName,
      appType,
      ebsGb: 20,
      ...(isOwned ? { owner: profile } : {}),
      ...made,
    });
  }
}

/** Whose an app is, for people. */
export function whose(person: Person, habit: Pick<Habit, 'space'>): string {
  const special = SPECIAL[habit.space ?? ''];
  if (!special) return person.name;
  return special.isOwned ? `${habit.space} (shared)` : `${habit.space} (no owner)`;
}
