import { DeleteItemCommand, PutItemCommand, paginateScan } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamodbLedger, LEDGER_ACTIONS, LEDGER_CALLS } from '../../src/adapters/dynamodb/ledger.ts';
import { dynamodbRuns } from '../../src/adapters/dynamodb/runs.ts';
import { newRun } from '../../src/domain/run.ts';
import { startWorld } from '../local/world.ts';
import { memoryKeptPrices, memoryLedger, memoryRuns, memoryVolumes } from '../memory/ports.ts';
import { callsOf, faultsAreTold } from './faults.ts';
import { books, crowded, dayOf, ledgerContract, mark, place, sumOver, wide } from './ledger-contract.ts';
import { freshTable } from './table.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.aws.close());

async function stores() {
  const table = await freshTable(world.dynamodb);
  return { table, ledger: dynamodbLedger(world.dynamodb, table), runs: dynamodbRuns(world.dynamodb, table) };
}

ledgerContract('DynamoDB', stores);
ledgerContract('in memory', async () => {
  const ledger = memoryLedger();
  return { ledger, runs: memoryRuns(memoryVolumes(), memoryKeptPrices(), ledger) };
});

/** All items of a table whose sort key begins so, in order. */
async function itemsOf(table: string, prefix: string) {
  const items = [];
  for await (const page of paginateScan({ client: world.dynamodb }, { TableName: table }))
    items.push(...(page.Items ?? []));
  return items.filter(({ sk }) => sk!.S!.startsWith(prefix)).sort((a, b) => (a.sk!.S! < b.sk!.S! ? -1 : 1));
}

const day = dayOf('2026-11-30', { lines: crowded() });
const range = [Date.parse('2026-11-01'), Date.parse('2026-12-31')] as const;

describe('in DynamoDB', () => {
  it('no item is larger than DynamoDB takes, whatever letters names are of', async () => {
    const { table, ledger } = await stores();
    // A letter of an old script takes four bytes, and two of JavaScript's characters.
    const names = crowded(300).map((line, i) => ({ ...line, owner: `${'𒀀'.repeat(400)}${i}` }));
    await ledger.close(place, { ...day, lines: [...day.lines, ...names] });
    await ledger.keep(place, books([sumOver({ from: 0, to: 1 }, wide)]));
    const sizes = (await itemsOf(table, '')).map((item) => Buffer.byteLength(JSON.stringify(item)));
    expect(sizes.length).toBeGreaterThan(10);
    expect(Math.max(...sizes)).toBeLessThan(400 * 1024);
    expect(Math.max(...sizes)).toBeGreaterThan(100 * 1024);
  });

  it('what replaces a day or sums leaves nothing of the old', async () => {
    const { table, ledger } = await stores();
    await ledger.close(place, day);
    await ledger.keep(place, books([sumOver({ from: 0, to: 1 }, wide), sumOver({ from: 0, to: 2 }, wide)]));
    expect((await itemsOf(table, '2026-11-30#')).length).toBeGreaterThan(3);
    expect((await itemsOf(table, '!sums#')).length).toBeGreaterThan(5);
    await ledger.close(place, dayOf('2026-11-30'));
    await ledger.keep(place, books([sumOver({ from: 0, to: 1 }, [])]));
    expect(await itemsOf(table, '2026-11-30#')).toHaveLength(1);
    expect(await itemsOf(table, '!sums#')).toHaveLength(1);
  });

  it('a reader amid a replacement meets whole sums and whole days, or none', async () => {
    const { table, ledger, runs } = await stores();
    await ledger.close(place, day);
    await ledger.close(place, dayOf('2026-11-29'));
    const sums = [sumOver({ from: 0, to: 1 }, wide), sumOver({ from: 0, to: 2 }, wide.slice(0, 2))];
    await ledger.keep(place, books(sums));
    for (const prefix of ['!sums#', '2026-11-30#']) {
      const { pk, sk } = (await itemsOf(table, prefix))[1]!;
      await world.dynamodb.send(new DeleteItemCommand({ TableName: table, Key: { pk: pk!, sk: sk! } }));
    }
    expect((await runs.load(place)).books).toEqual(books([sums[1]!]));
    expect((await ledger.days(place, ...range)).map(({ date }) => date)).toEqual(['2026-11-29']);
  });

  it.each([1, 2, 3, 4, 5, 6])(
    'write %i of a replacement that fails leaves all of the old or all of the new',
    async (n) => {
      const { table, ledger } = await stores();
      // Three pieces, in place of three.
      const old = { ...day, lines: day.lines.slice(0, 900) };
      await ledger.close(place, old);
      expect(await itemsOf(table, '2026-11-30#')).toHaveLength(3);
      const settled = { ...old, settledAt: 9, lines: old.lines.map((line) => ({ ...line, billed: 1 })) };
      let writes = 0;
      const dying = new Proxy(world.dynamodb, {
        get(client, name) {
          if (name !== 'send') return Reflect.get(client, name);
          return (command: object) => {
            const isWrite = command instanceof PutItemCommand || command instanceof DeleteItemCommand;
            if (isWrite && ++writes >= n) throw new Error('crash');
            return client.send(command as PutItemCommand);
          };
        },
      });
      await expect(dynamodbLedger(dying, table).close(place, settled)).rejects.toThrow();
      const met = await ledger.days(place, ...range);
      expect(met).toEqual([n <= 3 ? old : settled]);
      await ledger.close(place, settled);
      expect(await ledger.days(place, ...range)).toEqual([settled]);
    },
  );

  it('what replaces sorts after what it replaces: who reads on meets it', async () => {
    const { table, ledger } = await stores();
    const keys: string[] = [];
    for (let i = 0; i < 12; i++) {
      await ledger.close(place, dayOf('2026-11-30'));
      keys.push((await itemsOf(table, '2026-11-30#'))[0]!.sk!.S!);
    }
    expect(keys).toEqual([...keys].sort());
    expect(new Set(keys).size).toBe(12);
  });

  it('marks and exceptions go when nobody needs them any more; those without an end, never', async () => {
    const { table, ledger } = await stores();
    await ledger.mark(place, mark());
    await ledger.mark(place, mark({ period: { from: 0, to: Number.POSITIVE_INFINITY } }));
    const exception = {
      kind: 'lift' as const,
      subject: { kind: 'account' as const, name: '' },
      at: 1,
      by: 'a',
      why: 'b',
    };
    await ledger.except(place, { ...exception, until: range[1] });
    await ledger.except(place, { ...exception, until: Number.POSITIVE_INFINITY });
    await ledger.close(place, dayOf('2026-11-30'));
    await ledger.keep(place, books([]));
    const lasting = async (prefix: string) => (await itemsOf(table, prefix)).map(({ expiresAt }) => expiresAt?.N);
    const { to } = mark().period;
    expect((await lasting('budget#')).sort()).toEqual([String(to / 1000 + 35 * 86_400), undefined]);
    expect((await lasting('exception#')).sort()).toEqual([String(range[1] / 1000 + 400 * 86_400), undefined]);
    expect([...(await lasting('2026')), ...(await lasting('!'))]).toEqual([undefined, undefined]);
  });

  it('books and marks are no runs to whoever asks for one of that name', async () => {
    const { ledger, runs } = await stores();
    await ledger.keep(place, books([sumOver({ from: 0, to: 1 }, wide)]));
    await ledger.mark(place, mark());
    expect((await runs.load(place)).runs).toEqual([]);
    expect(await runs.history(place, 0, range[1])).toEqual([]);
    expect(await runs.place()).toEqual(place);
  });

  it('a table of books and of runs over 1 MB is read in one query’s pages', async () => {
    const { ledger, runs } = await stores();
    const app = { ...place, domainId: 'd-lab', userProfileName: 'alice', appType: 'JupyterLab', appName: 'default' };
    await runs.open(newRun(app, 1));
    const kept = books([1, 2, 3, 4].map((to) => sumOver({ from: 0, to }, wide)));
    await ledger.keep(place, kept);
    world.aws.calls.reset();
    const loaded = await runs.load(place);
    expect([loaded.books, loaded.runs.length]).toEqual([kept, 1]);
    expect(world.aws.calls.count('dynamodb', 'Query')).toBeGreaterThan(1);
  });
});

