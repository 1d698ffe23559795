import { type Input, invalid, unknownOperation } from './answers.ts';
import type { Place } from './studio-events.ts';
import { demand } from './validate.ts';

/** An event as EventBridge hands it to its rules' targets. */
export interface BusEvent {
  version: '0';
  id: string;
  'detail-type': string;
  source: string;
  account: string;
  time: string;
  region: string;
  resources: string[];
  detail: Record<string, unknown>;
}

/** The default event bus. */
export interface EventBridge {
  /** Hears what PutEvents and AWS's own services put on the default bus, one by one, before the caller has its answer. */
  onEvent(listener: (event: BusEvent) => void): () => void;
}

/** What a sender says of an event; the rest is EventBridge's own. */
export type Sent = Pick<BusEvent, 'source' | 'detail-type' | 'detail'> & Partial<Pick<BusEvent, 'resources'>>;

/** The bus and the function that performs its calls. */
export interface EventBridgeService {
  bus: EventBridge;
  /** Puts an event of an AWS service on the default bus, as of now. */
  publish(sent: Sent): void;
  perform(action: string, input: Input): unknown;
}

const mostEntries = 10;
/** 1 MiB for all entries together: 256 KB until 2026. */
const mostBytes = 1024 * 1024;
const busName = /^(arn:aws[\w-]*:events:[a-z]+-[a-z]+-[\w-]+:[0-9]{12}:event-bus\/)?[/.\-_A-Za-z0-9]+$/;

/** Starts a default bus; any other accepts events and, having no rules, drops them. */
export function startEventBridge(place: Place, now: () => number): EventBridgeService {
  const listeners = new Set<(event: BusEvent) => void>();
  const defaultBus = `arn:${place.partition}:events:${place.region}:${place.account}:event-bus/default`;
  let count = 0;

  const make = (sent: Sent, at: number): BusEvent => {
    count += 1;
    return {
      version: '0',
      id: `60000000-0000-4000-8000-${count.toString(16).padStart(12, '0')}`,
      'detail-type': sent['detail-type'],
      source: sent.source,
      account: place.account,
      time: new Date(at).toISOString().replace(/\.\d+Z$/, 'Z'),
      region: place.region,
      resources: sent.resources ?? [],
      detail: sent.detail,
    };
  };
  const publish = (event: BusEvent): void => {
    for (const hear of listeners) hear(event);
  };

  const putEntry = (entry: Input): Record<string, string> => {
    const refusal = refusalOf(entry);
    if (refusal !== undefined) return refusal;
    const { Source: source, DetailType, Detail, Resources: resources, Time, EventBusName = 'default' } = entry;
    const sent = { source, 'detail-type': DetailType, detail: JSON.parse(Detail), resources };
    const event = make(sent, Time === undefined ? now() : Time * 1000);
    if (['default', defaultBus].includes(EventBusName)) publish(event);
    return { EventId: event.id };
  };

  return {
    bus: {
      onEvent(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    publish: (sent) => publish(make(sent, now())),
    perform(action, input) {
      if (action !== 'PutEvents') throw unknownOperation('eventbridge', action);
      const entries = checkEntries(input.Entries);
      const results = entries.map(putEntry);
      return { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results };
    },
  };
}

/** What refuses the whole request. */
function checkEntries(entries: Input): Input[] {
  demand(Array.isArray(entries), entries, 'entries', 'Member must not be null');
  demand(entries.length >= 1, entries, 'entries', 'Member must have length greater than or equal to 1');
  demand(
    entries.length <= mostEntries,
    entries,
    'entries',
    `Member must have length less than or equal to ${mostEntries}`,
  );
  entries.forEach((entry: Input, i: number) => {
    const name = entry.EventBusName;
    const fits = name === undefined || (typeof name === 'string' && name.length <= 1600 && busName.test(name));
    demand(
      fits,
      name,
      `entries.${i + 1}.member.eventBusName`,
      `Member must satisfy regular expression pattern: ${busName.source.slice(1, -1)}`,
    );
  });
  const bytes = entries.reduce((sum: number, entry: Input) => sum + bytesOf(entry), 0);
  if (bytes > mostBytes) throw invalid('Total size of the entries in the request is over the limit.');
  return entries;
}

/** An entry's size by AWS's own rule: the time is 14 bytes, texts as UTF-8, and the bus counts nothing. */
function bytesOf(entry: Input): number {
  const texts = [entry.Source, entry.DetailType, entry.Detail, ...(entry.Resources ?? [])];
  const size = texts.reduce((sum, text) => sum + Buffer.byteLength(typeof text === 'string' ? text : ''), 0);
  return size + (entry.Time === undefined ? 0 : 14);
}

/** What refuses one entry and lets the others pass; undefined where it is in order. */
function refusalOf(entry: Input): Record<string, string> | undefined {
  for (const name of ['Source', 'DetailType', 'Detail']) {
    if (typeof entry[name] === 'string' && entry[name] !== '') continue;
    return {
      ErrorCode: 'InvalidArgument',
      ErrorMessage: `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
    };
  }
  // AWS's own names are AWS's own: nobody can pass for CloudTrail or SES.
  if (entry.Source.startsWith('aws.')) {
    return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
  }
  return isObject(entry.Detail) ? undefined : { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
