import type { DeployedFunction } from '../domain/checkup/deployment.ts';
import type { Finding } from '../domain/checkup/finding.ts';
import { checkRights } from '../domain/checkup/rights.ts';
import { lacking, unanswered } from './checkup.ts';
import type { DoctorOptions, DoctorPorts, KnownScope } from './doctor.ts';
import type { Ask } from './doctor-ports.ts';

/** Each role once, with all that the functions need that have it. */
export async function examineRights(
  { simulator }: DoctorPorts,
  { rightsOf, within }: DoctorOptions,
  functions: DeployedFunction[],
  known: KnownScope,
): Promise<Finding[]> {
  if (functions.length === 0) lacking('no deployed function was found');
  const roles = [...new Set(functions.map(({ role }) => role))];
  return Promise.all(
    roles.map(async (principal) => {
      const theirs = functions.filter(({ role }) => role === principal);
      const who = theirs.map(({ handler }) => handler).join(', ');
      const set = theirs.find(({ configurationSet }) => configurationSet)?.configurationSet;
      const backstop = theirs.find((one) => one.backstop)?.backstop;
      const scope = { ...known, configurationSet: set, backstop };
      const asks = merged(theirs.flatMap(({ handler }) => rightsOf(handler, scope)));
      try {
        const rulings = await within(simulator.simulate(principal, asks));
        return checkRights({ who, principal, isNeeded: true }, rulings);
      } catch (error) {
        return unanswered(`rights of ${who}`, error);
      }
    }),
  );
}

/** Each action once a resource: what is asked twice is paid for in time. */
function merged(asks: Ask[]): Ask[] {
  const resources = [...new Set(asks.map(({ resource }) => resource))];
  return resources.map((resource) => {
    const actions = asks.filter((ask) => ask.resource === resource).flatMap((ask) => ask.actions);
    return { resource, actions: [...new Set(actions)] };
  });
}
