import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs `npm start`'s own program, without a terminal. */
const start = (...flags: string[]) => run('local/start.ts', ...flags);

function run(...command: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve, reject) => {
    const { NO_COLOR: _, FORCE_COLOR: __, ...env } = process.env;
    // What this shell knows of a real account must not matter.
    const child = spawn('node_modules/.bin/node', command, {
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
let governed: Ended;
let folder: string;

/** Somebody's own policy: no word on evidence, so that it is stale after the default. */
const POLICY = `
mode: enforce
admins: [ada@example.com]
sender: Curfew <curfew@example.com>
limits: [{ name: nobody home, max-idle: 1h, grace: 15m }]
exempt: [{ instance: ml.g5.* }]
safety: { max-stops: 100% }
`;

interface Entry {
  at: string;
  kind: string;
  who: string;
  rule?: string;
  why: string;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'curfew-lab-test-'));
  await writeFile(join(folder, 'own.yml'), POLICY);
  const days = (count: number) => ['--once', '--json', '--days', String(count)];
  [first, again, other, governed] = (await Promise.all([
    start(...days(2)),
    start(...days(2)),
    start(...days(1), '--seed', 'another'),
    start(...days(1), '--policy', join(folder, 'own.yml')),
  ])) as [Ended, Ended, Ended, Ended];
});
afterAll(() => rm(folder, { recursive: true }));

test('two days of the lab are lived, and its promises hold', () => {
  expect(first.err).toBe('');
  expect(first.code).toBe(0);
  const { timeline, summary, invariants } = JSON.parse(first.out);
  expect(timeline.map(({ kind }: { kind: string }) => kind)).toEqual(expect.arrayContaining(['warned', 'stopped']));
  expect(summary).toMatchObject({ stopped: expect.any(Number), scans: expect.any(Number) });
  expect(summary.scans).toBeGreaterThanOrEqual(576);
  expect(summary.heartbeats).toBeGreaterThan(500);
  expect(summary.heartbeatsLost).toBeGreaterThan(0);
  for (const { promise, broken } of invariants) expect([promise, broken]).toEqual([promise, []]);
});

test('what it prints to be pasted leads the CLI to it, and doctor finds it well', async () => {
  const lab = spawn('node_modules/.bin/node', ['local/start.ts', '--days', '1'], { cwd: root });
  let err = '';
  lab.stderr.setEncoding('utf8').on('data', (text) => (err += text));
  const ended = new Promise((done) => lab.on('close', done));
  const [, block = '', now = ''] = await new Promise<string[]>((done, reject) => {
    let out = '';
    lab.stdout.setEncoding('utf8').on('data', (text) => {
      out += text;
      if (out.includes('Serving until Ctrl-C'))
        done(/\n(unset[\s\S]*?npx curfew status (--now \S+))\n/.exec(out) ?? []);
    });
    lab.on('close', () => reject(new Error(`npm start ended: ${out.slice(-500)}`)));
  });
  const shell = spawn('bash', ['-c', `${block} >&2 && npx curfew doctor --json ${now}`], { cwd: root });
  let out = '';
  shell.stdout.setEncoding('utf8').on('data', (text) => (out += text));
  const code = await new Promise((done) => shell.on('close', done));
  lab.kill('SIGINT');
  expect(await ended).toBe(0);
  expect(err).toBe('Living 1 day of the lab: some minutes.\n');
  const { findings } = JSON.parse(out) as { findings: { check: string; health: string }[] };
  // Some of its people have no agent, or one that died.
  expect(findings.filter(({ health }) => health !== 'ok')).toMatchObject([{ check: 'agents', health: 'warning' }]);
  expect(findings.length).toBeGreaterThan(14);
  expect(code).toBe(0);
}, 180_000);

test('the same seed gives the same bytes, another seed does not', () => {
  expect(again.out).toBe(first.out);
  const { lab, timeline } = JSON.parse(other.out);
  const monday = JSON.parse(first.out).timeline.filter(({ at }: Entry) => at < lab.to);
  expect(timeline).not.toEqual(monday);
});

