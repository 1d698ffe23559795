import { awsError, type Input, unknownOperation } from './answers.ts';
import { issueToken, type Key, readToken, takePage, tokenLifetime } from './paging.ts';
import type { Studio } from './studio-types.ts';
import type { Tagged } from './tags.ts';

/** Performs one call of the Resource Groups Tagging API. */
export function performTagging(studio: Studio, action: string, input: Input): unknown {
  if (action !== 'GetResources') throw unknownOperation('resource-groups-tagging-api', action);
  const arns: string[] | undefined = input.ResourceARNList;
  const { PaginationToken: token, ...parameters } = input;
  if (arns !== undefined) {
    const others = ['TagFilters', 'ResourceTypeFilters', 'ResourcesPerPage', 'TagsPerPage', 'PaginationToken'];
    if (others.some((name) => input[name] !== undefined))
      refuse('ResourceARNList cannot be combined with filters or pagination.');
    if (!Array.isArray(arns) || arns.length < 1 || arns.length > 100) refuse('ResourceARNList takes 1 to 100 ARNs.');
  }
  const limit = pageSize(input);
  const accepts = filter(studio, input, arns);
  const query = JSON.stringify(Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1)));
  let after: Key | undefined;
  // An empty token is the first page, as in AWS's own answers it is the last.
  if (token !== undefined && token !== null && token !== '') {
    const key = readToken(query, String(token), studio.now(), tokenLifetime);
    if (key === 'expired') throw awsError('PaginationTokenExpiredException', 'The pagination token has expired.');
    if (typeof key === 'string') throw refusal(`The pagination token is invalid: ${key}.`);
    after = key;
  }
  const { page, last } = takePage(studio.tags.resources(), keyOf, { after, limit, descending: false, accepts });
  return {
    PaginationToken: last === undefined ? '' : issueToken(query, last, studio.now()),
    ResourceTagMappingList: page.map((resource) => ({
      ResourceARN: resource.arn,
      Tags: [...resource.tags].map(([Key, Value]) => ({ Key, Value })),
    })),
  };
}

function keyOf(resource: Tagged): Key {
  return [resource.seq, 0];
}

function pageSize(input: Input): number {
  const { ResourcesPerPage: limit, TagsPerPage: tagLimit } = input;
  if (tagLimit !== undefined) refuse('The embedded AWS pages by ResourcesPerPage, not by TagsPerPage.');
  if (limit === undefined || limit === null) return 50;
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) refuse('ResourcesPerPage must be between 1 and 100.');
  return limit;
}

function filter(studio: Studio, input: Input, arns: string[] | undefined): (resource: Tagged) => boolean {
  const types: string[] = input.ResourceTypeFilters ?? [];
  const tags: { Key?: string; Values?: string[] }[] = input.TagFilters ?? [];
  if (!Array.isArray(types) || types.length > 100) refuse('ResourceTypeFilters takes at most 100 types.');
  for (const type of types) {
    if (typeof type !== 'string' || !/^[\w.-]+(:[\w/.-]*)?$/.test(type))
      refuse(`${JSON.stringify(type)} is not a resource type.`);
  }
  if (!Array.isArray(tags) || tags.length > 50) refuse('TagFilters takes at most 50 keys.');
  for (const { Key: key, Values: values } of tags) {
    if (typeof key !== 'string' || key.length < 1 || key.length > 128)
      refuse('A TagFilter needs a Key of 1 to 128 characters.');
    if (values !== undefined && (!Array.isArray(values) || values.length > 20))
      refuse('A TagFilter takes at most 20 values.');
  }
  return (resource) =>
    (arns === undefined || arns.includes(resource.arn)) &&
    (types.length === 0 || types.some((type) => isOfType(resource.arn, type))) &&
    tags.every(({ Key: key, Values: values }) => {
      const value = resource.tags.get(key as string);
      return value !== undefined && (values === undefined || values.length === 0 || values.includes(value));
    }) &&
    studio.canTag(resource.arn);
}

function isOfType(arn: string, type: string): boolean {
  const [service, resource] = type.split(':');
  const parts = arn.split(':');
  return parts[2] === service && (resource === undefined || resource === '' || parts[5]?.split('/')[0] === resource);
}

function refusal(message: string) {
  return awsError('InvalidParameterException', message);
}

function refuse(message: string): never {
  throw refusal(message);
}
