import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTable } from '../../src/adapters/dynamodb/table.ts';
import { TRACE } from './curfew.ts';
import { startLab } from './lab.ts';

/** Takes away what Node 24 has and Node 20 has not, before anything is loaded. */
const TAKEN = `
  delete Map.groupBy; delete Object.groupBy; delete Promise.withResolvers; delete Promise.try; delete Array.fromAsync;
  for (const name of ['union', 'intersection', 'difference', 'symmetricDifference', 'isSubsetOf', 'isSupersetOf', 'isDisjointFrom'])
    delete Set.prototype[name];
  const iterator = Object.getPrototypeOf(Object.getPrototypeOf([].values()));
  for (const name of ['map', 'filter', 'take', 'drop', 'flatMap', 'reduce', 'toArray', 'forEach', 'some', 'every', 'find'])
    delete iterator[name];
  delete globalThis.Iterator; delete URL.parse; delete RegExp.escape; delete Error.isError;
`;
const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(TAKEN)}`;

describe('the CLI on Node 20', () => {
  let lab: Awaited<ReturnType<typeof startLab>>;
  beforeAll(async () => {
    lab = await startLab();
    await createTable(lab.dynamodb, 'curfew');
  });
  afterAll(() => lab.close());

  it('is tried without what Node 20 lacks', () => {
    const env = { ...process.env, NODE_OPTIONS };
    const script = 'console.log(typeof Map.groupBy, typeof new Set().union, typeof [].values().map)';
    expect(execFileSync(process.execPath, ['-e', script], { env, encoding: 'utf8' })).toBe(
      'undefined undefined undefined\n',
    );
  });

  it.each([
    ['scan', '--apply'],
    ['status'],
    ['explain', 'alice/default'],
    ['spend'],
    ['spend', '--by', 'what'],
    ['spend', '--csv'],
    ['history'],
    ['report'],
    ['report', '--csv'],
    ['contacts', 'list'],
    ['doctor'],
  ])('%s works', async (...args) => {
    const { stdout, stderr } = await lab.curfew([...args, ...lab.now()], { CURFEW_TABLE: 'curfew', NODE_OPTIONS });
    expect(stderr).not.toMatch(TRACE);
    expect(`${stdout}${stderr}`).not.toMatch(/is not a function|is not defined/);
    expect(stdout).not.toBe('');
  });
});
