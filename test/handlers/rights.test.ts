import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FUNCTIONS, rightsOf } from '../../src/adapters/iam/rights.ts';
import { HOUR, MINUTE } from '../../src/domain/time.ts';
import { policyOf } from '../domain/builders.ts';
import { POLICY } from './lab.ts';
import { contextOf, scheduled } from './lambda.ts';
import { read, startLinkLab, submit } from './link-lab.ts';

const SERVICES: Record<string, string> = { sesv2: 'ses', 'resource-groups-tagging-api': 'tag' };

let lab: Awaited<ReturnType<typeof startLinkLab>>;
beforeAll(async () => {
  lab = await startLinkLab();
});
afterAll(() => lab.close());

const scope = {
  account: '111122223333',
  region: 'us-east-1',
  partition: 'aws',
  table: 'curfew',
  identity: 'example.org',
  policy: policyOf(POLICY),
};
const allowed = (handler: string) => new Set(rightsOf(handler, scope).flatMap(({ actions }) => actions));

/** The IAM actions of what is called meanwhile. */
async function actionsOf(work: () => Promise<unknown>): Promise<string[]> {
  lab.aws.calls.reset();
  await work();
  return Object.keys(lab.aws.calls.counts()).map((call) => {
    const [service = '', action] = call.split(' ');
    return `${SERVICES[service] ?? service}:${action}`;
  });
}

it('every function has rights, and there are no others', () => {
  const built = readdirSync('dist/handlers').filter((file) => file.endsWith('.mjs'));
  expect(FUNCTIONS.toSorted()).toEqual(built.map((file) => file.replace('.mjs', '')).sort());
});

it('no function calls anything beyond the rights that the check-up asks about', async () => {
  const invoke = async (name: string, ...events: unknown[]) => {
    const lambda = await lab.lambda(name, { CURFEW_BASE_URL: lab.api.url });
    for (const { error } of await lambda.invokeAll(events, contextOf(`curfew-${name}`))) expect(error).toBeUndefined();
  };
  const sample = (name: string) => JSON.parse(readFileSync(`test/samples/${name}.json`, 'utf8'));
  const at = () => scheduled(lab.clock.now, { account: lab.place.account });
  const called: Record<string, string[]> = {};
  const { url } = await lab.warning();
  called.scan = await actionsOf(async () => {
    lab.aws.studio.createApp({
      domainId: 'd-lab',
      userProfileName: 'alice',
      appType: 'JupyterLab',
      appName: 'old',
      at: lab.clock.now - 30 * HOUR,
    });
    await invoke('scan', at());
    lab.clock.now += 31 * MINUTE;
    await invoke('scan', at());
    // Its run is put away, once its name has been free for long.
    lab.clock.now += 72 * HOUR;
    await invoke('scan', at());
  });
  expect(called.scan).toEqual(expect.arrayContaining(['sagemaker:DeleteApp', 'dynamodb:DeleteItem']));
  called['studio-event'] = await actionsOf(() =>
    invoke(
      'studio-event',
      ...['createapp-event', 'deleteapp-event', 'createuserprofile-event', 'createapp-event'].map(sample),
    ),
  );
  called.deliver = await actionsOf(() => invoke('deliver', at()));
  expect(called.deliver).toContain('ses:SendEmail');
  await writeFile(lab.policy, POLICY.replace('daily: never', 'daily: never, weekly: "THU 00:00"'));
  called['weekly-report'] = await actionsOf(() => invoke('weekly-report', at()));
  expect(called['weekly-report']).toContain('cloudwatch:GetMetricData');
  const again = await lab.warning();
  called.links = await actionsOf(async () => {
    await submit(url('keep'));
    await submit(again.url('keep'));
    await submit(again.url('unsubscribe'));
    expect((await read(await submit(again.url('stop')))).title).toBe('It is stopped');
  });
  called['mail-feedback'] = await actionsOf(() =>
    invoke('mail-feedback', sample('ses-bounce-event'), sample('ses-complaint-event')),
  );
  for (const [handler, actions] of Object.entries(called))
    expect(
      actions.filter((action) => !allowed(handler).has(action)),
      handler,
    ).toEqual([]);
});
