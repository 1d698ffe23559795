import type { ContextEntry, EvaluationResult, IAMClient } from '@aws-sdk/client-iam';
import { GetRoleCommand, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import type { Ask, Simulator } from '../../application/doctor-ports.ts';
import { PortError } from '../../application/ports.ts';
import type { Ruling } from '../../domain/checkup/rights.ts';
import { call } from '../aws-error.ts';
import { pages } from '../sagemaker/pages.ts';

/** The IAM actions that this adapter calls. */
export const SIMULATOR_ACTIONS = ['iam:SimulatePrincipalPolicy', 'iam:GetRole'];

/** IAM's simulator over the SDK. It calls nothing of what it is asked about. */
export function iamSimulator(client: IAMClient): Simulator {
  return {
    async principalOf(callerArn) {
      if (/^arn:[^:]*:iam::\d{12}:root$/.test(callerArn)) return undefined;
      const role = /^arn:[^:]*:sts::\d{12}:assumed-role\/([^/]+)\//.exec(callerArn)?.[1];
      if (role === undefined) return callerArn;
      // The ARN of a session tells its role's name, and not the path, which those of IAM Identity Center have.
      const { Role } = await call('iam:GetRole', () => client.send(new GetRoleCommand({ RoleName: role })));
      return Role?.Arn;
    },
    async simulate(principal, asks) {
      const rulings: Ruling[] = [];
      // One after the other: IAM grants few of these a second.
      for (const ask of asks) rulings.push(...(await simulateTogether(client, principal, ask)));
      return rulings;
    },
  };
}

/**
 * IAM refuses to look at some actions in one request, and says in which groups it would: each is then asked about by itself. AWS
 * documents no list of them; the message is as public tools have met it.
 */
async function simulateTogether(client: IAMClient, principal: string, ask: Ask): Promise<Ruling[]> {
  try {
    return await simulateOn(client, principal, ask);
  } catch (error) {
    if (!(error instanceof PortError && error.code === 'InvalidInputException' && ask.actions.length > 1)) throw error;
    const rulings: Ruling[] = [];
    for (const actions of groupsIn(error.message, ask.actions))
      rulings.push(...(await simulateTogether(client, principal, { ...ask, actions })));
    return rulings;
  }
}

/** A role is lent only to Scheduler: on other calls, it says nothing. */
const LENT_TO_SCHEDULER: ContextEntry[] = [
  {
    ContextKeyName: 'iam:PassedToService',
    ContextKeyType: 'string',
    ContextKeyValues: ['scheduler.amazonaws.com'],
  },
];

/** The groups of "[a,b] and [c] require different authorization information"; each action alone where the words are others. */
function groupsIn(message: string, actions: string[]): string[][] {
  const groups = [...message.matchAll(/\[([^[\]]+)\]/g)].map(([, names = '']) => names.split(/,\s*/));
  const isSplit = groups.length > 1 && groups.flat().sort().join() === [...actions].sort().join();
  return isSplit ? groups : actions.map((action) => [action]);
}

async function simulateOn(client: IAMClient, PolicySourceArn: string, { actions, resource }: Ask): Promise<Ruling[]> {
  const rulings: Ruling[] = [];
  await pages('iam:SimulatePrincipalPolicy', async (Marker) => {
    const page = await client.send(
      new SimulatePrincipalPolicyCommand({
        PolicySourceArn,
        ActionNames: actions,
        ResourceArns: [resource],
        ContextEntries: LENT_TO_SCHEDULER,
        Marker,
      }),
    );
    for (const result of page.EvaluationResults ?? [])
      rulings.push({ action: result.EvalActionName ?? '', resource, says: rulingOf(result) });
    return page.IsTruncated ? page.Marker : undefined;
  });
  return rulings;
}

/** A refusal for want of a context value may be a grant in earnest: who knows. */
function rulingOf({ EvalDecision, MissingContextValues = [] }: EvaluationResult): Ruling['says'] {
  if (EvalDecision === 'allowed') return 'allowed';
  return EvalDecision === 'implicitDeny' && MissingContextValues.length > 0 ? 'not known' : 'denied';
}
