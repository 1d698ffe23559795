import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dynamodbOutbox } from '../../src/adapters/dynamodb/outbox.ts';
import { dynamodbRuns } from '../../src/adapters/dynamodb/runs.ts';
import { createTable } from '../../src/adapters/dynamodb/table.ts';
import { startWorld } from '../local/world.ts';
import { type Lambda, startLambda } from './lambda.ts';

export const place = { account: '111122223333', region: 'us-east-1' };

export const POLICY = `
mode: enforce
admins: [admin-one@example.org, admin-two@example.org]
sender: Curfew <curfew@example.org>
owners: { address: "{profile}@people.example.net" }
limits:
  - name: everything
    max-uptime: 1d
    grace: 30m
exempt:
  - { app-type: JupyterServer }
report: { daily: never }
safety: { max-stops: 100% }
`;

/** An embedded AWS with a table and a policy, and the Lambdas that live on it. The clock stands in 2027: nobody's system does. */
export async function startLab() {
  const world = await startWorld({ record: true });
  const { aws, clock, dynamodb } = world;
  clock.now = Date.UTC(2027, 0, 4, 9);
  const folder = await mkdtemp(join(tmpdir(), 'curfew-lab-'));
  const policy = join(folder, 'curfew.yml');
  await writeFile(policy, POLICY);
  let tables = 0;
  const lambdas: Lambda[] = [];
  const lab = {
    ...world,
    policy,
    env: { ...aws.env, CURFEW_POLICY: policy, CURFEW_TABLE: '' },
    runs: dynamodbRuns(dynamodb, ''),
    outbox: dynamodbOutbox(dynamodb, ''),
    /** A Lambda on the table of the moment. */
    async lambda(name: string, env: Record<string, string> = {}): Promise<Lambda> {
      const lambda = await startLambda(name, { ...lab.env, ...env });
      lambdas.push(lambda);
      return lambda;
    },
    /** A table with nothing in it, for all that comes. */
    async freshTable(): Promise<string> {
      tables += 1;
      const table = `lab-${tables}`;
      await createTable(dynamodb, table);
      lab.env.CURFEW_TABLE = table;
      lab.runs = dynamodbRuns(dynamodb, table);
      lab.outbox = dynamodbOutbox(dynamodb, table);
      aws.calls.reset();
      return table;
    },
    /** Calls since the last reset that may change something, by name. */
    changes(): Record<string, number> {
      const harmless = /(^dynamodb (Query|GetItem|Scan|Describe\w+)| (List|Describe|Get)\w+)$/;
      return Object.fromEntries(Object.entries(aws.calls.counts()).filter(([name]) => !harmless.test(name)));
    },
    async close() {
      await Promise.all(lambdas.map((lambda) => lambda.stop()));
      await aws.close();
      await rm(folder, { recursive: true });
    },
  };
  await lab.freshTable();
  return lab;
}
