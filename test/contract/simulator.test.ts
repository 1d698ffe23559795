import { IAMClient } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { iamSimulator } from '../../src/adapters/iam/simulator.ts';
import { startWorld } from '../local/world.ts';

const ROLE = 'arn:aws:iam::111122223333:role/scan';
const asked = ['sagemaker:ListApps', 'tag:GetResources', 'sagemaker:ListSpaces', 'cloudwatch:GetMetricData'];

describe('IAM’s simulator', () => {
  let world: Awaited<ReturnType<typeof startWorld>>;
  let simulator: ReturnType<typeof iamSimulator>;
  beforeAll(async () => {
    world = await startWorld({ record: true });
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL_IAM } = world.aws.env;
    const credentials = { accessKeyId: AWS_ACCESS_KEY_ID!, secretAccessKey: AWS_SECRET_ACCESS_KEY! };
    const client = new IAMClient({ region: 'us-east-1', endpoint: AWS_ENDPOINT_URL_IAM!, credentials, maxAttempts: 1 });
    simulator = iamSimulator(client);
    world.aws.iam.set(ROLE, [{ effect: 'Allow', actions: ['sagemaker:*', 'tag:*'], resources: ['*'] }]);
  });
  afterAll(() => world.aws.close());
  beforeEach(() => {
    world.aws.faults.clear();
    world.aws.calls.reset();
  });
  const simulate = async () => {
    const rulings = await simulator.simulate(ROLE, [{ actions: asked, resource: '*' }]);
    return Object.fromEntries(rulings.map(({ action, says }) => [action, says]));
  };
  const answers = {
    'sagemaker:ListApps': 'allowed',
    'sagemaker:ListSpaces': 'allowed',
    'tag:GetResources': 'allowed',
    'cloudwatch:GetMetricData': 'denied',
  };

  it('that refuses to look at actions together is asked by the groups that it names', async () => {
    expect(await simulate()).toEqual(answers);
    // All; those of SageMaker; the others, refused too; each of them.
    expect(world.aws.calls.count('iam', 'SimulatePrincipalPolicy')).toBe(5);
  });

  it('and where it names none, about each action alone', async () => {
    const { faults } = world.aws;
    const message = 'Some of these require different authorization information.';
    faults.add({ service: 'iam', action: 'SimulatePrincipalPolicy', code: 'InvalidInput', status: 400, message });
    expect(await simulate()).toEqual(answers);
    expect(world.aws.calls.count('iam', 'SimulatePrincipalPolicy')).toBe(5);
  });

  it('of one action, or for another reason, is a fault of that check', async () => {
    const none = simulator.simulate('arn:aws:iam::111122223333:role/none', [{ actions: asked, resource: '*' }]);
    await expect(none).rejects.toThrow(/cannot be found/);
    const alone = simulator.simulate(ROLE, [{ actions: ['not an action'], resource: '*' }]);
    await expect(alone).rejects.toThrow(/Invalid action name/);
  });
});
