import { EventEmitter } from 'node:events';
import type { IncomingHttpHeaders, Server } from 'node:http';
import { createRequire } from 'node:module';
import { type Answer, failure, type Input, success } from './answers.ts';

const require = createRequire(import.meta.url);
const dynalite: (options: Record<string, unknown>) => Server = require('dynalite');

/** What calls have consumed, in the request units that AWS charges on demand: nothing is counted until it is asked for. */
export interface Capacity {
  isCounted: boolean;
  read: number;
  write: number;
}

/** A DynamoDB engine in this process. */
export interface DynamoDb {
  capacity: Capacity;
  perform(action: string, headers: IncomingHttpHeaders, body: Buffer, input: () => Input): Promise<Answer>;
}

/**
 * Starts dynalite without a socket of its own: its request handler is called with what our server has read, which costs
 * nothing and leaves no second port. Time to live is kept here, since dynalite only answers that there is none.
 */
export function startDynamoDb(): DynamoDb {
  const engine = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  const timeToLive = new Map<string, string>();
  const recoverable = new Set<string>();
  const protectedTables = new Set<string>();

  const call = (headers: IncomingHttpHeaders, body: Buffer): Promise<Answer> =>
    new Promise((resolve) => {
      const request = Object.assign(new EventEmitter(), { method: 'POST', url: '/', headers });
      const sent: Record<string, string> = {};
      const response = {
        statusCode: 200,
        contentType: '',
        setHeader(name: string, value: string | number) {
          sent[name.toLowerCase()] = String(value);
        },
        end(text?: string) {
          const { 'content-type': contentType = 'application/x-amz-json-1.0', 'x-amz-crc32': crc32 } = sent;
          resolve({
            status: response.statusCode,
            contentType,
            headers: crc32 === undefined ? {} : { 'x-amz-crc32': crc32 },
            body: text ?? '',
          });
        },
      };
      engine.emit('request', request, response);
      if (body.length > 0) request.emit('data', body);
      request.emit('end');
    });

  /** TTL needs the table to be there, and changes nothing that a reader sees: AWS removes items within days, not at once. */
  const withTable = async (headers: IncomingHttpHeaders, input: Input, answer: () => Answer): Promise<Answer> => {
    const found = await call(
      { ...headers, 'x-amz-target': 'DynamoDB_20120810.DescribeTable' },
      Buffer.from(JSON.stringify({ TableName: input.TableName })),
    );
    return found.status === 200 ? answer() : found;
  };

  const capacity: Capacity = { isCounted: false, read: 0, write: 0 };
  const counted = async (action: string, headers: IncomingHttpHeaders, input: Input): Promise<Answer> => {
    const body = Buffer.from(JSON.stringify({ ...input, ReturnConsumedCapacity: 'TOTAL' }));
    const answer = await call({ ...headers, 'content-length': String(body.length) }, body);
    const { ConsumedCapacity: consumed } = answer.status === 200 ? JSON.parse(String(answer.body)) : {};
    const isRead = /^(Query|GetItem|Scan)$/.test(action);
    // Reading nothing costs as reading something; a write that its condition refuses, as one that it grants.
    const least = isRead && input.ConsistentRead !== true ? 0.5 : 1;
    capacity[isRead ? 'read' : 'write'] += Math.max(least, consumed?.CapacityUnits ?? 0);
    return answer;
  };

  const describeProtected = async (headers: IncomingHttpHeaders, body: Buffer): Promise<Answer> => {
    const found = await call(headers, body);
    if (found.status !== 200) return found;
    const { Table } = JSON.parse(String(found.body));
    return success('dynamodb', { Table: { ...Table, DeletionProtectionEnabled: true } });
  };

  return {
    capacity,
    perform(action, headers, body, input) {
      if (action === 'UpdateTimeToLive') {
        const { TableName: table, TimeToLiveSpecification: wanted } = input();
        return withTable(headers, input(), () => {
          const attribute = timeToLive.get(table);
          if (typeof wanted?.AttributeName !== 'string' || typeof wanted?.Enabled !== 'boolean') {
            return refusal('TimeToLiveSpecification needs AttributeName and Enabled.');
          }
          if (wanted.Enabled === (attribute !== undefined)) {
            return refusal(`TimeToLive is already ${wanted.Enabled ? 'enabled' : 'disabled'}`);
          }
          if (wanted.Enabled) timeToLive.set(table, wanted.AttributeName);
          else timeToLive.delete(table);
          return success('dynamodb', { TimeToLiveSpecification: wanted });
        });
      }
      if (action === 'DescribeTimeToLive') {
        return withTable(headers, input(), () => {
          const attribute = timeToLive.get(input().TableName);
          const description =
            attribute === undefined
              ? { TimeToLiveStatus: 'DISABLED' }
              : { TimeToLiveStatus: 'ENABLED', AttributeName: attribute };
          return success('dynamodb', { TimeToLiveDescription: description });
        });
      }
      if (action === 'UpdateContinuousBackups' || action === 'DescribeContinuousBackups') {
        return withTable(headers, input(), () => {
          const { TableName: table, PointInTimeRecoverySpecification: wanted } = input();
          if (wanted?.PointInTimeRecoveryEnabled === true) recoverable.add(table);
          else if (wanted) recoverable.delete(table);
          const status = recoverable.has(table) ? 'ENABLED' : 'DISABLED';
          const PointInTimeRecoveryDescription = { PointInTimeRecoveryStatus: status };
          return success('dynamodb', {
            ContinuousBackupsDescription: { ContinuousBackupsStatus: 'ENABLED', PointInTimeRecoveryDescription },
          });
        });
      }
      // Dynalite knows no deletion protection: what is set of it is kept here, and told with the rest.
      if (action === 'UpdateTable' && typeof input().DeletionProtectionEnabled === 'boolean') {
        const { TableName: table, DeletionProtectionEnabled: isWanted } = input();
        if (isWanted) protectedTables.add(table);
        else protectedTables.delete(table);
        return withTable(headers, input(), () => success('dynamodb', { TableDescription: { TableName: table } }));
      }
      if (action === 'DescribeTable' && protectedTables.has(input().TableName)) return describeProtected(headers, body);
      if (action === 'DeleteTable') timeToLive.delete(input().TableName);
      if (capacity.isCounted && ITEM_CALLS.test(action)) return counted(action, headers, input());
      return call(headers, body);
    },
  };
}

const ITEM_CALLS = /^(Query|Scan|(Get|Put|Update|Delete)Item)$/;

function refusal(message: string): Answer {
  return failure('dynamodb', { code: 'com.amazon.coral.validate#ValidationException', status: 400, message });
}
