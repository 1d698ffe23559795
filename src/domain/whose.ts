import { overlap, type Period } from './period.ts';
import type { Run } from './run.ts';
import type { Volume } from './volume.ts';

/** Whose spaces and owners are: what the bill's tags are mapped by. */
export interface Owners {
  /** The owner of a space; undefined where it has none, or none is known. */
  ofSpace(domainId: string, spaceName: string): string | undefined;
  /**
   * A profile's name as it is on record, which may be in another case than in the tag; one that nobody knows is as the tag
   * has it. Undefined where several on record are called so but for their case, and the tag is none of them exactly.
   */
  ofProfile(domainId: string, name: string): string | undefined;
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
    ...runs.map(({ app: { domainId, spaceName, userProfileName }, owner, team, startedAt: from, endedAt: to }) => {
      const space = owner === undefined ? undefined : spaceName;
      return { domainId, spaceName: space, owner: owner ?? userProfileName, team, from, to };
    }),
  ].sort((a, b) => a.from - b.from);
  const told = (some: typeof facts) => ({
    spaces: named(some.map(({ domainId, spaceName, owner }) => [domainId, spaceName, owner])),
    profiles: named(some.map(({ domainId, owner }) => [domainId, owner, owner])),
    teams: new Map(
      some.flatMap(({ domainId, owner, team }) =>
        team === undefined ? [] : [[JSON.stringify([domainId, owner]), team]],
      ),
    ),
  });
  const ever = { ...told(facts), spaces: told(facts.filter(({ owner }) => owner !== undefined)).spaces };
  return (day) => {
    const then = told(facts.filter(({ from, to = Number.POSITIVE_INFINITY }) => overlap(from, to, day) > 0));
    const find = (by: 'spaces' | 'profiles', domainId: string, name: string) => {
      const [exact, anyCase] = keysOf(domainId, name);
      const names = [then[by].exact, ever[by].exact].find((some) => some.has(exact));
      if (names) return { value: names.get(exact) };
      const values = [then[by].anyCase, ever[by].anyCase].map((some) => some.get(anyCase)).find((some) => some);
      return values && { value: values.size === 1 ? [...values][0] : undefined };
    };
    return {
      ofSpace: (domainId, spaceName) => find('spaces', domainId, spaceName)?.value,
      ofProfile: (domainId, name) => {
        const found = find('profiles', domainId, name);
        return found ? found.value : name;
      },
      teamOf: (domainId, owner) => {
        const key = JSON.stringify([domainId, owner]);
        return (then.teams.has(key) ? then : ever).teams.get(key);
      },
    };
  };
}

type Name = string | undefined;

/** By exact name, and by name in any case: SageMaker writes the names in some ARNs in lower case, and so they are in tags. */
function named(entries: [domainId: string, name: Name, value: Name][]) {
  const exact = new Map<string, Name>();
  for (const [domainId, name, value] of entries) if (name !== undefined) exact.set(keysOf(domainId, name)[0], value);
  const anyCase = new Map<string, Set<Name>>();
  for (const [key, value] of exact) {
    const lower = key.toLowerCase();
    anyCase.set(lower, (anyCase.get(lower) ?? new Set()).add(value));
  }
  return { exact, anyCase };
}

function keysOf(domainId: string, name: string): [exact: string, anyCase: string] {
  const key = JSON.stringify([domainId, name]);
  return [key, key.toLowerCase()];
}
