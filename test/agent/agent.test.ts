import { createHash, createHmac } from 'node:crypto';
import { readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { it as base, describe, expect } from 'vitest';
import { lastUse, of, SCRIPT, type Stage, startStage, until } from './agent.ts';
import { jupyter, startApp } from './app.ts';

const it = base.extend<{ stage: Stage; app: typeof startApp }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are wanted off the pattern.
  stage: async ({}, use) => {
    const stage = await startStage();
    await use(stage);
    await stage.close();
  },
  // biome-ignore lint/correctness/noEmptyPattern: as above.
  app: async ({}, use) => {
    const started: Awaited<ReturnType<typeof startApp>>[] = [];
    await use(async (...options) => {
      const one = await startApp(...options);
      started.push(one);
      return one;
    });
    await Promise.all(started.map((one) => one.close()));
  },
});
const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();

describe.concurrent('the script', () => {
  it('fits a lifecycle configuration', async () => {
    expect((await readFile(SCRIPT)).toString('base64').length).toBeLessThanOrEqual(16_384);
  });

  it('returns at once, says nothing and leaves no child on its output', async ({ stage }) => {
    const { code, said, took } = await stage.run();
    expect([code, said]).toEqual([0, '']);
    expect(took).toBeLessThan(2000);
    await stage.next('a heartbeat');
  });

  it('tells who it is and since when, at once', async ({ stage }) => {
    await stage.run();
    const heartbeat = await until('a heartbeat', () => stage.heartbeats()[0]);
    const { appStartedAt, observedAt, ...rest } = heartbeat;
    expect(rest).toEqual({
      version: 1,
      domainId: 'd-abcdefghijkl',
      spaceName: 'ada-lab',
      appType: 'JupyterLab',
      appName: 'default',
      agent: '1.0.0',
      activity: [],
    });
    expect(observedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(appStartedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(Date.parse(appStartedAt)).toBeLessThanOrEqual(Date.parse(observedAt));
    expect(stage.events[0]).toMatchObject({ source: 'curfew.agent', 'detail-type': 'Curfew Activity' });
  });

  it('names the user profile where there is no space', async ({ stage }) => {
    await stage.metadata({
      SpaceName: undefined,
      UserProfileName: 'ada',
      AppType: 'KernelGateway',
      ResourceName: 'gpu-1',
    });
    await stage.run();
    expect(await stage.next('a heartbeat')).toMatchObject({ userProfileName: 'ada', appName: 'gpu-1' });
    expect(stage.heartbeats()[0]).not.toHaveProperty('spaceName');
  });

  it.for([
    ['a file where its folder should be', (stage: Stage) => writeFile(stage.path('home'), '')],
    ['a link where its folder should be', (stage: Stage) => symlink(stage.path('elsewhere'), stage.path('home'))],
    ['no tools on its path', (stage: Stage) => rm(stage.path('bin'), { recursive: true })],
  ] as const)('cannot keep the app from starting: %s', async ([_, spoil], { stage }) => {
    await spoil(stage);
    const { code, said, took } = await stage.run();
    expect([code, said]).toEqual([0, '']);
    expect(took).toBeLessThan(2000);
    expect(await readdir(stage.path('elsewhere'))).toEqual([]);
  });

  it('gives way to the next Python where one cannot run it', async ({ stage }) => {
    await stage.program('python2', '#!/bin/bash\nexit 1\n');
    await stage.run({ CURFEW_AGENT_PYTHON: stage.path('bin/python2') });
    await stage.next('a heartbeat');
  });

  it('runs once, however often it is started', async ({ stage }) => {
    await stage.run();
    const pid = await until('its lock', stage.pid);
    await stage.run();
    await until('the second to give way', async () => (await stage.log()).includes('another is here already'));
    expect(await stage.pid()).toBe(pid);
    await stage.next('a heartbeat');
  });

  it('writes to its own folder only, and holds nothing else open', async ({ stage, app }) => {
    const server = await app(jupyter({ kernels: [], terminals: [] }));
    await stage.run({ CURFEW_AGENT_API: server.url });
    await stage.next('a heartbeat');
    await stage.next('another');
    expect(await readdir(stage.path('elsewhere'))).toEqual([]);
    expect((await readdir(stage.path('home'))).sort()).toEqual([
      'agent.log',
      'agent.py',
      'lock',
      'start.log',
      'state.json',
    ]);
    const pid = await stage.pid();
    const open = await Promise.all(
      (await readdir(`/proc/${pid}/fd`)).map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '/dev/null')),
    );
    expect(new Set(open.filter((file) => file.startsWith('/')))).toEqual(
      new Set(['/dev/null', stage.path('home/lock')]),
    );
    expect((await readFile(stage.path('home/start.log'))).length).toBe(0);
  });

  it('keeps its log below 64 KB', async ({ stage }) => {
    await stage.run();
    await stage.next('a heartbeat');
    await stage.append('home/agent.log', 'x'.repeat(70_000));
    await stage.metadata({ SpaceName: 'another' });
    await until('the log to shrink, and to go on', async () => {
      const log = await stage.log();
      return log.length < 40_000 && log.includes('another');
    });
  });

  it('keeps UTC under TZ=Asia/Tokyo', async ({ stage, app }) => {
    const used = ago(60);
    const server = await app(
      jupyter({ kernels: [{ execution_state: 'idle', last_activity: used.replace('Z', '123Z') }], terminals: [] }),
    );
    await stage.run({ TZ: 'Asia/Tokyo', CURFEW_AGENT_API: server.url });
    const heartbeat = await stage.next('a heartbeat');
    expect(of(heartbeat, 'kernel')).toEqual({ busy: false, lastUseAt: used });
    expect(Math.abs(Date.parse(heartbeat.observedAt) - Date.now())).toBeLessThan(5000);
    expect(Math.abs(Date.parse((await stage.log()).slice(0, 24)) - Date.now())).toBeLessThan(10_000);
  });
});

