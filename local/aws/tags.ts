import { type Input, invalid } from './answers.ts';
import { demand } from './validate.ts';

/** A resource that has, or once had, tags. */
export interface Tagged {
  arn: string;
  seq: number;
  tags: Map<string, string>;
}

/** The tags of every resource, by ARN. An app's ARN is found whatever the case of its app type. */
export interface TagStore {
  get(arn: string): ReadonlyMap<string, string>;
  /** Replaces all tags of a resource. */
  set(arn: string, tags: Record<string, string>): void;
  /** Adds to the tags of a resource, or overwrites their values. */
  add(arn: string, tags: Record<string, string>): void;
  /** Resources that are or were tagged, ordered by `seq`. */
  resources(): readonly Tagged[];
}

/** Creates an empty tag store. */
export function createTagStore(): TagStore {
  const byArn = new Map<string, Tagged>();
  const ordered: Tagged[] = [];
  let seq = 0;
  const entry = (arn: string): Tagged => {
    const key = normalizeArn(arn);
    let found = byArn.get(key);
    if (found === undefined) {
      seq += 1;
      found = { arn: key, seq, tags: new Map() };
      byArn.set(key, found);
      ordered.push(found);
    }
    return found;
  };
  const add = (resource: Tagged, tags: Record<string, string>): void => {
    const keys = new Set([...resource.tags.keys(), ...Object.keys(tags)]);
    if (keys.size > 50) throw invalid('The maximum number of tags for a resource is 50.');
    for (const [key, value] of Object.entries(tags)) resource.tags.set(key, value);
  };
  return {
    get: (arn) => byArn.get(normalizeArn(arn))?.tags ?? new Map(),
    set(arn, tags) {
      const resource = entry(arn);
      resource.tags.clear();
      add(resource, tags);
    },
    add: (arn, tags) => add(entry(arn), tags),
    resources: () => ordered,
  };
}

/** Writes the app type in lower case, which is how SageMaker's own ARNs have it. */
export function normalizeArn(arn: string): string {
  const parts = /^(arn:[^:]+:sagemaker:[^:]*:\d*:app\/[^/]+\/[^/]+\/)([^/]+)(\/.+)$/.exec(arn);
  return parts === null ? arn : `${parts[1]}${parts[2]?.toLowerCase()}${parts[3]}`;
}

/** Reads `[{Key, Value}]`, refusing what AWS refuses of tags. */
export function readTags(list: Input): Record<string, string> {
  if (list === undefined || list === null) return {};
  demand(Array.isArray(list) && list.length <= 50, list, 'tags', 'Member must have length less than or equal to 50');
  const tags: Record<string, string> = {};
  for (const { Key: key, Value: value } of list) {
    const keyFits =
      typeof key === 'string' && key.length >= 1 && key.length <= 128 && /^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$/u.test(key);
    demand(
      keyFits,
      key,
      'tags.member.key',
      'Member must satisfy regular expression pattern: ^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$',
    );
    const valueFits = typeof value === 'string' && value.length <= 256 && /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(value);
    demand(
      valueFits,
      value,
      'tags.member.value',
      'Member must satisfy regular expression pattern: ^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$',
    );
    if (/^aws:/i.test(key)) throw invalid('aws: prefixed tag key names are not allowed for external use.');
    if (key in tags) throw invalid('Duplicate tag keys found.');
    tags[key] = value;
  }
  return tags;
}
