import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dynamodbContacts } from '../../src/adapters/dynamodb/contacts.ts';
import { dynamodbOutbox } from '../../src/adapters/dynamodb/outbox.ts';
import { dynamodbRuns } from '../../src/adapters/dynamodb/runs.ts';
import { createTable } from '../../src/adapters/dynamodb/table.ts';
import { startWorld } from '../local/world.ts';
import { type Lambda, startLambda } from './lambda.ts';

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
  await createTable(dynamodb, 'curfew');
  let accounts = 111122223333;
  const lambdas: Lambda[] = [];
  const lab = {
    ...world,
    folder,
    policy,
    env: { ...aws.env, CURFEW_POLICY: policy, CURFEW_TABLE: 'curfew' },
    runs: dynamodbRuns(dynamodb, 'curfew'),
    outbox: dynamodbOutbox(dynamodb, 'curfew'),
    contacts: dynamodbContacts(dynamodb, 'curfew'),
    place: { account: String(accounts), region: 'us-east-1' },
    /** Another account in the same table: nothing is known of it, and nothing is owed. */
    nextAccount() {
      accounts += 1;
      lab.place = { ...lab.place, account: String(accounts) };
    },
    async lambda(name: string, env: Record<string, string> = {}): Promise<Lambda> {
      const lambda = await startLambda(name, { ...lab.env, ...env });
      lambdas.push(lambda);
      return lambda;
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
  aws.calls.reset();
  return lab;
}