describe.concurrent('what stands in its way', () => {
  it('waits for metadata that is missing, and says so', async ({ stage }) => {
    await rm(stage.path('metadata.json'));
    await stage.run();
    await until('its log', async () => (await stage.log()).includes('FileNotFoundError'));
    expect(stage.events).toEqual([]);
    await stage.metadata();
    await stage.next('a heartbeat');
  });

  it('says that it has no credentials, backs off, and tells once there are some', async ({ stage, app }) => {
    let ready = false;
    const server = await app(() =>
      ready
        ? { body: { AccessKeyId: 'AKIAROLE', SecretAccessKey: 'secret', Token: 'session' } }
        : { status: 500, body: 'not yet' },
    );
    await stage.run({ AWS_ACCESS_KEY_ID: undefined });
    await until('its log', async () => (await stage.log()).includes('no credentials; nor could boto3 or the AWS CLI'));
    await stage.end();
    await stage.run({
      AWS_ACCESS_KEY_ID: undefined,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${server.url}role`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: 'let me in',
    });
    await until('it to ask', () => server.seen[0]);
    expect(server.seen[0]).toMatchObject({ url: '/role', headers: { authorization: 'let me in' } });
    expect(stage.events).toEqual([]);
    ready = true;
    await stage.next('a heartbeat');
  });

  it.for(['ThrottlingException', 'AccessDeniedException'])(
    'backs off from %s, longer each time, and says so',
    async (code, { stage }) => {
      const times: number[] = [];
      const when = () => times.push(performance.now()) > 0;
      const refusal = { status: 400, code, message: 'Rate exceeded' };
      stage.aws.faults.add({ service: 'eventbridge', action: 'PutEvents', times: 3, when, ...refusal });
      await stage.run();
      await stage.next('a heartbeat');
      times.push(performance.now());
      expect(stage.aws.calls.count('eventbridge')).toBe(4);
      // 0.4, 0.8 and 1.6 s, each give or take a fifth, at the next look.
      const [begun, , third, told] = times as [number, number, number, number];
      expect(told - begun).toBeGreaterThan(2000);
      expect(told - third).toBeGreaterThan(1100);
      expect(await stage.log()).toMatch(new RegExp(`HTTP 400 {"__type":"${code}".*again in \\d+ s\\n`));
    },
  );

  it('backs off when its entry is refused', async ({ stage, app }) => {
    const refused = { FailedEntryCount: 1, Entries: [{ ErrorCode: 'InternalFailure', ErrorMessage: 'try again' }] };
    const server = await app(() => ({ body: refused }));
    await stage.run({ AWS_ENDPOINT_URL_EVENTBRIDGE: server.url });
    await until('its log', async () => /RuntimeError: .*InternalFailure.*again in/.test(await stage.log()));
  });

  it('lets the AWS CLI tell where it cannot itself', async ({ stage }) => {
    await stage.program(
      'aws',
      `#!/bin/bash\nprintf '%s\\n' "$@" > ${stage.path('said')}\necho '{"FailedEntryCount": 0, "Entries": []}'\n`,
    );
    await stage.run({ AWS_ACCESS_KEY_ID: undefined });
    await until('success', async () => (await stage.log()).includes('EventBridge: told'));
    const said = (await readFile(stage.path('said'), 'utf8')).split('\n');
    expect(said.slice(0, 5)).toEqual(['events', 'put-events', '--region', 'us-east-1', '--cli-input-json']);
    expect(JSON.parse(said[5] as string).Entries[0]).toMatchObject({ Source: 'curfew.agent', EventBusName: 'default' });
  });

  it('signs as AWS wants it', async ({ stage, app }) => {
    const server = await app(() => ({ body: { FailedEntryCount: 0, Entries: [{ EventId: '1' }] } }));
    await stage.run({
      AWS_ENDPOINT_URL_EVENTBRIDGE: server.url,
      AWS_SESSION_TOKEN: 'session',
      CURFEW_AGENT_BUS: 'lab',
    });
    const { headers, body, url, method } = await until('a call', () => server.seen[0]);
    expect(JSON.parse(body).Entries[0].EventBusName).toBe('lab');
    const sha = (text: string) => createHash('sha256').update(text).digest('hex');
    const mac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
    const names = ['content-type', 'host', 'x-amz-date', 'x-amz-security-token', 'x-amz-target'];
    const canonical = [
      method,
      url,
      '',
      ...names.map((name) => `${name}:${headers[name]}`),
      '',
      names.join(';'),
      sha(body),
    ];
    const stamp = headers['x-amz-date'] as string;
    const scope = `${stamp.slice(0, 8)}/us-east-1/events/aws4_request`;
    const key = scope.split('/').reduce<string | Buffer>(mac, 'AWS4embedded');
    const signature = mac(key, ['AWS4-HMAC-SHA256', stamp, scope, sha(canonical.join('\n'))].join('\n')).toString(
      'hex',
    );
    expect(headers.authorization).toBe(
      `AWS4-HMAC-SHA256 Credential=AKIAEMBEDDED/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
    );
  });
});

describe.concurrent('what it sees', () => {
  it.for([
    ['JupyterLab', 'http://127.0.0.1:8888/jupyterlab/default/'],
    ['CodeEditor', 'http://127.0.0.1:8888/codeeditor/default/'],
    ['KernelGateway', 'http://127.0.0.1:8888/'],
  ] as const)('asks %s where SageMaker serves it', async ([AppType, url], { stage }) => {
    await stage.metadata({ AppType });
    await stage.run({ CURFEW_AGENT_API: undefined });
    await until('its log', async () => /API: /.test(await stage.log()));
    expect(await stage.log()).toContain(`API: down at ${url}:`);
  });

  it('is silent on kernels and terminals while the API is down, refuses it, or speaks nonsense', async ({
    stage,
    app,
  }) => {
    const api: Record<string, unknown> = {};
    const server = await app(jupyter(api));
    await stage.run({ CURFEW_AGENT_API: server.url });
    const refused = await stage.next('a heartbeat');
    expect([of(refused, 'kernel'), of(refused, 'terminal')]).toEqual([undefined, undefined]);
    api.kernels = [{ id: 'no state' }];
    api.terminals = [{ name: '1', last_activity: '2026-11-23 10:00 in Tokyo' }];
    await until('its log', async () => /kernel: unknown.*\n.*terminal: unknown/.test(await stage.log()));
    const nonsense = await stage.next('a heartbeat');
    expect([of(nonsense, 'kernel'), of(nonsense, 'terminal')]).toEqual([undefined, undefined]);
    api.kernels = [];
    api.terminals = [];
    const fine = await stage.next('news of kernels and terminals', (h) => of(h, 'kernel') !== undefined);
    expect([of(fine, 'kernel'), of(fine, 'terminal')]).toEqual([
      { busy: false, lastUseAt: null },
      { busy: false, lastUseAt: null },
    ]);
  });

  it('reads KernelGateway, which has no terminals of its own and may not list kernels', async ({ stage, app }) => {
    await stage.metadata({ AppType: 'KernelGateway', ResourceName: 'datascience-ml-m5-large' });
    const used = ago(7200);
    const api: Record<string, unknown> = { kernels: [{ execution_state: 'idle', last_activity: used }] };
    const server = await app(jupyter(api));
    await stage.run({ CURFEW_AGENT_API: server.url });
    expect(of(await stage.next('a heartbeat'), 'kernel')).toEqual({ busy: false, lastUseAt: used });
    delete api.kernels;
    expect(of(await stage.next('a heartbeat without', (h) => h.activity.length === 0), 'kernel')).toBeUndefined();
  });

  it('knows an unopened Code Editor from one in use', async ({ stage, app }) => {
    await stage.metadata({ AppType: 'CodeEditor' });
    await stage.run({ CURFEW_AGENT_API: 'http://127.0.0.1:9/' });
    expect(of(await stage.next('a heartbeat'), 'editor')).toBeUndefined();
    await stage.end();
    const api = { idle: { lastActiveTimestamp: new Date().toISOString() } };
    const server = await app(jupyter(api));
    await stage.run({ CURFEW_AGENT_API: server.url });
    const unopened = await stage.next('the editor', (h) => of(h, 'editor') !== undefined);
    expect(of(unopened, 'editor')).toEqual({ busy: false, lastUseAt: null });
    const used = new Date(Date.now() + 50).toISOString();
    api.idle = { lastActiveTimestamp: used };
    const opened = await stage.next('use', (h) => of(h, 'editor')?.lastUseAt === used);
    expect(of(opened, 'editor')?.busy).toBe(false);
  });

  it('counts a remote editor, and not what JupyterLab repeats of its kernels', async ({ stage, app }) => {
    const used = ago(3);
    const api = {
      kernels: [{ execution_state: 'idle', last_activity: used }],
      terminals: [],
      idle: { lastActiveTimestamp: used },
    };
    const server = await app(jupyter(api));
    await stage.run({ CURFEW_AGENT_API: server.url });
    expect(of(await stage.next('a heartbeat'), 'editor')).toEqual({ busy: false, lastUseAt: null });
    const remote = new Date().toISOString();
    await writeFile(stage.path('idle'), `${remote}\n`);
    const heartbeat = await stage.next('use', (h) => of(h, 'editor')?.lastUseAt === remote);
    expect(of(heartbeat, 'editor')?.busy).toBe(false);
  });

  it('sees a GPU at work, and reports its rest', async ({ stage }) => {
    await writeFile(stage.path('gpu'), '3\n97\n');
    await stage.program('nvidia-smi', `#!/bin/bash\ncat ${stage.path('gpu')}\n`);
    await stage.run();
    const busy = await stage.next('a heartbeat');
    expect(of(busy, 'gpu')).toEqual({ busy: true, lastUseAt: busy.observedAt });
    await writeFile(stage.path('gpu'), '3\n5\n');
    const rest = await stage.next('rest', (h) => of(h, 'gpu')?.busy === false);
    expect(lastUse(rest, 'gpu')).toBeGreaterThanOrEqual(Date.parse(busy.observedAt));
    expect(lastUse(rest, 'gpu')).toBeLessThan(Date.parse(rest.observedAt));
    await writeFile(stage.path('gpu'), '[N/A]\n');
    expect(of(await stage.next('no word on it', (h) => of(h, 'gpu') === undefined), 'gpu')).toBeUndefined();
  });

  it.for([
    ['0.9 of a core over a whole interval is use', 0.9, true],
    ['0.3 of a core is not', 0.3, false],
  ] as const)('%s', async ([_, cores, busy], { stage }) => {
    const began = performance.now();
    const burn = setInterval(() => {
      const micros = Math.round((performance.now() - began) * 1000 * cores);
      void writeFile(stage.path('cgroup/cpu.stat'), `usage_usec ${micros}\nuser_usec 0\n`);
    }, 10);
    try {
      await stage.run();
      expect(of(await stage.next('a first heartbeat'), 'cpu')).toBeUndefined();
      const heartbeat = await stage.next('the load', (h) => of(h, 'cpu') !== undefined);
      expect(of(heartbeat, 'cpu')).toEqual({ busy, lastUseAt: busy ? heartbeat.observedAt : null });
    } finally {
      clearInterval(burn);
    }
  });

  it('remembers what it saw when it is started again in the same container, and only there', async ({ stage, app }) => {
    const used = ago(120);
    const api = { kernels: [{ execution_state: 'idle', last_activity: used }] as unknown[], terminals: [] };
    const server = await app(jupyter(api));
    const again = async () => {
      await stage.run({ CURFEW_AGENT_API: server.url });
      return of(await stage.next('a heartbeat'), 'kernel');
    };
    expect(await again()).toEqual({ busy: false, lastUseAt: used });
    api.kernels = [];
    await stage.end();
    expect(await again()).toEqual({ busy: false, lastUseAt: used });
    await stage.end();
    const state = JSON.parse(await readFile(stage.path('home/state.json'), 'utf8'));
    await writeFile(stage.path('home/state.json'), JSON.stringify({ ...state, boot: 'another container' }));
    expect(await again()).toEqual({ busy: false, lastUseAt: null });
  });

  it('tells at once of use after a quiet time, and otherwise no more than once an interval', async ({ stage, app }) => {
    const quiet = [{ execution_state: 'idle', last_activity: ago(600) }];
    const api = { kernels: quiet, terminals: [] };
    const server = await app(jupyter(api));
    const look = async () => {
      const looks = server.seen.length;
      await until('looks', () => server.seen.length > looks + 15);
    };
    await stage.run({ CURFEW_AGENT_API: server.url, CURFEW_AGENT_INTERVAL: '60' });
    await stage.next('a heartbeat');
    await look();
    expect(stage.events).toHaveLength(1);
    api.kernels = [{ execution_state: 'busy', last_activity: ago(0) }];
    await stage.next('busy', (h) => of(h, 'kernel')?.busy === true);
    // A cell that ends, and the next that begins a moment later: whoever works says so once.
    for (const state of ['idle', 'busy']) {
      api.kernels = [{ execution_state: state, last_activity: ago(0) }];
      await look();
    }
    expect(stage.events).toHaveLength(2);
  });

  it('tells at its next heartbeat when that use ended', async ({ stage, app }) => {
    const api = { kernels: [{ execution_state: 'busy', last_activity: ago(0) }], terminals: [] };
    const server = await app(jupyter(api));
    await stage.run({ CURFEW_AGENT_API: server.url });
    await stage.next('busy', (h) => of(h, 'kernel')?.busy === true);
    api.kernels = [{ execution_state: 'idle', last_activity: ago(0) }];
    const ended = of(await stage.next('idle', (h) => of(h, 'kernel')?.busy === false), 'kernel');
    expect(Date.now() - Date.parse(ended!.lastUseAt!)).toBeLessThan(10_000);
  });
});
