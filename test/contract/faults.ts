import { expect, it } from 'vitest';
import type { EmbeddedAws } from '../../local/aws/index.ts';

/** What is called of DynamoDB while something is done, by action. */
export async function callsOf(aws: EmbeddedAws, work: () => Promise<unknown>): Promise<Record<string, number>> {
  aws.calls.reset();
  await work();
  return Object.fromEntries(
    Object.entries(aws.calls.counts()).map(([key, count]) => [key.replace('dynamodb ', ''), count]),
  );
}

/**
 * Every way in which DynamoDB fails is told in the port's words, with the IAM action and AWS's own code.
 * @param make gives calls on a fresh store, each with the action that it fails by
 */
export function faultsAreTold(
  world: () => { aws: EmbeddedAws },
  make: () => Promise<[action: string, call: () => Promise<unknown>][]>,
): void {
  it.each([
    ['AccessDeniedException', 400, 'denied'],
    ['ProvisionedThroughputExceededException', 400, 'throttled'],
    ['ThrottlingException', 400, 'throttled'],
    ['InternalServerError', 500, 'fault'],
    ['ResourceNotFoundException', 400, 'fault'],
  ])('%s is told in the port’s words, with the IAM action and AWS’s code', async (code, status, kind) => {
    const calls = await make();
    const { faults } = world().aws;
    try {
      for (const [action, call] of calls) {
        faults.clear();
        faults.add({ service: 'dynamodb', action, status, code, message: 'no', times: Number.POSITIVE_INFINITY });
        await expect(call()).rejects.toMatchObject({
          kind,
          code,
          message: expect.stringContaining(`dynamodb:${action}`),
          cause: expect.anything(),
        });
      }
    } finally {
      faults.clear();
    }
  });
}
