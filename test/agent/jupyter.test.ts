import { symlink } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Heartbeat, lastUse, of, type Stage, startStage, until } from './agent.ts';
import { prepareJupyter } from './jupyter.ts';

/** One app's day, hour by hour: each test goes on where the one before it stopped. */
let stage: Stage;
let jupyter: Awaited<ReturnType<typeof prepareJupyter>>;
let kernel: string;
const unused = { busy: false, lastUseAt: null };
/** Jupyter has microseconds where we have milliseconds. */
const sameTime = (text: string) => text.replace(/(\.\d{3})\d*Z/, '$1Z');
/** A heartbeat of a look that began after now. */
const fresh = async (what: string, fits: (heartbeat: Heartbeat) => boolean = () => true) => {
  const now = Date.now();
  return await stage.next(what, (heartbeat) => Date.parse(heartbeat.observedAt) > now && fits(heartbeat));
};

beforeAll(async () => {
  stage = await startStage();
  jupyter = await prepareJupyter(stage.path('jupyter'));
}, 60_000);
afterAll(async () => {
  await jupyter?.stop();
  await stage.close();
});

describe('the agent beside a real Jupyter server', () => {
  it('is there before the server is: it tells no more than that it lives', async () => {
    await stage.run({
      CURFEW_AGENT_API: jupyter.url,
      CURFEW_AGENT_CGROUP: stage.path('none'),
      CURFEW_AGENT_INTERVAL: '1',
    });
    expect((await fresh('a heartbeat')).activity).toEqual([]);
    expect(await stage.log()).toContain(`API: down at ${jupyter.url}`);
  });

  it('nothing ever opened: neither kernel nor terminal was used, however often it asks', async () => {
    await jupyter.start();
    for (let n = 0; n < 3; n += 1) {
      const heartbeat = await fresh('kernels', (h) => of(h, 'kernel') !== undefined);
      expect(of(heartbeat, 'kernel')).toEqual(unused);
      expect(of(heartbeat, 'terminal')).toEqual(unused);
    }
    // Our asking leaves no trace in Jupyter either: its own clock of activity stands at its start.
    const { started, last_activity } = await jupyter.api<Record<string, string>>('status');
    expect(last_activity).toBe(started);
  });

  it('an idle kernel, its tab open and untouched: used when it last ran, however often it asks', async () => {
    kernel = await jupyter.startKernel();
    const tab = await jupyter.connect(`api/kernels/${kernel}/channels`);
    // Servers before 2.0 take the tab's greeting for activity, once.
    await fresh('a heartbeat');
    const { last_activity, execution_state, connections } = await jupyter.kernel(kernel);
    expect([execution_state, connections]).toEqual(['idle', 1]);
    for (let n = 0; n < 3; n += 1) {
      const heartbeat = await fresh('a heartbeat');
      expect(of(heartbeat, 'kernel')).toEqual({ busy: false, lastUseAt: sameTime(last_activity) });
      expect(of(heartbeat, 'terminal')).toEqual(unused);
    }
    expect((await jupyter.kernel(kernel)).last_activity).toBe(last_activity);
    await jupyter.close(tab);
  });

  it('a kernel busy for the whole window behind a closed browser: in use at every look', async () => {
    await jupyter.execute(kernel, 'import time; time.sleep(4)');
    const first = await stage.next('busy', (h) => of(h, 'kernel')?.busy === true);
    let stamp: string | undefined;
    for (let n = 0; n < 2; n += 1) {
      const heartbeat = await fresh('a heartbeat');
      expect(of(heartbeat, 'kernel')).toEqual({ busy: true, lastUseAt: heartbeat.observedAt });
      stamp ??= (await jupyter.kernel(kernel)).last_activity;
    }
    // Jupyter's own stamp stands at the cell's start: whoever goes by it alone stops a job that runs.
    expect((await jupyter.kernel(kernel)).last_activity).toBe(stamp);
    const over = await stage.next('idle', (h) => of(h, 'kernel')?.busy === false);
    expect(lastUse(over, 'kernel') - Date.parse(first.observedAt)).toBeGreaterThan(2500);
    const settled = await fresh('a heartbeat');
    expect(lastUse(settled, 'kernel')).toBe(Date.parse(sameTime((await jupyter.kernel(kernel)).last_activity)));
  });

  it('a terminal in use, then open and untouched: used when it was last touched', async () => {
    const { name } = await jupyter.api<{ name: string }>('terminals', { method: 'POST' });
    const socket = await jupyter.connect(`terminals/websocket/${name}`);
    const before = lastUse(await fresh('a terminal', (h) => of(h, 'terminal')?.lastUseAt !== null), 'terminal');
    let said = '';
    socket.onmessage = ({ data }) => {
      const [kind, text] = JSON.parse(String(data));
      if (kind === 'stdout') said += text;
    };
    const typed = Date.now();
    socket.send(JSON.stringify(['stdin', 'echo at=$(tty)\r']));
    const tty = await until('the terminal to answer', () => /at=(\/dev\/pts\/\d+)/.exec(said)?.[1]);
    const used = await fresh('use', (h) => lastUse(h, 'terminal') > before);
    expect(lastUse(used, 'terminal')).toBeGreaterThanOrEqual(typed);
    expect(of(used, 'terminal')?.busy).toBe(false);
    await fresh('a heartbeat');
    const quiet = of(await fresh('a heartbeat'), 'terminal');
    expect(of(await fresh('a heartbeat'), 'terminal')).toEqual(quiet);

    // A job that prints behind a closed browser: older servers' stamp stands still, the terminal itself does not.
    await symlink(tty, stage.path('pts/0'));
    socket.send(JSON.stringify(['stdin', 'while sleep 1; do echo training; done\r']));
    await until('the job to print', () => said.includes('training\r\ntraining'));
    await jupyter.close(socket);
    const closed = Date.now();
    await stage.next('output', (h) => lastUse(h, 'terminal') > closed + 1000);
  });

  it('the server killed while a kernel is busy: it does not take that for idleness', async () => {
    await jupyter.execute(kernel, 'while True: pass');
    const busy = await stage.next('busy', (h) => of(h, 'kernel')?.busy === true);
    await jupyter.stop();
    const down = await stage.next('no word on kernels', (h) => of(h, 'kernel') === undefined);
    expect(of(down, 'terminal')).toBeUndefined();
    expect(lastUse(busy, 'kernel')).toBeLessThan(Date.parse(down.observedAt));
    await jupyter.start();
    const back = await stage.next('kernels', (h) => of(h, 'kernel') !== undefined);
    // The new server has no kernels; the agent knows when the last of the old was used.
    expect(of(back, 'kernel')?.busy).toBe(false);
    expect(lastUse(back, 'kernel')).toBeGreaterThanOrEqual(Date.parse(busy.observedAt));
    expect(lastUse(back, 'kernel')).toBeLessThan(Date.parse(down.observedAt));
  });

  it('a compute loop shows in the container’s CPU, whatever Jupyter says', async () => {
    await stage.end();
    await stage.run({
      CURFEW_AGENT_API: 'http://127.0.0.1:9/',
      CURFEW_AGENT_CGROUP: undefined,
      CURFEW_AGENT_INTERVAL: '1',
    });
    const id = await jupyter.startKernel();
    await jupyter.execute(id, 'while True: pass');
    const heartbeat = await stage.next('load', (h) => of(h, 'cpu')?.busy === true);
    expect(of(heartbeat, 'kernel')).toBeUndefined();
    expect(lastUse(heartbeat, 'cpu')).toBe(Date.parse(heartbeat.observedAt));
  });
});
