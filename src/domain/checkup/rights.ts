import { type Finding, notKnown, ok, some, warning, wrong } from './finding.ts';

/** What IAM's simulator says of one action on one resource. `not known`: it hangs on a condition that nobody can tell. */
export interface Ruling {
  action: string;
  resource: string;
  says: 'allowed' | 'denied' | 'not known';
}

/** What somebody is asked about. */
export interface RightsAsked {
  /** `scan`, or `you`. */
  who: string;
  /** The ARN of a role or a user. */
  principal: string;
  /** What may not be done without each: the function's work, or only some command of the CLI. */
  isNeeded: boolean;
}

/** Each right that its calls need is there, by IAM's own simulation: nothing is called. */
export function checkRights({ who, principal, isNeeded }: RightsAsked, rulings: Ruling[]): Finding {
  const check = `rights of ${who}`;
  const told = ({ action, resource }: Ruling) => (resource === '*' ? action : `${action} on ${resource}`);
  const denied = rulings.filter(({ says }) => says === 'denied');
  const name = principal.slice(principal.lastIndexOf('/') + 1);
  if (denied.length > 0) {
    const says = `${name} may not ${some(denied.map(told))}`;
    if (isNeeded)
      return wrong(
        check,
        says,
        `npx serverless deploy restores the role; if that does not help, a boundary or an organization’s policy denies it`,
      );
    return warning(
      check,
      `${says}: the commands that need it will say so`,
      `Console: IAM > ${principal.includes(':user/') ? 'Users' : 'Roles'} > ${name} > Add permissions`,
    );
  }
  const open = rulings.filter(({ says }) => says === 'not known');
  if (open.length > 0)
    return notKnown(
      check,
      `whether ${name} may ${some(open.map(told))} hangs on a condition of its policy that a simulation cannot tell`,
    );
  return ok(check, `${name} may do all ${rulings.length} things that its calls need`);
}
