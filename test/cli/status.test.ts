import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamodbPrices } from '../../src/adapters/dynamodb/prices.ts';
import { dynamodbRuns } from '../../src/adapters/dynamodb/runs.ts';
import { createTable } from '../../src/adapters/dynamodb/table.ts';
import { parseRate } from '../../src/domain/money.ts';
import { newRun } from '../../src/domain/run.ts';
import { HOUR, MINUTE } from '../../src/domain/time.ts';
import { readTable, TRACE } from './curfew.ts';
import { POLICY, startLab } from './lab.ts';

interface Shown {
  appType: string;
  appName: string;
  spaceName?: string;
  userProfileName?: string;
  owner: string | null;
  limit: string | null;
  next: { action: string; at: string; limit: string | null } | null;
  held: string | null;
  evidence: object[];
  backstop: object | null;
  cost: { usd?: number; usdPerHour?: number; price?: string; unknown?: boolean; note?: string };
}

let lab: Awaited<ReturnType<typeof startLab>>;
beforeAll(async () => {
  lab = await startLab();
});
afterAll(() => lab.close());
const run = (...args: string[]) => lab.curfew([...args, ...lab.now()]);
const shown = async (...args: string[]): Promise<Shown[]> =>
  JSON.parse((await run('status', '--json', ...args)).stdout).apps;

