import { createTable } from '../../src/adapters/dynamodb/table.ts';
import { DAY, HOUR, MINUTE } from '../../src/domain/time.ts';
import { startWorld } from '../local/world.ts';
import { startShell } from './curfew.ts';

export const POLICY = `mode: enforce
admins: [admin@example.org]
sender: Curfew <curfew@example.org>
owners: { address: "{profile}@example.org" }
limits:
  - name: training
    match: { tag: { curfew: training } }
    max-uptime: 7d
  - name: cheap
    match: { instance: "ml.t3.*" }
    max-uptime: 5d
    max-idle: 4h
  - name: everything else
    max-uptime: 1d
    max-idle: 2h
    grace: 30m
exempt:
  - { tag: { curfew: exempt } }
  - { app-type: JupyterServer }
report: { daily: never }
safety: { max-stops: 100% }
`;

/** An embedded AWS with a small lab of every kind of app, and a shell that points at it. No table at first. */
export async function startLab(options: Parameters<typeof startWorld>[0] = {}) {
  const world = await startWorld({ record: true, ...options });
  const { aws, clock } = world;
  const { studio } = aws;
  const ago = (duration: number) => clock.now - duration;
  studio.createDomain({ domainId: 'd-lab', name: 'lab', at: ago(90 * DAY) });
  studio.createDomain({ domainId: 'd-class', name: 'class', at: ago(90 * DAY) });
  for (const name of ['alice', 'bob', 'carol'])
    studio.createUserProfile({ domainId: 'd-lab', name, at: ago(90 * DAY) });
  studio.createUserProfile({ domainId: 'd-class', name: 'alice', at: ago(90 * DAY), tags: { curfew: 'exempt' } });
  const lab = { domainId: 'd-lab', at: ago(60 * DAY) };
  studio.createSpace({ ...lab, name: 'alice-lab', owner: 'alice', sharing: 'Private' });
  studio.createSpace({ ...lab, name: 'commons', owner: 'bob', sharing: 'Shared' });
  studio.createSpace({ ...lab, name: 'orphan', sharing: 'Shared' });
  studio.createSpace({ ...lab, name: 'long-run', owner: 'carol', sharing: 'Private', tags: { curfew: 'training' } });
  const app = { domainId: 'd-lab', appName: 'default' };
  studio.createApps([
    { ...app, spaceName: 'alice-lab', appType: 'JupyterLab', instanceType: 'ml.t3.medium', at: ago(26 * HOUR) },
    { ...app, spaceName: 'orphan', appType: 'JupyterLab', instanceType: 'ml.g5.12xlarge', at: ago(30 * HOUR) },
    { ...app, spaceName: 'commons', appType: 'CodeEditor', instanceType: 'ml.q9.qubit', at: ago(2 * HOUR) },
    { ...app, spaceName: 'long-run', appType: 'JupyterLab', instanceType: 'ml.g5.xlarge', at: ago(3 * DAY) },
    { ...app, userProfileName: 'alice', appType: 'JupyterServer', instanceType: 'system', at: ago(9 * DAY) },
    { ...app, userProfileName: 'carol', appType: 'Canvas', at: ago(5 * HOUR) },
    {
      ...app,
      userProfileName: 'bob',
      appType: 'KernelGateway',
      appName: 'k1',
      instanceType: 'ml.m5.large',
      at: ago(10 * HOUR),
    },
    {
      ...app,
      userProfileName: 'bob',
      appType: 'KernelGateway',
      appName: 'k2',
      instanceType: 'ml.m5.large',
      at: ago(4 * HOUR),
    },
    {
      ...app,
      domainId: 'd-class',
      userProfileName: 'alice',
      appType: 'JupyterLab',
      instanceType: 'ml.m5.large',
      at: ago(40 * HOUR),
    },
    {
      ...app,
      userProfileName: 'bob',
      appType: 'JupyterLab',
      appName: 'late',
      instanceType: 'ml.m5.xlarge',
      at: ago(25 * HOUR),
    },
    { ...app, userProfileName: 'bob', appType: 'JupyterLab', appName: 'broken', fails: true, at: ago(HOUR) },
    { ...app, userProfileName: 'bob', appType: 'JupyterLab', appName: 'gone', at: ago(6 * HOUR) },
  ]);
  studio.deleteApp({ domainId: 'd-lab', userProfileName: 'bob', appType: 'JupyterLab', appName: 'gone' });
  clock.now += 2 * MINUTE;
  const shell = await startShell({ ...aws.env });
  await shell.file('curfew.yml', POLICY);
  aws.calls.reset();
  return {
    ...world,
    ...shell,
    now: () => ['--now', new Date(clock.now).toISOString()],
    /** Calls since the last reset that may change something, by name. */
    changes(): Record<string, number> {
      const harmless = /(^dynamodb (Query|GetItem|Scan|Describe\w+)| (List|Describe|Get)\w+)$/;
      return Object.fromEntries(Object.entries(aws.calls.counts()).filter(([name]) => !harmless.test(name)));
    },
    async close() {
      await aws.close();
      await shell.close();
    },
  };
}

/** The same, with a table and a policy of budgets, after its first scan. */
export async function startMoneyLab(policy: string) {
  const lab = await startLab();
  await lab.file('curfew.yml', policy);
  await createTable(lab.dynamodb, 'curfew');
  await lab.curfew(['scan', '--apply', ...lab.now(), '--table', 'curfew']);
  return lab;
}

/** A decision as `scan --json` prints it. */
export interface Decided {
  domainId: string;
  userProfileName?: string;
  spaceName?: string;
  appType: string;
  appName: string;
  instanceType: string | null;
  owner: string | null;
  startedAt: string;
  action: string;
  rule: string;
  reason: string;
  held?: string;
}
