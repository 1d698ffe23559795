import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamodbOutbox } from '../../src/adapters/dynamodb/outbox.ts';
import { createTable } from '../../src/adapters/dynamodb/table.ts';
import type { Fate, Notice, NoticeFacts, Trace } from '../../src/domain/notice.ts';
import { DAY, HOUR, MINUTE } from '../../src/domain/time.ts';
import { readTable, TRACE } from './curfew.ts';
import { POLICY, startLab } from './lab.ts';

const place = { account: '111122223333', region: 'us-east-1' };
let lab: Awaited<ReturnType<typeof startLab>>;
let outbox: ReturnType<typeof dynamodbOutbox>;
beforeAll(async () => {
  lab = await startLab();
  await createTable(lab.dynamodb, 'curfew');
  outbox = dynamodbOutbox(lab.dynamodb, 'curfew');
  for (const [id, past] of Object.entries(PAST)) await record(id, past(lab.clock.now));
  lab.aws.calls.reset();
});
afterAll(() => lab.close());
const run = (...args: string[]) => lab.curfew(['history', '--table', 'curfew', ...args, ...lab.now()]);
const rows = async (...args: string[]) => readTable((await run(...args)).stdout);
const kinds = async (...args: string[]) => (await rows(...args)).map(({ KIND, TO }) => `${KIND} ${TO}`);

interface Recorded {
  to: string;
  ago: number;
  facts: NoticeFacts;
  fate?: Fate;
  tries?: number;
  traces?: Partial<Record<Trace, number>>;
}

async function record(id: string, { to, ago, facts, fate, tries = 0, traces = {} }: Recorded): Promise<void> {
  const owedAt = lab.clock.now - ago;
  const notice: Notice = { id, to, ...place, owedAt, facts };
  await outbox.owe(notice);
  for (let i = 0; i < tries; i++) await outbox.claim(notice, owedAt + i * HOUR, owedAt + i * HOUR + MINUTE);
  if (fate) await outbox.settle(notice, fate, owedAt + MINUTE);
  for (const [trace, at] of Object.entries(traces)) await outbox.trace(place, id, trace as Trace, owedAt + at);
}

const app = (owner: string, names: object) => ({
  ...place,
  domainId: 'd-lab',
  appType: 'JupyterLab',
  appName: 'default',
  owner,
  startedAt: 1,
  ...names,
});
const warning = (owner: string, names: object, now: number): NoticeFacts => ({
  kind: 'warning',
  app: app(owner, names) as never,
  audience: { role: 'owner' },
  rule: 'everything else: max-uptime',
  reason: 'up 26 h, limit 24 h',
  warnedAt: now,
});
const sent: Fate = { kind: 'sent', messageId: '0100-abc' };

const PAST: Record<string, (now: number) => Recorded> = {
  a: (now) => ({
    to: 'alice@example.org',
    ago: 2 * HOUR,
    facts: warning('alice', { spaceName: 'alice-lab' }, now),
    fate: sent,
    traces: { opened: 10 * MINUTE, delivered: 2 * MINUTE },
  }),
  b: (now) => ({
    to: 'bob@example.org',
    ago: 3 * HOUR,
    facts: warning('bob', { userProfileName: 'bob', appName: 'late' }, now),
    fate: sent,
    traces: { bounced: 2 * MINUTE },
  }),
  c: (now) => ({
    to: 'carol@example.org',
    ago: 4 * HOUR,
    facts: { ...warning('carol', { spaceName: 'long-run' }, now), kind: 'stopped', stoppedAt: now } as NoticeFacts,
    fate: { kind: 'redirected', why: 'has not confirmed this address' },
  }),
  d: (now) => ({
    to: 'admin@example.org',
    ago: 5 * HOUR,
    facts: { kind: 'failure', title: 'A stop \u001b[31mkeeps failing', details: [], todo: [], at: now },
    fate: { kind: 'refused', code: 'MessageRejected', why: 'Email content is bad.' },
  }),
  e: (now) => ({
    to: 'dora@example.org',
    ago: 6 * HOUR,
    facts: { kind: 'confirmation', owners: ['d-lab/dora', 'd-class/dora'], number: 2, admins: [], at: now },
    fate: { kind: 'withheld', why: 'has unsubscribed' },
  }),
  f: (now) => ({
    to: 'eve@example.org',
    ago: 7 * HOUR,
    facts: warning('eve', { userProfileName: 'eve' }, now),
    tries: 3,
  }),
  g: (now) => ({ to: 'eve@example.org', ago: 8 * HOUR, facts: warning('eve', { userProfileName: 'eve' }, now) }),
  h: (now) => ({
    to: 'admin@example.org',
    ago: 9 * HOUR,
    facts: { ...(DIGEST as object), at: now } as NoticeFacts,
    fate: sent,
    traces: { suppressed: MINUTE },
  }),
  i: (now) => ({
    to: 'Alice@example.org',
    ago: 10 * DAY,
    facts: warning('alice', { userProfileName: 'alice' }, now),
    fate: sent,
    traces: { delivered: MINUTE, complained: HOUR },
  }),
  j: (now) => ({
    to: 'old@example.org',
    ago: 40 * DAY,
    facts: warning('old', { userProfileName: 'old' }, now),
    fate: sent,
  }),
};
const DIGEST = { kind: 'digest', date: '2026-11-23', mode: 'enforce', running: 1 };

