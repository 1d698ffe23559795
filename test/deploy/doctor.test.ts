import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { HANDLERS } from '../../build.mjs';
import { FUNCTIONS, RIGHTS, type RightsScope, rightsOf } from '../../src/adapters/iam/rights.ts';
import { functionsOf } from '../../stack/check/functions.ts';
import { actionsNeeded } from '../../stack/check/needs.ts';
import { PLACE, resolve, type Template } from '../../stack/check/resolve.ts';
import { isAllowed } from '../../stack/check/simulate.ts';
import { policy } from '../domain/builders.ts';
import { packaged } from './packaged.ts';

let template: Template;
beforeAll(async () => {
  template = (await packaged()).template;
});
const functionOf = (name: string) => functionsOf(template).find((one) => one.name === name)!;
const known = { domainId: 'd-abcdefghijkl', identity: 'example.org', configurationSet: 'MailSet' };
const backstop = {
  group: 'curfew-prod-backstop',
  role: `arn:${PLACE.partition}:iam::${PLACE.account}:role/BackstopRole`,
};
const scope = { ...PLACE, ...known, table: 'Table', source: 'ssm:/curfew/prod/policy', backstop };
const context = { 'iam:PassedToService': 'scheduler.amazonaws.com' };
const setsIdle = { ...policy, nativeIdle: { timeouts: {}, apply: true } };
const asks = (name: string, its: RightsScope) =>
  rightsOf(name, its).flatMap(({ actions, resource }) => actions.map((action) => ({ action, resource })));

describe('what doctor asks IAM about', () => {
  it('is of each function', () => expect([...FUNCTIONS].sort()).toEqual([...HANDLERS].sort()));

  it.each(HANDLERS)('of %s is what its code calls, no more and no less', async (name) => {
    const asked = new Set(Object.values(RIGHTS[name]!).flat());
    expect([...asked].sort()).toEqual([...(await actionsNeeded(name))].sort());
  });

  it.each(HANDLERS)('of %s the packaged role allows, on the resources that doctor names', async (name) => {
    const { policies } = functionOf(name);
    const all = asks(name, { ...scope, policy: setsIdle });
    expect(all.length).toBeGreaterThanOrEqual(Object.values(RIGHTS[name]!).flat().length);
    for (const one of all) expect([one, await isAllowed(policies, { ...one, context })]).toEqual([one, true]);
  });

  it('leaves out what a stack may go without: the rights to set idle settings, where the policy sets none', () => {
    const updates = asks('scan', { ...scope, policy }).filter(({ action }) =>
      /:Update(Domain|UserProfile)/.test(action),
    );
    expect(updates).toEqual([]);
    expect(asks('scan', { ...scope, policy: setsIdle }).map(({ action }) => action)).toContain(
      'sagemaker:UpdateDomain',
    );
  });
});

it('each function says of which version it is: that of this package, as doctor does', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  for (const name of HANDLERS) {
    const { Variables } = functionOf(name).resource.Properties.Environment;
    expect(resolve(Variables, template).CURFEW_VERSION).toBe(version);
  }
});
