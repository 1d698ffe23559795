import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHttpApi } from '../../local/host/http-api.ts';
import { createTable } from '../../src/adapters/dynamodb/table.ts';
import { functionsOf } from '../../stack/check/functions.ts';
import { PLACE, resolve } from '../../stack/check/resolve.ts';
import { isAllowed } from '../../stack/check/simulate.ts';
import { unzip } from '../../stack/check/zips.ts';
import { contextOf, type Invocation, type Lambda, startBundle } from '../handlers/lambda.ts';
import { startWorld } from '../local/world.ts';
import { packaged } from './packaged.ts';
import { askedOf } from './requests.ts';

/**
 * The packaged stack, alive: each function from its zip, in a folder that holds nothing else, with its own environment from
 * the template. Every call that it makes is held against its own role; what it may not do is a fault.
 */
export async function startZipped(env: Record<string, string> = {}) {
  const { folder, template } = await packaged();
  const world = await startWorld({ record: true, account: PLACE.account });
  const { aws, clock, dynamodb } = world;
  clock.now = Date.UTC(2027, 0, 4, 9);
  await createTable(dynamodb, 'Table');
  aws.ses.configurationSets.add('MailSet');
  aws.scheduler.createGroup('curfew-prod-backstop');
  const lambdas = new Map<string, Lambda>();
  const used = new Map<string, Set<string>>();
  const denied: string[] = [];

  const lambdaOf = async (name: string): Promise<Lambda> => {
    const known = lambdas.get(name);
    if (known) return known;
    const { resource } = functionsOf(template).find((deployed) => deployed.name === name)!;
    const home = await mkdtemp(join(tmpdir(), `curfew-zip-${name}-`));
    unzip(join(folder, `${name}.zip`), home);
    const own = resolve(resource.Properties.Environment.Variables, template) as Record<string, string>;
    const bundle = join(home, `${/^(.*)\.handler$/.exec(resource.Properties.Handler)![1]}.mjs`);
    const lambda = await startBundle(name, { folder: home, bundle }, { ...own, ...aws.env, ...env });
    lambdas.set(name, lambda);
    return lambda;
  };

  const invoke = async (name: string, event: unknown): Promise<Invocation> => {
    const lambda = await lambdaOf(name);
    const before = aws.calls.list().length;
    const { functionName } = functionsOf(template).find((deployed) => deployed.name === name)!.resource.Properties;
    const answer = await lambda.invoke(event, contextOf(functionName ?? `curfew-prod-${name}`));
    const { policies } = functionsOf(template).find((deployed) => deployed.name === name)!;
    const actions = used.get(name) ?? new Set();
    used.set(name, actions);
    for (const { action, resources, context = {} } of aws.calls.list().slice(before).flatMap(askedOf)) {
      actions.add(action);
      for (const resource of resources)
        if (!(await isAllowed(policies, { action, resource, context })))
          denied.push(`${name}: ${action} on ${resource}`);
    }
    return answer;
  };

  const api = await startHttpApi({
    now: () => clock.now,
    account: PLACE.account,
    async invoke(event) {
      const { value, error } = await invoke('links', event);
      if (error) throw new Error(error.message);
      return value;
    },
  });

  return {
    ...world,
    api,
    invoke,
    /** What was called that the caller's role does not allow. */
    denied,
    /** The actions that each function has called. */
    used,
    async close() {
      await api.close();
      await Promise.all([...lambdas.values()].map((lambda) => lambda.stop()));
      await aws.close();
    },
  };
}
