import { rename, writeFile } from 'node:fs/promises';
import { dynamodbRuns } from '../../src/adapters/dynamodb/runs.ts';
import { createTable } from '../../src/adapters/dynamodb/table.ts';
import { bundledPrices } from '../../src/adapters/prices/bundled.ts';
import { sagemakerFleet } from '../../src/adapters/sagemaker/fleet.ts';
import { scan } from '../../src/application/scan.ts';
import type { Decision } from '../../src/domain/decide.ts';
import type { Evidence } from '../../src/domain/evidence.ts';
import { policyOf } from '../domain/builders.ts';
import { contextOf, type Invocation, scheduled, startLambda } from '../handlers/lambda.ts';
import { clientsOf } from '../local/world.ts';
import { startStage, until } from './agent.ts';

const POLICY = `
mode: enforce
admins: [admin@example.org]
sender: Curfew <curfew@example.org>
limits: [{ name: all, max-uptime: 1d, max-idle: 2h, grace: 15m }]
evidence: { stale-after: 30m }
report: { daily: never }
`;

/** Runs the agent, as it is, on a machine whose clock is ahead: no test waits for two idle hours. */
const clockwork = (file: string) => `#!/usr/bin/python3 -ISB
import sys, time
real = time.time
time.time = lambda: real() + float(open('${file}').read())
sys.argv = sys.argv[2:]
exec(compile(open(sys.argv[0]).read(), sys.argv[0], 'exec'))
`;

/** What Curfew decides on the app at a scan, and what the scan did. */
export interface Said extends Pick<Decision, 'action' | 'rule' | 'reason' | 'due'> {
  warned: number;
  stopped: number;
}

/** An app, the agent in it, and Curfew's deployed bundles, with EventBridge and a table between; one clock for all of them. */
export async function startLab() {
  let ahead = 0;
  let skew = 0;
  const now = () => Date.now() + ahead;
  const stage = await startStage(now);
  const { aws, path } = stage;
  const { dynamodb, sagemaker, tagging } = clientsOf(aws);
  const runs = dynamodbRuns(dynamodb, 'curfew');
  await createTable(dynamodb, 'curfew');
  await writeFile(path('curfew.yml'), POLICY);
  await stage.program('python', clockwork(path('ahead')));
  const env = { ...aws.env, CURFEW_POLICY: path('curfew.yml'), CURFEW_TABLE: 'curfew' };
  const [scanner, activity] = await Promise.all(['scan', 'activity-event'].map((name) => startLambda(name, env)));

  // EventBridge's rule, as serverless.yml has it. EventBridge does not wait for its targets.
  const heard: Invocation[] = [];
  let hearing = Promise.resolve();
  const hearNoMore = aws.eventbridge.onEvent((event) => {
    if (event.source !== 'curfew.agent' || event['detail-type'] !== 'Curfew Activity') return;
    hearing = hearing.then(async () => void heard.push(await activity!.invoke(event, contextOf('activity-event'))));
  });

  const setAgentClock = async () => {
    await writeFile(path('ahead.new'), String((ahead + skew) / 1000));
    await rename(path('ahead.new'), path('ahead'));
  };

  await setAgentClock();

  const { studio } = aws;
  const space = { domainId: 'd-abcdefghijkl', spaceName: 'ada-lab' };
  const app = { ...space, appType: 'JupyterLab' as const, appName: 'default' };
  studio.createDomain({ domainId: space.domainId, name: 'lab' });
  studio.createUserProfile({ domainId: space.domainId, name: 'ada' });
  studio.createSpace({ domainId: space.domainId, name: space.spaceName, owner: 'ada', sharing: 'Private' });

  const place = { account: '111122223333', region: 'us-east-1' };
  const evidence = async () => (await runs.get({ ...app, ...place }))?.evidence.agent;
  const dryRun = { fleet: sagemakerFleet(sagemaker, tagging), runs, prices: bundledPrices() };
  const lab = {
    stage,
    now,
    heard,
    evidence,
    /** The app starts so many milliseconds ago, and a scan finds it. */
    async open(age: number) {
      const at = now() - age;
      studio.createApp({ ...app, instanceType: 'ml.g5.xlarge', at });
      await lab.scan();
      return at;
    },
    async startAgent(api: string, more: Record<string, string | undefined> = {}) {
      await stage.run({
        CURFEW_AGENT_API: api,
        CURFEW_AGENT_INTERVAL: '0.4',
        CURFEW_AGENT_PYTHON: path('bin/python'),
        ...more,
      });
    },
    /** What the agent proves at a look that began after now. */
    async look(fits: (evidence: Evidence) => boolean = () => true) {
      const since = now();
      return await until('evidence of a new look', async () => {
        const found = await evidence();
        return found && found.observedAt >= since && fits(found) && found;
      });
    },
    freezeAgent: async () => process.kill((await stage.pid())!, 'SIGSTOP'),
    thawAgent: async () => process.kill((await stage.pid())!, 'SIGCONT'),
    /** The clock goes on by so many milliseconds, for everyone. */
    async pass(duration: number) {
      ahead += duration;
      await setAgentClock();
    },
    /** The app's clock is ahead of AWS's by so many milliseconds. */
    async setAhead(duration: number) {
      skew = duration;
      await setAgentClock();
    },
    /** What a dry run says of the app, which tells of apps that are kept too, and what the bundle does at the same moment. */
    scan(): Promise<Said> {
      const said = hearing.then(async () => {
        const at = now();
        const { intents } = await scan(dryRun, policyOf(POLICY), { place, now: at, apply: false });
        const { value, error } = await scanner!.invoke(scheduled(new Date(at).toISOString()), contextOf('scan'));
        if (error) throw new Error(error.message);
        const { warned, stopped } = value as Pick<Said, 'warned' | 'stopped'>;
        return { ...intents[0]!.decision, warned, stopped };
      });
      // Heartbeats that come meanwhile wait: a stop for idleness gives way to one, until the next scan.
      hearing = said.then(
        () => {},
        () => {},
      );
      return said;
    },
    status: () => studio.statusOf(studio.app(app)!),
    async close() {
      await stage.end();
      hearNoMore();
      await hearing;
      await Promise.all([scanner!.stop(), activity!.stop()]);
      await stage.close();
    },
  };
  return lab;
}

/** A lab. */
export type Lab = Awaited<ReturnType<typeof startLab>>;
