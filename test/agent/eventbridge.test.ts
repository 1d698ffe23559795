import { it as base, describe, expect } from 'vitest';
import { type BusEvent, type EmbeddedAws, startEmbeddedAws } from '../../local/aws/index.ts';

const monday = Date.UTC(2026, 10, 23, 9);

const it = base.extend<{ world: { aws: EmbeddedAws; events: BusEvent[] } }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are wanted off the pattern.
  world: async ({}, use) => {
    const aws = await startEmbeddedAws({ now: () => monday, record: true });
    const events: BusEvent[] = [];
    aws.eventbridge.onEvent((event) => events.push(event));
    await use({ aws, events });
    await aws.close();
  },
});

const entry = (change: Record<string, unknown> = {}) => ({
  Source: 'curfew.agent',
  DetailType: 'Curfew Activity',
  Detail: '{"version":1}',
  ...change,
});

async function putEvents(aws: EmbeddedAws, body: unknown, headers: Record<string, string> = {}) {
  const scope = 'AKIAEMBEDDED/20261123/us-east-1/events/aws4_request';
  const answer = await fetch(aws.env.AWS_ENDPOINT_URL_EVENTBRIDGE as string, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AWSEvents.PutEvents',
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
      ...headers,
    },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

describe('the embedded EventBridge', () => {
  it('delivers what is put on the default bus in EventBridge’s form', async ({ world: { aws, events } }) => {
    const { status, body } = await putEvents(aws, {
      Entries: [entry(), entry({ EventBusName: 'default', Time: monday / 1000 - 60, Resources: ['arn:aws:x'] })],
    });
    expect([status, body.FailedEntryCount]).toEqual([200, 0]);
    expect(body.Entries).toEqual(events.map(({ id }) => ({ EventId: id })));
    expect(events[0]).toEqual({
      version: '0',
      id: '60000000-0000-4000-8000-000000000001',
      'detail-type': 'Curfew Activity',
      source: 'curfew.agent',
      account: '111122223333',
      time: '2026-11-23T09:00:00Z',
      region: 'us-east-1',
      resources: [],
      detail: { version: 1 },
    });
    expect(events[1]).toMatchObject({ time: '2026-11-23T08:59:00Z', resources: ['arn:aws:x'] });
    expect(aws.calls.count('eventbridge', 'PutEvents')).toBe(1);
  });

  it('takes events for another bus and drops them, and stops when nobody listens', async ({
    world: { aws, events },
  }) => {
    const stop = aws.eventbridge.onEvent(() => expect.unreachable());
    stop();
    const arn = 'arn:aws:events:us-east-1:111122223333:event-bus/';
    await putEvents(aws, { Entries: [entry({ EventBusName: 'lab' }), entry({ EventBusName: `${arn}default` })] });
    expect(events).toHaveLength(1);
  });

  it('refuses entries one by one, in AWS’s words, and takes the others', async ({ world: { aws, events } }) => {
    const { status, body } = await putEvents(aws, {
      Entries: [
        entry({ Source: 'aws.ses' }),
        entry(),
        entry({ Detail: '{' }),
        entry({ Detail: '[]' }),
        entry({ DetailType: undefined }),
      ],
    });
    expect([status, body.FailedEntryCount]).toEqual([200, 4]);
    expect((body.Entries as { ErrorCode?: string }[]).map(({ ErrorCode }) => ErrorCode)).toEqual([
      'NotAuthorizedForSourceException',
      undefined,
      'MalformedDetail',
      'MalformedDetail',
      'InvalidArgument',
    ]);
    expect(events).toHaveLength(1);
  });

  it.for([
    ['no entries', { Entries: [] }, /greater than or equal to 1/],
    ['none at all', {}, /must not be null/],
    ['more than ten', { Entries: Array(11).fill(entry()) }, /less than or equal to 10/],
    ['a bad bus name', { Entries: [entry({ EventBusName: 'no bus' })] }, /eventBusName/],
    ['more than a megabyte', { Entries: [entry({ Detail: `{"a":"${'x'.repeat(1024 * 1024)}"}` })] }, /over the limit/],
  ] as const)('refuses a request with %s', async ([, request, words], { world: { aws, events } }) => {
    const { status, body } = await putEvents(aws, request);
    expect([status, body.__type]).toEqual([400, 'ValidationException']);
    expect(body.message).toMatch(words);
    expect(events).toEqual([]);
  });

  it('wants a signature for its own service, has no other call, and takes faults', async ({
    world: { aws, events },
  }) => {
    expect((await putEvents(aws, { Entries: [entry()] }, { authorization: '' })).status).toBe(403);
    expect((await putEvents(aws, {}, { 'x-amz-target': 'AWSEvents.PutRule' })).body.__type).toBe(
      'UnknownOperationException',
    );
    aws.faults.add({ service: 'eventbridge', action: 'PutEvents', status: 400, code: 'ThrottlingException' });
    expect((await putEvents(aws, { Entries: [entry()] })).body.__type).toBe('ThrottlingException');
    expect(events).toEqual([]);
  });
});