describe('status', () => {
  it('shows what runs, the longest first, without what is free or exempt; --all shows that too', async () => {
    const few = await run('status');
    const all = await run('status', '--all');
    expect([few.code, all.code]).toEqual([0, 0]);
    expect(readTable(few.stdout)).toHaveLength(8);
    expect(readTable(all.stdout)).toHaveLength(10);
    expect(Object.keys(readTable(few.stdout)[0]!)).toEqual([
      'OWNER',
      'APP',
      'INSTANCE',
      'UP SINCE',
      'LAST USE',
      'LIMIT',
      'NEXT',
      'COST',
    ]);
    expect(few.stderr).toMatch(/2 free or exempt not shown \(--all\): \$4\.60 so far, \$0\.12 an hour\.$/m);
    expect(few.stderr).not.toMatch(TRACE);
    expect(readTable(few.stdout)[0]).toMatchObject({
      OWNER: 'carol',
      APP: 'JupyterLab default in long-run',
      LIMIT: 'training',
    });
    expect(readTable(few.stdout).find(({ APP }) => APP!.includes('orphan'))!.OWNER).toBe('(nobody)');
    expect(readTable(few.stdout).find(({ APP }) => APP!.includes('commons'))!.OWNER).toBe('bob (shared)');
    for (const { APP, 'LAST USE': use } of readTable(few.stdout))
      expect(use).toBe(APP!.startsWith('Canvas') ? 'unknown (no metric)' : 'unknown (no agent)');
  });

  it('tells costs at list price: one charge for KernelGateway apps that share, and never $0 for an unknown price', async () => {
    const { stdout, stderr } = await run('status', '--all');
    const costs = Object.fromEntries(readTable(stdout).map(({ OWNER, APP, COST }) => [`${OWNER} ${APP}`, COST]));
    expect(costs).toEqual({
      'carol JupyterLab default in long-run': expect.stringMatching(/^\$101\.\d\d$/),
      '(nobody) JupyterLab default in orphan': expect.stringMatching(/^\$212\.\d\d$/),
      'alice JupyterLab default in alice-lab': '$1.30',
      'alice JupyterLab default': expect.stringMatching(/^\$4\.6\d$/),
      'bob KernelGateway k1': expect.stringMatching(/^\$1\.1\d$/),
      'bob KernelGateway k2': 'shared',
      'bob JupyterLab late': expect.stringMatching(/^\$5\.\d\d$/),
      'bob (shared) CodeEditor default in commons': 'no price',
      'carol Canvas default': 'no price',
      'alice JupyterServer default': 'free',
    });
    expect(stderr).toMatch(/2 without a price/);
    expect(stdout).not.toContain('$0.00');
    const json = await shown('--all');
    for (const { cost, appType, spaceName } of json) {
      const isUnknown = appType === 'Canvas' || spaceName === 'commons';
      expect(cost.usd === undefined).toBe(isUnknown || ['JupyterServer'].includes(appType) || cost.note === 'shared');
      expect(cost.unknown ?? false).toBe(isUnknown);
    }
  });

  it('where no price is known, no sum is told as $0', async () => {
    const { stderr, stdout, code } = await run('status', '--owner', 'bob', '--from', await unpriced());
    expect(code).toBe(0);
    expect(readTable(stdout).map(({ COST }) => COST)).toEqual(['no price']);
    expect(`${stdout}${stderr}`).not.toMatch(/\$0\.00/);
    expect(stderr).toMatch(/1 without a price/);
  });

  it('what has no price has one once the policy names it, marked as the policy’s', async () => {
    const prices = 'prices: { ml.q9.qubit: 5.10 USD/h, Canvas: 1.90 USD/h }';
    await lab.file('priced.yml', `${POLICY}\n${prices}\n`);
    const { stdout, stderr } = await run(
      'status',
      '--owner',
      'bob',
      '--from',
      await unpriced(),
      '--policy',
      'priced.yml',
    );
    expect(readTable(stdout).map(({ COST }) => COST)).toEqual([
      expect.stringMatching(/^\$\d+\.\d\d \(policy's price\)$/),
    ]);
    expect(stderr).toMatch(/; prices that the policy names\)/);
    const [canvas] = (await shown('--policy', 'priced.yml')).filter(({ appType }) => appType === 'Canvas');
    expect(canvas!.cost).toMatchObject({ usdPerHour: 1.9, price: 'policy' });
    const [listed] = (await shown('--policy', 'priced.yml')).filter(({ spaceName }) => spaceName === 'alice-lab');
    expect(listed!.cost).toMatchObject({ price: 'list' });
  });

  it('goes by AWS’s price list once that has been read, and says of which day it is', async () => {
    await createTable(lab.dynamodb, 'curfew');
    const before = await run('status', '--table', 'curfew');
    expect(before.stderr).toMatch(/\(AWS price list of 2026-09-24, as it comes with Curfew\)/);
    const kept = dynamodbPrices(lab.dynamodb, 'curfew');
    const byInstance = new Map([['ml.t3.medium', parseRate('1')]]);
    const place = { account: '111122223333', region: 'us-east-1' };
    await kept.keep(place, { source: 'AWS price list of 2026-11-22', asOf: '2026-11-22', byInstance });
    const { stdout, stderr } = await run('status', '--table', 'curfew');
    expect(stderr).toMatch(/\(AWS price list of 2026-11-22\)/);
    expect(readTable(stdout).find(({ APP }) => APP!.includes('alice-lab'))!.COST).toBe('$26.03');
  });

  it('in a region without a price list, every cost is unknown, and no sum is $0', async () => {
    const far = await startLab({ region: 'eu-south-2' });
    const { stdout, stderr } = await far.curfew(['status', ...far.now()]);
    await far.close();
    expect(readTable(stdout).length).toBe(8);
    expect(new Set(readTable(stdout).map(({ COST }) => COST))).toEqual(new Set(['no price']));
    expect(stderr).not.toMatch(/\$0\.00/);
  });

  it('an owner’s share of the cost is the same seen alone', async () => {
    const costs = (rows: Shown[]) => rows.map(({ appName, cost }) => [appName, cost]);
    const bobs = (await shown()).filter(({ owner }) => owner === 'bob');
    expect(costs(await shown('--owner', 'bob'))).toEqual(costs(bobs));
    expect(await shown('--owner', 'nobody')).toEqual([]);
    expect((await run('status', '--owner', 'nobody')).stderr).toContain('Nobody on record is called "nobody": name');
    const known = await run('status', '--owner', 'd-lab/bob');
    expect(known.stderr).not.toContain('Nobody on record');
    expect(readTable(known.stdout).length).toBeGreaterThan(0);
  });

  it('KernelGateway apps of a profile and of a space of the same name are no one instance', async () => {
    const app = {
      DomainId: 'd-1',
      AppType: 'KernelGateway',
      Status: 'InService',
      CreationTime: '2026-11-23T00:00:00Z',
      ResourceSpec: { InstanceType: 'ml.m5.large' },
    };
    const Apps = [
      { ...app, AppName: 'a', UserProfileName: 'x' },
      { ...app, AppName: 'b', SpaceName: 'x' },
    ];
    await lab.file('twins/a.json', [{ Apps }, { Spaces: [] }, { ResourceTagMappingList: [] }]);
    const rows = readTable((await run('status', '--from', 'twins')).stdout);
    expect(rows.map(({ COST }) => COST)).not.toContain('shared');
  });

  it('tells the next thing that will happen: a warning first, then the stop that was announced', async () => {
    const dry = await shown();
    const late = (rows: Shown[]) => rows.find(({ appName }) => appName === 'late')!;
    const young = dry.find(({ spaceName }) => spaceName === 'alice-lab')!;
    expect(young.next).toEqual({
      action: 'warn',
      at: new Date(lab.clock.now - 2 * MINUTE - 26 * HOUR + 120 * HOUR).toISOString(),
      limit: 'cheap',
    });
    // Over its limit and not warned: what comes first is its warning, whatever comes after.
    expect(late(dry).next).toMatchObject({ action: 'warn' });
  });

  it('names the limit of the warning to come, where another governs by then', async () => {
    const opens = new Date(lab.clock.now + 2 * HOUR).toISOString().slice(11, 13);
    const window = `{ name: by day, match: { during: { hours: "${opens}:00-23:59" } }, max-uptime: 1h }`;
    await lab.file('window.yml', POLICY.replace('limits:\n', `limits:\n  - ${window}\n`));
    const { stdout } = await run('status', '--policy', 'window.yml');
    const young = readTable(stdout).find(({ APP }) => APP!.includes('alice-lab'))!;
    expect(young).toMatchObject({ LIMIT: 'cheap', NEXT: `warn ${opens}:00 (by day)` });
    const explained = await run('explain', 'd-lab/alice-lab/JupyterLab/default', '--policy', 'window.yml');
    expect(explained.stdout).toContain(`; next: warn ${opens}:00 (by day)`);
    expect((await shown('--policy', 'window.yml')).find(({ spaceName }) => spaceName === 'alice-lab')!.next).toEqual({
      ...{ action: 'warn', limit: 'by day' },
      at: expect.stringContaining(`T${opens}:00:00.000Z`),
    });
  });

  it('in the modes that do not stop announces no stop', async () => {
    await lab.file('watch.yml', POLICY.replace('enforce', 'observe'));
    await lab.file('warn.yml', POLICY.replace('enforce', 'warn'));
    const [observe, warn] = await Promise.all([shown('--policy', 'watch.yml'), shown('--policy', 'warn.yml')]);
    expect(warn.filter(({ next }) => next?.action === 'stop')).toEqual([]);
    expect(observe.filter(({ next }) => next?.action === 'stop')).toEqual([]);
    const table = readTable((await run('status', '--policy', 'watch.yml')).stdout);
    const late = table.find(({ APP }) => APP === 'JupyterLab late')!;
    expect(late.NEXT).toBe('warn (held: the mode is observe)');
    expect(table.find(({ APP }) => APP === 'KernelGateway k1')!.NEXT).toBe('nothing');
    const { stdout } = await run('explain', 'late', '--policy', 'watch.yml');
    expect(stdout).toContain('Decision: warn (held: the mode is observe), by everything else: max-uptime');
  });

  it('names the guardrail or budget that stops an app before its limit, and what holds the stop', async () => {
    const rails = 'guardrails: [{ name: small ones, allow: { instance: [ml.t3.*] } }]\n';
    await lab.file('rails.yml', POLICY + rails);
    await lab.file('valve.yml', POLICY.replace('max-stops: 100%', 'max-stops: 1') + rails);
    const rowOf = async (file: string) =>
      readTable((await run('status', '--policy', file)).stdout).find(({ APP }) => APP === 'JupyterLab late')!;
    expect(await rowOf('rails.yml')).toMatchObject({ LIMIT: 'small ones (guardrail)', NEXT: 'stop now' });
    const held = /^stop \(held: safety valve: \d+ stops wanted, at most 1 in one scan\)$/;
    expect((await rowOf('valve.yml')).NEXT).toMatch(held);
    const [late] = (await shown('--policy', 'valve.yml')).filter(({ appName }) => appName === 'late');
    expect(late).toMatchObject({ held: expect.stringMatching(/^safety valve: /) });
    const { stdout } = await run('explain', 'late', '--policy', 'valve.yml');
    expect(stdout).toMatch(
      /Decision: stop \(held: safety valve: \d+ stops wanted, at most 1 in one scan\), by small ones: guardrail/,
    );
  });

  it('tells evidence, warnings and extensions that the table holds', async () => {
    await createTable(lab.dynamodb, 'curfew');
    const runs = dynamodbRuns(lab.dynamodb, 'curfew');
    const ref = {
      account: '111122223333',
      region: 'us-east-1',
      domainId: 'd-lab',
      spaceName: 'alice-lab',
      appType: 'JupyterLab',
      appName: 'default',
    };
    const evidence = {
      agent: {
        source: 'agent',
        kind: 'kernel',
        busy: false,
        lastUseAt: lab.clock.now - 90 * MINUTE,
        observedAt: lab.clock.now - MINUTE,
      },
    };
    const startedAt = lab.clock.now - 26 * HOUR - 2 * MINUTE;
    const given = { due: startedAt, at: lab.clock.now - HOUR, stopAt: lab.clock.now + HOUR, notices: [] };
    const warnings = { 'cheap: max-idle': { number: 1, given } };
    const armed = { name: 'alice-lab.default.1', rule: 'cheap: max-uptime', reason: '', since: lab.clock.now };
    const backstop = { ...armed, at: lab.clock.now + 3 * HOUR, isSet: true as const };
    const more = { evidence, warnings, backstop, extensions: [lab.clock.now - 2 * HOUR] };
    await runs.open({ ...newRun(ref, startedAt), ...more });
    const { stdout, code } = await run('status', '--table', 'curfew');
    expect(code).toBe(0);
    expect(readTable(stdout).find(({ APP }) => APP!.includes('alice-lab'))!['LAST USE']).toMatch(
      /^90 min|^1 h 30 min ago \(kernel\)/,
    );
    // What stops it should no scan do it, where any app has such.
    const clock = new Date(lab.clock.now + 3 * HOUR).toISOString().slice(11, 16);
    const backstops = readTable(stdout).map(({ APP, BACKSTOP }) => [APP!.includes('alice-lab'), BACKSTOP]);
    expect(backstops).toContainEqual([true, clock]);
    expect(backstops).toContainEqual([false, 'none']);
    const told = await run('explain', 'alice-lab/default', '--table', 'curfew');
    expect(told.stdout).toMatch(/evidence\s+agent looked 1 min ago\s+kernel: last used 1 h 30 min ago/);
    expect(told.stdout).toMatch(/warning\s+cheap: max-idle: given/);
    expect(told.stdout).toMatch(/extension asked/);
    const json = (await shown('--table', 'curfew')).find(({ spaceName }) => spaceName === 'alice-lab')!;
    expect(json.backstop).toEqual({ at: new Date(backstop.at).toISOString(), rule: backstop.rule, isSet: true });
    expect(json.evidence).toEqual([expect.objectContaining({ source: 'agent', busy: false })]);
  });

  async function unpriced(): Promise<string> {
    const app = {
      DomainId: 'd-lab',
      UserProfileName: 'bob',
      AppType: 'JupyterLab',
      AppName: 'q',
      Status: 'InService',
      CreationTime: '2026-11-23T00:00:00Z',
      ResourceSpec: { InstanceType: 'ml.q9.qubit' },
    };
    await lab.file('unpriced/a.json', [{ Apps: [app] }, { Spaces: [] }, { ResourceTagMappingList: [] }]);
    return 'unpriced';
  }
});

describe('a Canvas app', () => {
  const publish = (ago: number, idle: number) =>
    lab.aws.cloudwatch.put(
      {
        namespace: '/aws/sagemaker/Canvas/AppActivity',
        name: 'TimeSinceLastActive',
        dimensions: { DomainId: 'd-lab', UserProfileName: 'carol' },
      },
      lab.clock.now - ago,
      idle / 1000,
    );
  const canvasOf = (rows: Shown[]) => rows.find(({ appType }) => appType === 'Canvas')!;

  it('shows what its metric tells, with its age, with no table and no agent', async () => {
    publish(4 * MINUTE, 3 * HOUR);
    publish(3 * MINUTE, 3 * HOUR + MINUTE);
    const { stdout, code } = await run('explain', 'carol/Canvas/default');
    expect(code).toBe(0);
    expect(stdout).toMatch(/evidence\s+canvas-metric looked 3 min ago\s+canvas: last used 3 h 3 min ago/);
    expect(stdout).toMatch(
      /✗ max-idle: idle 3 h 3 min, limit 2 h; last use 3 h 3 min ago \(canvas, by canvas-metric\)/,
    );
    expect(stdout).toMatch(/Decision: warn, by everything else: max-idle/);
    const rows = readTable((await run('status')).stdout);
    expect(rows.find(({ APP }) => APP === 'Canvas default')!['LAST USE']).toBe('3 h 3 min ago (canvas)');
    expect(canvasOf(await shown()).evidence).toEqual([
      {
        source: 'canvas-metric',
        kind: 'canvas',
        busy: false,
        lastUseAt: new Date(lab.clock.now - 3 * HOUR - 3 * MINUTE).toISOString(),
        observedAt: new Date(lab.clock.now - 3 * MINUTE).toISOString(),
      },
    ]);
  });

  it('without the right to read it is unknown: status, explain and scan say so and go on, and exit 1', async () => {
    lab.aws.faults.add({
      service: 'cloudwatch',
      action: 'GetMetricData',
      code: 'AccessDeniedException',
      status: 400,
      message: 'User is not authorized',
      times: Number.POSITIVE_INFINITY,
    });
    for (const args of [['status'], ['explain', 'late'], ['scan']]) {
      const { code, stdout, stderr } = await run(...args);
      expect(code).toBe(1);
      expect(stderr).toMatch(/the use of 1 Canvas app is unknown \(cloudwatch:GetMetricData is not allowed/);
      expect(stderr).not.toMatch(/nothing is stopped/);
      expect(stderr).not.toMatch(TRACE);
      expect(stdout).toMatch(/late/);
    }
    expect(canvasOf(await shown()).evidence).toEqual([]);
    lab.aws.faults.clear();
  });
});

describe('explain', () => {
  it('shows every rule that was tried, and what each said', async () => {
    const { code, stdout } = await run('explain', 'late');
    expect(code).toBe(0);
    expect(stdout).toMatch(/exempt: no exemption matches/);
    expect(stdout).toMatch(/limit "training": does not match/);
    expect(stdout).toMatch(/limit "cheap": does not match/);
    expect(stdout).toMatch(/limit "everything else": .*governs/);
    expect(stdout).toMatch(/max-uptime: up 25 h 2 min, limit 24 h/);
    expect(stdout).toMatch(/max-idle: .*unknown/);
    expect(stdout).toMatch(/Decision: warn, by everything else: max-uptime/);
  });

  it('names tags, owners and exemptions', async () => {
    expect((await run('explain', 'long-run/default')).stdout).toMatch(
      /owner\s+carol.*tags\s+curfew=training.*limit "training": the first that matches/s,
    );
    expect((await run('explain', 'd-class/alice/JupyterLab/default')).stdout).toMatch(
      /✓ exempt: .*curfew=exempt.*Decision: keep, by exempt/s,
    );
  });

  it('shows all that a name fits, and fewer the more is said', async () => {
    const count = async (name: string) => {
      const { code, stdout } = await run('explain', name);
      expect(code).toBe(0);
      return stdout.split('Decision:').length - 1;
    };
    expect(await count('default')).toBe(7);
    // Two that alice holds, and one in a space that she owns.
    expect(await count('alice/default')).toBe(3);
    expect(await count('ALICE-lab/jupyterlab/DEFAULT')).toBe(1);
    expect(await count('d-lab/bob/KernelGateway/k1')).toBe(1);
  });

  it('of what does not run: exit 1, nothing on stdout, and what there is instead', async () => {
    for (const name of ['gone', '', '*']) {
      const { code, stdout, stderr } = await run('explain', name);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/no running app is called .*HOLDER\/TYPE\/APP.*there are /);
      expect(stderr).not.toMatch(TRACE);
    }
  });
});
