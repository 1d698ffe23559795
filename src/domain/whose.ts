import { overlap, type Period } from './period.ts';
import type { Run } from './run.ts';
import type { Volume } from './volume.ts';

/** Whose spaces and owners are: what the bill's tags are mapped by. */
export interface Owners {
  /** The owner of a space; undefined where it has none, or none is known. */
  ofSpace(domainId: string, spaceName: string): string | undefined;
  /** The value of the team's tag for an owner; undefined where there is none. */
  teamOf(domainId: string, owner: string | undefined): string | undefined;
}

/**
 * Whose spaces were on a day, and of which team owners: by what ran or lay there that day, the newest last; of what did
 * not, by all that is on record. A space whose volume lay there without an owner was nobody's.
 */
export function ownersOf({ runs, volumes }: { runs: Run[]; volumes: Volume[] }): (day: Period) => Owners {
  const facts = [
    ...volumes.map(({ domainId, spaceName, owner, team, since: from, until: to }) => {
      return { domainId, spaceName, owner, team, from, to };
    }),
    // A run whose owner is not known tells nothing of whose its space is.
    ...runs.map(({ app: { domainId, spaceName }, owner, team, startedAt: from, endedAt: to }) => {
      return { domainId, spaceName: owner === undefined ? undefined : spaceName, owner, team, from, to };
    }),
  ].sort((a, b) => a.from - b.from);
  const told = (some: typeof facts) => ({
    spaces: new Map<string, string | undefined>(
      some.flatMap(({ domainId, spaceName, owner }) =>
        spaceName === undefined ? [] : [[JSON.stringify([domainId, spaceName]), owner]],
      ),
    ),
    teams: new Map(
      some.flatMap(({ domainId, owner, team }) =>
        team === undefined ? [] : [[JSON.stringify([domainId, owner]), team]],
      ),
    ),
  });
  const ever = { ...told(facts), spaces: told(facts.filter(({ owner }) => owner !== undefined)).spaces };
  return (day) => {
    const then = told(facts.filter(({ from, to = Number.POSITIVE_INFINITY }) => overlap(from, to, day) > 0));
    const find = (by: 'spaces' | 'teams', domainId: string, name: string | undefined) => {
      const key = JSON.stringify([domainId, name]);
      return (then[by].has(key) ? then : ever)[by].get(key);
    };
    return {
      ofSpace: (domainId, spaceName) => find('spaces', domainId, spaceName),
      teamOf: (domainId, owner) => find('teams', domainId, owner),
    };
  };
}