describe('history', () => {
  it('shows every notice of 30 days, the newest first: to whom, why, and what became of it', async () => {
    const { code, stdout, stderr } = await run();
    expect(code).toBe(0);
    const shown = readTable(stdout);
    expect(Object.keys(shown[0]!)).toEqual(['WHEN', 'KIND', 'TO', 'APP', 'RULE', 'REASON', 'MESSAGE ID', 'FATE']);
    expect(shown[0]).toEqual({
      WHEN: '07:02',
      KIND: 'warning',
      TO: 'alice@example.org',
      APP: 'JupyterLab default in alice-lab',
      RULE: 'everything else: max-uptime',
      REASON: 'up 26 h, limit 24 h',
      'MESSAGE ID': '0100-abc',
      FATE: 'delivered, opened link',
    });
    expect(shown.map(({ FATE }) => FATE)).toEqual([
      'delivered, opened link',
      'bounced',
      'redirected to the admins: has not confirmed this address',
      'refused (MessageRejected): Email content is bad.',
      'withheld: has unsubscribed',
      'owed, tried 3 times',
      'owed',
      "held back by SES's suppression list",
      'delivered, complained',
    ]);
    expect(shown.map(({ REASON }) => REASON)).toContain('request 2 to confirm for d-lab/dora, d-class/dora');
    expect(shown.find(({ KIND }) => KIND === 'failure')).toMatchObject({ APP: '-', RULE: '-', 'MESSAGE ID': '-' });
    expect(stdout).not.toContain('\u001b');
    expect(stderr).toBe('9 notices since 2026-10-24 09:02.\n');
  });

  it.each<[string[], string[]]>([
    [
      ['--owner', 'alice'],
      ['warning alice@example.org', 'warning Alice@example.org'],
    ],
    [['--owner', 'd-lab/bob'], ['warning bob@example.org']],
    [['--owner', 'd-class/dora'], ['confirmation dora@example.org']],
    [['--owner', 'bo'], []],
    [['--app', 'late'], ['warning bob@example.org']],
    [['--app', 'alice-lab/default'], ['warning alice@example.org']],
    [
      ['--app', 'alice/default'],
      ['warning alice@example.org', 'warning Alice@example.org'],
    ],
    [['--app', 'D-LAB/bob/JupyterLab/late'], ['warning bob@example.org']],
    [
      ['--to', 'ALICE@example.org'],
      ['warning alice@example.org', 'warning Alice@example.org'],
    ],
    [['--to', 'alice@example.org', '--since', '1d'], ['warning alice@example.org']],
    [['--owner', 'eve', '--to', 'bob@example.org'], []],
  ])('%s: only those', async (args, shown) => {
    expect(await kinds(...args)).toEqual(shown);
  });

  it('--since is a length of time, a day of the policy’s zone, or a time', async () => {
    expect(await rows('--since', '41d')).toHaveLength(10);
    expect(await rows('--since', '3h')).toHaveLength(2);
    expect(await rows('--since', '100000d')).toHaveLength(10);
    // The notices of today begin at 00:02 in UTC, which is yesterday evening in New York.
    expect(await rows('--since', '2026-11-23')).toHaveLength(8);
    await lab.file('ny.yml', `timezone: America/New_York\n${POLICY}`);
    expect(await rows('--since', '2026-11-23', '--policy', 'ny.yml')).toHaveLength(3);
    expect(await rows('--since', '2026-11-23T06:00:00Z')).toHaveLength(2);
  });

  it('without any: a sentence', async () => {
    const none = await run('--since', '1h');
    expect([none.code, none.stdout, none.stderr]).toEqual([0, '', 'No notice was owed since 08:02.\n']);
    const other = await run('--owner', 'nobody');
    expect([other.code, other.stdout]).toEqual([0, '']);
    expect(other.stderr).toMatch(/^None of the 9 notices since .*\n$/);
  });

  it('as JSON says all of it, times in ISO 8601', async () => {
    const { stdout, stderr } = await run('--json', '--since', '41d');
    expect(stderr).toBe('');
    const { now, since, notices } = JSON.parse(stdout);
    expect([now, since]).toEqual(['2026-11-23T09:02:00.000Z', '2026-10-13T09:02:00.000Z']);
    expect(notices).toHaveLength(10);
    expect(notices[0]).toEqual({
      id: 'a',
      at: '2026-11-23T07:02:00.000Z',
      kind: 'warning',
      to: 'alice@example.org',
      owners: ['d-lab/alice'],
      app: { domainId: 'd-lab', spaceName: 'alice-lab', appType: 'JupyterLab', appName: 'default' },
      rule: 'everything else: max-uptime',
      reason: 'up 26 h, limit 24 h',
      attempts: 0,
      fate: { kind: 'sent', messageId: '0100-abc', at: '2026-11-23T07:03:00.000Z' },
      traces: { delivered: '2026-11-23T07:04:00.000Z', opened: '2026-11-23T07:12:00.000Z' },
    });
    expect(notices.find(({ id }: { id: string }) => id === 'f').fate).toEqual({ kind: 'owed' });
  });

  it('changes nothing, and shows no stack where the table is not there', async () => {
    expect(lab.changes()).toEqual({});
    const { code, stdout, stderr, lines } = await lab.curfew(['history', '--table', 'other']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(lines).toEqual([expect.stringMatching(/table other: it does not exist; `curfew table create`/)]);
    expect(stderr).not.toMatch(TRACE);
  });
});