describe('evidence of use', () => {
  const of = (who: string): Entry[] => JSON.parse(first.out).timeline.filter((entry: Entry) => entry.who === who);
  const deeds = (who: string) => of(who).map(({ kind, rule }) => `${kind}: ${rule}`);
  const told = (who: string): string =>
    JSON.parse(first.out).stories.find((story: { who: string }) => story.who === who).told;

  test('keeps who trains overnight with the browser closed', () => {
    const [kept, ...rest] = of('Oluwaseun Adé');
    expect(kept).toMatchObject({ kind: 'kept', why: expect.stringMatching(/up 1\d h.*in use now \(gpu, by agent\)/) });
    expect(rest).toEqual([]);
    expect(told('Oluwaseun Adé')).toMatch(
      /^Oluwaseun Adé trained overnight .* 2 times, .*: never warned for idleness\.$/,
    );
  });

  test('warns and stops the open tab that nobody touches', () => {
    expect(deeds('Rosa Jiménez')).toEqual(['warned: everything else: max-idle', 'stopped: everything else: max-idle']);
    expect(told('Rosa Jiménez')).toMatch(
      / left an idle tab open, once, .*: warned for idleness once and stopped once\.$/,
    );
  });

  test.each([
    ['Qiang Liu', 'no evidence of use', / has no agent/],
    ['Lukas Brandt', 'agent silent for', /’s agent dies 3 h after/],
  ])('is unknown of the app of %s, whom only the limit on uptime binds: %s', (who, unknown, story) => {
    const [kept] = of(who);
    expect(kept!.why).toContain(`idle: unknown (${unknown}`);
    expect(deeds(who)).toEqual([
      expect.stringContaining('kept: '),
      'warned: everything else: max-uptime',
      'stopped: everything else: max-uptime',
    ]);
    expect(told(who)).toMatch(story);
    expect(told(who)).toContain('never warned for idleness, warned for uptime once and stopped once');
  });
});

describe('money', () => {
  const entries = (): Entry[] => JSON.parse(first.out).timeline;
  const stops = (rule: string) => entries().filter((entry) => entry.kind === 'stopped' && entry.rule === rule);

  test('holds estimate against bill, day by day, and says what that took', () => {
    const { bill } = JSON.parse(first.out);
    const [before, monday, tuesday] = bill.rows;
    // What went on when Curfew came is reckoned from its beginning; the bill of the lab's own days is still to come.
    expect(before).toMatchObject({ date: '2026-09-26', days: 30, accrued: expect.any(Number) });
    expect(Math.abs(before.accrued - before.ran)).toBeLessThan(1000);
    // Volumes are billed as they are, instances at 100 hours of 103.
    expect(before.drift).toBeGreaterThan(-0.0292);
    expect(before.drift).toBeLessThan(-0.01);
    for (const row of [monday, tuesday]) {
      expect(row.billed).toBeUndefined();
      expect(Math.abs(row.accrued / row.ran - 1)).toBeLessThan(0.01);
    }
    expect(bill).toMatchObject({ closings: 2, settled: { days: 30, billed: before.billed } });
    expect(bill.requests).toBeLessThanOrEqual(8);
  });

  test('tells each threshold of a budget, and stops who has spent it', () => {
    const told = entries().filter(({ kind, who }) => kind === 'told' && who === 'Ivo Marek');
    expect(told.map(({ why }) => why)).toEqual([
      expect.stringMatching(/^You have spent \$90\..*\$180\.00/),
      expect.stringMatching(/^You have spent \$144\..*\$180\.00/),
      expect.stringMatching(/^You have spent \$18\d\..*over the limit of \$180\.00/),
    ]);
    expect(stops('per person: budget')).toMatchObject([{ who: 'Ivo Marek', why: expect.stringMatching(/^\$2\d\d\./) }]);
  });

  test('stops what a guardrail does not allow within the event of its creation', () => {
    expect(stops('one GPU a person: guardrail')).toMatchObject([
      { who: 'Zoë Çelik', why: 'zoe-celik runs 1 on ml.g* already, and at most 1 are allowed at once; just created' },
    ]);
  });
});

test('another policy governs, and what the lab cannot tell by it is skipped with a word', () => {
  expect(governed.code).toBe(0);
  const { lab, timeline, summary, invariants } = JSON.parse(governed.out);
  expect(lab.policy).toBe(join(folder, 'own.yml'));
  expect(summary.stoppedIdle).toBeGreaterThan(0);
  expect(summary.stopped).toBe(summary.stoppedIdle);
  const rules = timeline.filter(({ kind }: Entry) => kind === 'stopped').map(({ rule }: Entry) => rule);
  expect(new Set(rules)).toEqual(new Set(['nobody home: max-idle']));
  const skipped = invariants.filter((one: { skipped?: string }) => one.skipped !== undefined);
  expect(skipped).toMatchObject([
    { promise: 'no exempt app was stopped', skipped: expect.any(String) },
    { promise: 'every function dead: what the policy caps still stopped', skipped: expect.any(String) },
  ]);
});

test.each([
  ['limits: [{ name: a, max-idel: 2h }]\nmode: enforced\n', 'faults'],
  [undefined, 'no such file'],
])('a policy with faults is told as `curfew policy check` tells it, and exits 2 (%#)', async (text, why) => {
  const file = join(folder, `${why}.yml`);
  if (text !== undefined) await writeFile(file, text);
  const [lab, check] = await Promise.all([start('--policy', file), run('dist/cli.mjs', 'policy', 'check', file)]);
  expect(lab).toMatchObject({ code: 2, out: '' });
  expect(lab.err).toBe(check.err.replace(/^curfew: /, ''));
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
  for (const flag of ['--once', '--days', '--seed', '--policy', '--json', '--help']) expect(out).toContain(flag);
});
