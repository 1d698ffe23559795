import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, it as base, beforeAll, describe, expect } from 'vitest';
import { HOUR, MINUTE, SECOND } from '../../src/domain/time.ts';
import { of, until } from './agent.ts';
import { prepareJupyter } from './jupyter.ts';
import { type Lab, startLab } from './lab.ts';

// Limits of the lab: two hours idle, a day up, 15 minutes of grace; evidence is stale after half an hour.
let folder: string;
let jupyter: Awaited<ReturnType<typeof prepareJupyter>>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'curfew-jupyter-'));
  jupyter = await prepareJupyter(folder);
  await jupyter.start();
});
afterAll(async () => {
  await jupyter?.stop();
  await rm(folder, { recursive: true, force: true });
});

const it = base.extend<{ lab: Lab }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are wanted off the pattern.
  lab: async ({}, use) => {
    const lab = await startLab();
    await use(lab);
    await lab.close();
    await jupyter.start();
    await jupyter.clear();
  },
});

const said = (action: 'keep' | 'warn' | 'stop', reason: string, more: object = {}) => ({
  action,
  reason: expect.stringContaining(reason),
  warned: 0,
  stopped: 0,
  ...more,
});

describe('the agent beside a real Jupyter server, and what Curfew decides', () => {
  it('nothing ever opened: idle from its start, warned, then stopped', async ({ lab }) => {
    const startedAt = await lab.open(HOUR);
    await lab.startAgent(jupyter.url);
    await lab.look();
    expect(await lab.scan()).toMatchObject(said('keep', 'idle 1 h, limit 2 h; never used since its start'));
    await lab.pass(HOUR);
    await lab.look();
    expect(await lab.scan()).toMatchObject(
      said('warn', 'never used since its start', { due: startedAt + 2 * HOUR, warned: 1 }),
    );
    await lab.pass(15 * MINUTE);
    await lab.look();
    expect(await lab.scan()).toMatchObject(said('stop', 'idle 2 h 15 min, limit 2 h', { stopped: 1 }));
    expect(lab.status()).toBe('Deleting');
  });

  it('an idle kernel, its tab open and untouched: warned, then after the grace and a fresh look stopped', async ({
    lab,
  }) => {
    await lab.open(3 * HOUR);
    const kernel = await jupyter.startKernel();
    await jupyter.connect(`api/kernels/${kernel}/channels`);
    await lab.startAgent(jupyter.url);
    const { lastUseAt } = await lab.look();
    expect(await lab.scan()).toMatchObject(said('keep', ' s ago (kernel, by agent)'));
    await lab.pass(2 * HOUR);
    await lab.look();
    await lab.freezeAgent();
    const reason = 'idle 2 h, limit 2 h; last use 2 h ago (kernel, by agent)';
    expect(await lab.scan()).toMatchObject(said('warn', reason, { due: lastUseAt + 2 * HOUR, warned: 1 }));
    await lab.pass(15 * MINUTE);
    expect(await lab.scan()).toMatchObject(said('warn', 'waiting for a look since the warning'));
    await lab.thawAgent();
    await lab.look();
    expect(await lab.scan()).toMatchObject(said('stop', 'last use 2 h 15 min ago (kernel, by agent)', { stopped: 1 }));
    expect(lab.status()).toBe('Deleting');
  });

  it('a kernel busy for the whole window behind a closed browser: kept, in use now', async ({ lab }) => {
    await lab.open(3 * HOUR);
    const kernel = await jupyter.startKernel();
    await jupyter.execute(kernel, 'import time; time.sleep(600)');
    await lab.startAgent(jupyter.url);
    for (const hours of [0, 3, 3, 3]) {
      await lab.pass(hours * HOUR);
      await lab.look();
      expect(await lab.scan()).toMatchObject(said('keep', 'in use now (kernel, by agent)'));
    }
    // Its cell ends: used until the last look that found it busy, though Jupyter's own stamp is hours old.
    const finished = lab.now();
    await jupyter.api(`kernels/${kernel}/interrupt`, { method: 'POST' }).catch(() => {});
    const { lastUseAt } = await lab.look(({ busy }) => !busy);
    expect(lastUseAt).toBeGreaterThan(finished - 5 * SECOND);
    expect(await lab.scan()).toMatchObject(said('keep', ' s ago (kernel, by agent)'));
  });

  it('a terminal in use: kept until max-idle after its last touch, though it stays open', async ({ lab }) => {
    await lab.open(5 * HOUR);
    await lab.startAgent(jupyter.url);
    const { name } = await jupyter.api<{ name: string }>('terminals', { method: 'POST' });
    const terminal = await jupyter.connect(`terminals/websocket/${name}`);
    const opened = await lab.look(({ kind }) => kind === 'terminal');
    terminal.send(JSON.stringify(['stdin', 'echo hello\r']));
    await lab.look(({ lastUseAt }) => lastUseAt > opened.lastUseAt);
    // What it prints is over by the next look.
    const { lastUseAt } = await lab.look();
    expect(await lab.scan()).toMatchObject(said('keep', ' s ago (terminal, by agent)'));
    await lab.pass(lastUseAt + 2 * HOUR - lab.now() - 10 * SECOND);
    await lab.look();
    expect(await lab.scan()).toMatchObject(said('keep', 'last use 1 h 59 min ago (terminal, by agent)'));
    await lab.pass(10 * SECOND);
    await lab.look();
    expect(await lab.scan()).toMatchObject(said('warn', 'terminal', { due: lastUseAt + 2 * HOUR, warned: 1 }));
  });

  it('a job in tmux that prints, with no tab open: kept until max-idle after its last line', async ({ lab }) => {
    await lab.open(5 * HOUR);
    const tmux = async (...args: string[]) =>
      (await promisify(execFile)('tmux', ['-S', lab.stage.path('tmux'), '-f', '/dev/null', ...args])).stdout.trim();
    await tmux('new-session', '-d', 'while sleep 1; do echo training; done');
    try {
      await symlink(await tmux('display-message', '-p', '#{pane_tty}'), lab.stage.path('pts/0'));
      await lab.startAgent(jupyter.url);
      const first = await lab.look();
      expect(await lab.scan()).toMatchObject(said('keep', ' s ago (terminal, by agent)'));
      // Linux stamps a terminal once in eight seconds.
      await lab.look(({ lastUseAt }) => lastUseAt > first.lastUseAt);
    } finally {
      // The number of its terminal is the next one's that opens anywhere on this machine.
      await rm(lab.stage.path('pts/0'), { force: true });
      await tmux('kill-server');
    }
    const { lastUseAt } = await lab.look();
    await lab.pass(2 * HOUR);
    await lab.look();
    expect(await lab.scan()).toMatchObject(said('warn', 'terminal', { due: lastUseAt + 2 * HOUR, warned: 1 }));
  });

  it('a GPU at work beside an idle kernel: kept, in use now; at rest, idle from its last work', async ({ lab }) => {
    await lab.open(5 * HOUR);
    const gpu = (percent: number) => lab.stage.program('nvidia-smi', `#!/bin/bash\necho ${percent}\n`);
    await gpu(97);
    await lab.startAgent(jupyter.url);
    for (const hours of [0, 6]) {
      await lab.pass(hours * HOUR);
      await lab.look();
      expect(await lab.scan()).toMatchObject(said('keep', 'in use now (gpu, by agent)'));
    }
    await gpu(0);
    const { lastUseAt } = await lab.look(({ busy }) => !busy);
    await lab.pass(2 * HOUR);
    await lab.look();
    expect(await lab.scan()).toMatchObject(said('warn', 'gpu', { due: lastUseAt + 2 * HOUR, warned: 1 }));
  });

  it('the server killed while a kernel is busy, and started again: unknown while it is down, then idle from its last use', async ({
    lab,
  }) => {
    await lab.open(3 * HOUR);
    const kernel = await jupyter.startKernel();
    await jupyter.execute(kernel, 'import time; time.sleep(600)');
    await lab.startAgent(jupyter.url);
    await lab.look(({ busy }) => busy);
    await jupyter.stop();
    const stopped = lab.now();
    const silence = async () => {
      const since = lab.now();
      const isMute = (activity: Parameters<typeof of>[0]) =>
        of(activity, 'kernel') === undefined && Date.parse(activity.observedAt) >= since;
      await lab.stage.next('a heartbeat without kernels', isMute);
    };
    await silence();
    expect(await lab.scan()).toMatchObject(said('keep', 'in use now (kernel, by agent)'));
    const { lastUseAt } = (await lab.evidence())!;
    await lab.pass(31 * MINUTE);
    await silence();
    expect(await lab.scan()).toMatchObject(said('keep', 'idle: unknown (agent silent for 31 min)'));
    await lab.pass(3 * HOUR);
    await silence();
    expect(await lab.scan()).toMatchObject(said('keep', 'idle: unknown (agent silent for 3 h 31 min)'));
    await jupyter.start();
    await lab.look();
    const back = await lab.scan();
    expect(back).toMatchObject(said('warn', 'last use 3 h 31 min ago (kernel, by agent)', { warned: 1 }));
    // It saw the kernel busy later than it told, and never while the server was down.
    expect(back.due).toBeGreaterThanOrEqual(lastUseAt + 2 * HOUR);
    expect(back.due).toBeLessThanOrEqual(stopped + 2 * HOUR);
  });

  it('the agent killed: its evidence goes stale, hence unknown, never stopped for idleness; uptime binds', async ({
    lab,
  }) => {
    const startedAt = await lab.open(5 * HOUR);
    await jupyter.startKernel();
    await lab.startAgent(jupyter.url);
    await lab.look();
    await lab.stage.end();
    await lab.pass(3 * HOUR);
    expect(await lab.scan()).toMatchObject(said('keep', 'idle: unknown (agent silent for 3 h)'));
    await lab.pass(startedAt + 24 * HOUR - lab.now());
    const bound = { rule: 'all: max-uptime', due: startedAt + 24 * HOUR };
    expect(await lab.scan()).toMatchObject(said('warn', 'up 24 h', { ...bound, warned: 1 }));
    await lab.pass(15 * MINUTE);
    expect(await lab.scan()).toMatchObject(said('stop', 'up 24 h 15 min', { ...bound, stopped: 1 }));
  });

  it('no agent: unknown, governed by uptime alone', async ({ lab }) => {
    const startedAt = await lab.open(5 * HOUR);
    expect(await lab.scan()).toMatchObject(said('keep', 'idle: unknown (no evidence of use)'));
    await lab.pass(startedAt + 24 * HOUR - lab.now());
    expect(await lab.scan()).toMatchObject(said('warn', 'up 24 h', { rule: 'all: max-uptime', warned: 1 }));
    await lab.pass(15 * MINUTE);
    expect(await lab.scan()).toMatchObject(said('stop', 'up 24 h 15 min', { rule: 'all: max-uptime', stopped: 1 }));
  });

  it('a clock far ahead is refused, one far behind is stale: unknown', async ({ lab }) => {
    await lab.open(5 * HOUR);
    await lab.setAhead(10 * MINUTE);
    await lab.startAgent(jupyter.url);
    await until('a refusal', () => lab.heard.length > 0);
    expect(lab.heard[0]!.value).toEqual({ refused: expect.stringContaining('yet to come') });
    expect(await lab.scan()).toMatchObject(said('keep', 'idle: unknown (no evidence of use)'));
    await lab.setAhead(-HOUR);
    await until('evidence', lab.evidence);
    expect(await lab.scan()).toMatchObject(said('keep', 'idle: unknown (agent silent for '));
    await lab.setAhead(4 * MINUTE);
    await lab.look();
    expect(await lab.scan()).toMatchObject(said('warn', 'never used since its start', { warned: 1 }));
  });
});
