import { type Input, invalid, unknownOperation } from './answers.ts';

/** Performs ListCostAllocationTags, which AWS grants to the management account alone: a fault shows what others get. */
export function performCostTags(tags: Map<string, 'Active' | 'Inactive'>, action: string, input: Input): unknown {
  if (action !== 'ListCostAllocationTags') throw unknownOperation('cost-explorer', action);
  const { TagKeys: keys, Status: status, MaxResults: most = 100 } = input;
  if (keys !== undefined && (!Array.isArray(keys) || keys.length < 1 || keys.length > 100))
    throw invalid('TagKeys must have 1 to 100 members.');
  if (!Number.isInteger(most) || most < 1 || most > 1000) throw invalid('MaxResults must be 1 to 1000.');
  const found = [...tags].filter(
    ([key, is]) => (keys === undefined || keys.includes(key)) && (status === undefined || status === is),
  );
  return { CostAllocationTags: found.map(([TagKey, Status]) => ({ TagKey, Type: 'UserDefined', Status })) };
}
