import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs `npm start`'s own program, without a terminal. */
function start(...flags: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve, reject) => {
    const { NO_COLOR: _, FORCE_COLOR: __, ...env } = process.env;
    // What this shell knows of a real account must not matter.
    const child = spawn('node_modules/.bin/node', ['local/start.ts', ...flags], {
      cwd: root,
      env: { ...env, AWS_PROFILE: 'nobody', AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
    });
    const said = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => (said.out += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (said.err += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...said }));
  });
}

type Ended = Awaited<ReturnType<typeof start>>;
let first: Ended;
let again: Ended;
let other: Ended;

beforeAll(async () => {
  const day = ['--days', '1', '--once', '--json'];
  [first, again, other] = (await Promise.all([start(...day), start(...day), start(...day, '--seed', 'another')])) as [
    Ended,
    Ended,
    Ended,
  ];
}, 60_000);

test('one day of the lab is lived, and its promises hold', () => {
  expect(first.err).toBe('');
  expect(first.code).toBe(0);
  const { timeline, summary, invariants } = JSON.parse(first.out);
  expect(timeline.map(({ kind }: { kind: string }) => kind)).toEqual(expect.arrayContaining(['warned', 'stopped']));
  expect(summary).toMatchObject({ stopped: expect.any(Number), scans: expect.any(Number) });
  expect(summary.scans).toBeGreaterThanOrEqual(288);
  for (const { promise, broken } of invariants) expect([promise, broken]).toEqual([promise, []]);
});

test('the same seed gives the same bytes, another seed does not', () => {
  expect(again.out).toBe(first.out);
  expect(JSON.parse(other.out).timeline).not.toEqual(JSON.parse(first.out).timeline);
});

test('a pipe gets no colours and no progress bar', () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what we look for.
  expect(first.out + first.err).not.toMatch(/\u001b/);
});

test.each([
  ['--days', 'none'],
  ['--days', '0'],
  ['--wat', ''],
  ['surplus', ''],
])('%s %s: one clear line and exit 2', async (...flags) => {
  const { code, out, err } = await start(...flags.filter((flag) => flag !== ''));
  expect(code).toBe(2);
  expect(out).toBe('');
  expect(err).toMatch(/^npm start: .+\n$/);
});

test('--help tells every flag', async () => {
  const { code, out } = await start('--help');
  expect(code).toBe(0);
  for (const flag of ['--once', '--days', '--seed', '--json', '--help']) expect(out).toContain(flag);
});
