import type { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { GetResourcesCommand } from '@aws-sdk/client-resource-groups-tagging-api';
import type { Tags } from '../../domain/picture.ts';
import { pages } from './pages.ts';

const RESOURCE_TYPES = ['sagemaker:domain', 'sagemaker:user-profile', 'sagemaker:space', 'sagemaker:app'];

/**
 * Reads the tags that the policy speaks of, in bulk: 100 resources a page, tagged ones only.
 * @param into by the resource part of the ARN, in lower case
 */
export async function readTags(
  client: ResourceGroupsTaggingAPIClient,
  keys: string[],
  into: Map<string, Tags>,
): Promise<void> {
  // Several TagFilters must all hold: only a single key can be asked for.
  const filter = keys.length === 1 ? { TagFilters: [{ Key: keys[0] }] } : {};
  await pages('tag:GetResources', async (PaginationToken) => {
    const command = new GetResourcesCommand({
      ResourceTypeFilters: RESOURCE_TYPES,
      ResourcesPerPage: 100,
      PaginationToken,
      ...filter,
    });
    const page = await client.send(command);
    for (const { ResourceARN, Tags } of page.ResourceTagMappingList ?? []) addTags(ResourceARN, Tags, keys, into);
    return page.PaginationToken || undefined;
  });
}

/** Adds one resource's tags. The ARN may be of any partition: only what follows its fifth colon counts. */
export function addTags(
  arn: string | undefined,
  tags: { Key?: string | undefined; Value?: string | undefined }[] | undefined,
  keys: string[],
  into: Map<string, Tags>,
): void {
  const wanted = (tags ?? []).filter((tag) => tag.Key !== undefined && keys.includes(tag.Key));
  const resource = arn?.split(':').slice(5).join(':').toLowerCase();
  if (resource && wanted.length > 0)
    into.set(resource, Object.fromEntries(wanted.map((tag) => [tag.Key!, tag.Value ?? ''])));
}
