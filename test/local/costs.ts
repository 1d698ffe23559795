import {
  type CostExplorerClient,
  GetCostAndUsageCommand,
  type GetCostAndUsageCommandInput,
  type GetCostAndUsageCommandOutput,
} from '@aws-sdk/client-cost-explorer';
import type { EmbeddedAws } from '../../local/aws/index.ts';

/** A tag or a dimension to group by. */
export const by = (Key: string) => ({ Type: Key.includes(':') ? ('TAG' as const) : ('DIMENSION' as const), Key });

/** Asks for 2026-11-18, by profile and usage type, or for what `input` says instead. */
export const askCosts = (client: CostExplorerClient, input: Partial<GetCostAndUsageCommandInput> = {}) =>
  client.send(
    new GetCostAndUsageCommand({
      TimePeriod: { Start: '2026-11-18', End: '2026-11-19' },
      Granularity: 'DAILY',
      Metrics: ['UnblendedCost', 'UsageQuantity'],
      GroupBy: [by('sagemaker:user-profile-arn'), by('USAGE_TYPE')],
      ...input,
    }),
  );

/** An answer's groups: their keys, cost and quantity. */
export const rowsOf = ({ ResultsByTime = [] }: GetCostAndUsageCommandOutput) =>
  ResultsByTime.flatMap(({ Groups = [] }) =>
    Groups.map(({ Keys = [], Metrics }) => [...Keys, Metrics?.UnblendedCost?.Amount, Metrics?.UsageQuantity?.Amount]),
  );

/** An instant of November 2026. */
export const november = (day: number, hour = 0, minute = 0) => Date.UTC(2026, 10, day, hour, minute);

/** Starts an app of alice's in the past, without events. */
export function startApp(
  aws: EmbeddedAws,
  appType: 'KernelGateway' | 'JupyterLab' | 'JupyterServer' | 'Canvas',
  at: number,
  over: object = {},
) {
  const instanceType = appType === 'JupyterServer' ? 'system' : 'ml.g5.xlarge';
  return aws.studio.createApp({
    ...{ domainId: 'd-lab', userProfileName: 'alice', appType, appName: `a${at}` },
    ...(appType === 'Canvas' ? {} : { instanceType }),
    ...over,
    at,
  });
}
