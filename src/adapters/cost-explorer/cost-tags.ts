import type { CostExplorerClient } from '@aws-sdk/client-cost-explorer';
import { ListCostAllocationTagsCommand } from '@aws-sdk/client-cost-explorer';
import type { CostTags } from '../../application/doctor-ports.ts';
import { call } from '../aws-error.ts';

/** The IAM actions that this adapter calls. */
export const COST_TAGS_ACTIONS = ['ce:ListCostAllocationTags'];

/** Cost allocation tags over the SDK: named ones fit on one page, which is one request that is paid for. */
export function costExplorerTags(client: CostExplorerClient): CostTags {
  return {
    async status(TagKeys) {
      const { CostAllocationTags = [] } = await call('ce:ListCostAllocationTags', () =>
        client.send(new ListCostAllocationTagsCommand({ TagKeys, MaxResults: 100 })),
      );
      return new Map(CostAllocationTags.flatMap(({ TagKey, Status }) => (TagKey && Status ? [[TagKey, Status]] : [])));
    },
  };
}
