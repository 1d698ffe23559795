import type { LambdaClient } from '@aws-sdk/client-lambda';
import { ListFunctionsCommand } from '@aws-sdk/client-lambda';
import type { Functions } from '../../application/doctor-ports.ts';
import type { DeployedFunction } from '../../domain/checkup/deployment.ts';
import { pages } from '../sagemaker/pages.ts';

/** The IAM actions that this adapter calls. */
export const FUNCTIONS_ACTIONS = ['lambda:ListFunctions'];

/** The most that a page holds (ListFunctions). */
const PAGE = 50;

/** The deployed functions over the SDK: ours are known by the table in their environment, whatever the stack is called. */
export function lambdaFunctions(client: LambdaClient): Functions {
  return {
    async on(table) {
      const found: DeployedFunction[] = [];
      await pages('lambda:ListFunctions', async (Marker) => {
        const page = await client.send(new ListFunctionsCommand({ MaxItems: PAGE, Marker }));
        for (const { FunctionName, Handler, Role, Environment } of page.Functions ?? []) {
          const { CURFEW_TABLE, CURFEW_VERSION, CURFEW_CONFIGURATION_SET, ...more } = Environment?.Variables ?? {};
          const { CURFEW_BACKSTOP_GROUP: group, CURFEW_BACKSTOP_ROLE: lent } = more;
          const handler = /([^/.]+)\.handler$/.exec(Handler ?? '')?.[1];
          if (CURFEW_TABLE !== table || !FunctionName || !Role || !handler) continue;
          found.push({
            handler,
            name: FunctionName,
            role: Role,
            ...(CURFEW_VERSION ? { version: CURFEW_VERSION } : {}),
            ...(CURFEW_CONFIGURATION_SET ? { configurationSet: CURFEW_CONFIGURATION_SET } : {}),
            ...(group ? { backstop: { group, ...(lent ? { role: lent } : {}) } } : {}),
          });
        }
        return page.NextMarker;
      });
      return found;
    },
  };
}