describe('what it may call', () => {
  it('is what it does call, verb by verb', async () => {
    const { ledger } = await stores();
    const exception = {
      kind: 'lift' as const,
      subject: { kind: 'account' as const, name: '' },
      at: 1,
      until: 2,
      by: 'a',
      why: 'b',
    };
    const twice = (work: () => Promise<unknown>) => async () => {
      await work();
      await work();
    };
    const verbs: Record<keyof typeof LEDGER_CALLS, () => Promise<unknown>> = {
      days: () => ledger.days(place, ...range),
      close: twice(() => ledger.close(place, dayOf('2026-11-30'))),
      keep: twice(() => ledger.keep(place, books([sumOver({ from: 0, to: 1 }, [])]))),
      mark: twice(() => ledger.mark(place, mark({ over: ['100 since 1'] }))),
      except: () => ledger.except(place, exception),
      revoke: () => ledger.revoke(place, { ...exception, id: 'none' }, { at: 1, by: 'a' }),
    };
    for (const [verb, work] of Object.entries(verbs)) {
      const called = Object.keys(await callsOf(world.aws, work)).map((action) => `dynamodb:${action}`);
      expect([verb, called.sort()]).toEqual([verb, [...LEDGER_CALLS[verb as keyof typeof LEDGER_CALLS]].sort()]);
    }
    expect([...LEDGER_ACTIONS].sort()).toEqual([
      'dynamodb:DeleteItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
      'dynamodb:UpdateItem',
    ]);
  });
});

faultsAreTold(
  () => world,
  async () => {
    const { ledger, runs } = await stores();
    await ledger.close(place, dayOf('2026-11-29'));
    await ledger.keep(place, books([sumOver({ from: 0, to: 1 }, [])]));
    const exception = {
      kind: 'lift' as const,
      subject: { kind: 'account' as const, name: '' },
      at: 1,
      until: 2,
      by: 'a',
      why: 'b',
    };
    return [
      ['Query', () => ledger.days(place, ...range)],
      ['Query', () => ledger.close(place, dayOf('2026-11-30'))],
      ['PutItem', () => ledger.close(place, dayOf('2026-11-30'))],
      ['DeleteItem', () => ledger.close(place, dayOf('2026-11-29'))],
      ['Query', () => ledger.keep(place, books([]))],
      ['PutItem', () => ledger.keep(place, books([]))],
      ['DeleteItem', () => ledger.keep(place, books([]))],
      ['UpdateItem', () => ledger.mark(place, mark())],
      ['UpdateItem', () => ledger.mark(place, mark({ over: ['100 since 1'] }))],
      ['PutItem', () => ledger.except(place, exception)],
      ['UpdateItem', () => ledger.revoke(place, { ...exception, id: 'none' }, { at: 1, by: 'a' })],
      ['Query', () => runs.load(place)],
    ];
  },
);
