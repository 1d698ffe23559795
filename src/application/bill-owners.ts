import type { Owners } from '../domain/ledger.ts';
import { billingDay } from '../domain/period.ts';
import type { Run } from '../domain/run.ts';
import type { Volume } from '../domain/volume.ts';

/**
 * Whose spaces were on a day, and of which team owners are: by what is on record, the newest last. A space that had lost
 * its owner by then was nobody's.
 */
export function ownersOn(date: string, { runs, volumes }: { runs: Run[]; volumes: Volume[] }): Owners {
  const day = billingDay(date);
  const spaces = new Map<string, string>();
  const teams = new Map<string, string>();
  const note = (
    domainId: string,
    spaceName: string | undefined,
    owner: string | undefined,
    team: string | undefined,
  ) => {
    if (spaceName !== undefined && owner !== undefined) spaces.set(JSON.stringify([domainId, spaceName]), owner);
    if (team !== undefined) teams.set(JSON.stringify([domainId, owner]), team);
  };
  for (const { app, owner, team } of runs) note(app.domainId, app.spaceName, owner, team);
  for (const { domainId, spaceName, owner, team, since, until = Number.POSITIVE_INFINITY } of volumes) {
    note(domainId, undefined, owner, team);
    if (since >= day.to || until <= day.from) continue;
    const space = JSON.stringify([domainId, spaceName]);
    if (owner === undefined) spaces.delete(space);
    else spaces.set(space, owner);
  }
  return {
    ofSpace: (domainId, spaceName) => spaces.get(JSON.stringify([domainId, spaceName])),
    teamOf: (domainId, owner) => teams.get(JSON.stringify([domainId, owner])),
  };
}
