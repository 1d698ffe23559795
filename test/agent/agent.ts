import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type BusEvent, startEmbeddedAws } from '../../local/aws/index.ts';

/** The script as it is attached to a domain. */
export const SCRIPT = fileURLToPath(new URL('../../agent/activity-agent.sh', import.meta.url));

/** A heartbeat's detail, version 1. */
export interface Heartbeat {
  version: number;
  domainId: string;
  spaceName?: string;
  userProfileName?: string;
  appType: string;
  appName: string;
  appStartedAt: string;
  observedAt: string;
  agent: string;
  activity: { kind: string; busy: boolean; lastUseAt: string | null }[];
}

/** Waits until a question has an answer. @throws after so many milliseconds, saying what was waited for */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  ms = 15_000,
) {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await sleep(20);
  }
  throw new Error(`waited ${ms} ms in vain for ${what}`);
}

/** A SageMaker app as the agent sees it: its metadata, its environment, and an EventBridge that listens; `now` is AWS's clock. */
export async function startStage(now = () => Date.now()) {
  const folder = await mkdtemp(join(tmpdir(), 'curfew-agent-test-'));
  const path = (name: string) => join(folder, name);
  const aws = await startEmbeddedAws({ now });
  const events: BusEvent[] = [];
  aws.eventbridge.onEvent((event) => events.push(event));
  let read = 0;
  const heartbeats = () => events.map((event) => event.detail as unknown as Heartbeat);
  for (const name of ['bin', 'pts', 'cgroup', 'elsewhere']) await mkdir(path(name));
  // Only what the script needs, so that no AWS CLI or boto3 of this machine stands in for what a test takes away.
  for (const tool of ['bash', 'mkdir', 'cat', 'mv', 'setsid', 'nohup']) {
    await symlink(await which(tool), path(`bin/${tool}`));
  }
  await writeFile(path('cgroup/cpu.stat'), 'usage_usec 0\n');
  const metadata = (change: Record<string, unknown> = {}) =>
    writeFile(
      path('metadata.json'),
      JSON.stringify({
        AppType: 'JupyterLab',
        DomainId: 'd-abcdefghijkl',
        SpaceName: 'ada-lab',
        ResourceName: 'default',
        ResourceArn: 'arn:aws:sagemaker:us-east-1:111122223333:app/d-abcdefghijkl/ada-lab/jupyterlab/default',
        AppImageVersion: '',
        ...change,
      }),
    );
  await metadata();
  const defaults: Record<string, string> = {
    PATH: path('bin'),
    HOME: path('elsewhere'),
    TMPDIR: path('elsewhere'),
    CURFEW_AGENT_HOME: path('home'),
    CURFEW_AGENT_METADATA: path('metadata.json'),
    CURFEW_AGENT_INTERVAL: '1.5',
    CURFEW_AGENT_SAMPLE: '0.2',
    CURFEW_AGENT_API: 'http://127.0.0.1:9/',
    CURFEW_AGENT_PTS: path('pts'),
    CURFEW_AGENT_CGROUP: path('cgroup'),
    CURFEW_AGENT_IDLE_FILE: path('idle'),
    AWS_ENDPOINT_URL_EVENTBRIDGE: aws.env.AWS_ENDPOINT_URL_EVENTBRIDGE as string,
    AWS_ACCESS_KEY_ID: 'AKIAEMBEDDED',
    AWS_SECRET_ACCESS_KEY: 'embedded',
  };
  const readOr = async (name: string) => await readFile(path(name), 'utf8').catch(() => '');
  const pid = async () => Number(await readOr('home/lock')) || undefined;
  /** Runs the script as SageMaker does. An `undefined` takes a variable away. */
  const run = async (env: Record<string, string | undefined> = {}) => {
    const began = performance.now();
    read = events.length;
    const child = spawn('/bin/bash', [SCRIPT], {
      cwd: path('elsewhere'),
      env: Object.fromEntries(Object.entries({ ...defaults, ...env }).filter(([, value]) => value !== undefined)),
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
    // `close` comes when nobody holds its output any more: the agent in the background must not.
    const [code] = await once(child, 'close');
    return { code, said, took: performance.now() - began };
  };
  const end = async () => {
    const running = await pid();
    if (running === undefined) return;
    try {
      // A frozen one too.
      process.kill(running, 'SIGKILL');
    } catch {
      // It is gone already.
    }
    await until(
      'the agent to end',
      async () => (await readFile(`/proc/${running}/cmdline`).catch(() => '')).length === 0,
    );
    await rm(path('home/lock'), { force: true });
  };
  return {
    aws,
    path,
    metadata,
    run,
    end,
    pid,
    events,
    heartbeats,
    log: () => readOr('home/agent.log'),
    append: (name: string, text: string) => appendFile(path(name), text),
    /** Puts a program on the agent's PATH. */
    async program(name: string, script: string) {
      await writeFile(path(`bin/${name}`), script);
      await chmod(path(`bin/${name}`), 0o755);
    },
    /** The next heartbeat that fits, of those that came since the script was last run and were not passed yet. */
    async next(what: string, fits: (heartbeat: Heartbeat) => boolean = () => true) {
      return await until(what, () => {
        while (read < events.length) {
          const heartbeat = heartbeats()[read++] as Heartbeat;
          if (fits(heartbeat)) return heartbeat;
        }
        return undefined;
      });
    },
    async close() {
      await end();
      await aws.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A stage. */
export type Stage = Awaited<ReturnType<typeof startStage>>;

/** What a heartbeat says of a kind; undefined where it could not look. */
export function of(heartbeat: Heartbeat, kind: string) {
  const found = heartbeat.activity.find((entry) => entry.kind === kind);
  return found && { busy: found.busy, lastUseAt: found.lastUseAt };
}

/** Milliseconds since 1970 of the last use of a kind; NaN where there is none. */
export function lastUse(heartbeat: Heartbeat, kind: string): number {
  return Date.parse(of(heartbeat, kind)?.lastUseAt ?? '');
}

async function which(tool: string): Promise<string> {
  for (const folder of ['/usr/bin', '/bin', '/usr/local/bin']) {
    const there = await readFile(join(folder, tool)).then(
      () => true,
      () => false,
    );
    if (there) return join(folder, tool);
  }
  throw new Error(`the agent's tests need ${tool}`);
}
