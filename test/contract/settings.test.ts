import { afterAll, describe, expect, it } from 'vitest';
import { SETTINGS_ACTIONS, sagemakerSettings } from '../../src/adapters/sagemaker/settings.ts';
import { PortError } from '../../src/application/ports.ts';
import type { AppSettingsByType } from '../../src/domain/studio-settings.ts';
import { startWorld } from '../local/world.ts';
import { memorySettings } from '../memory/ports.ts';
import { settingsContract } from './settings-contract.ts';

const worlds: Awaited<ReturnType<typeof startWorld>>[] = [];
afterAll(() => Promise.all(worlds.map(({ aws }) => aws.close())));
const newWorld = async () => {
  const world = await startWorld({ record: true });
  worlds.push(world);
  return world;
};

/** App settings as AWS names them. */
const membersOf = (apps: AppSettingsByType) =>
  Object.fromEntries(Object.entries(apps).map(([appType, its]) => [`${appType}AppSettings`, its]));

const ACTIONS = {
  domains: ['ListDomains', 'ListDomains'],
  profiles: ['ListUserProfiles', 'ListUserProfiles'],
  read: ['DescribeDomain', 'DescribeUserProfile'],
  update: ['UpdateDomain', 'UpdateUserProfile'],
} as const;

for (const updates of ['replace', 'merge'] as const) {
  settingsContract(`SageMaker, where an update means ${updates}`, async () => {
    const { aws, sagemaker } = await newWorld();
    aws.studio.updates = updates;
    return {
      settings: sagemakerSettings(sagemaker),
      addDomain: (domainId, name, apps = {}) =>
        void aws.studio.createDomain({ domainId, name, settings: membersOf(apps) }),
      addProfile: (domainId, name, apps = {}) =>
        void aws.studio.createUserProfile({ domainId, name, settings: membersOf(apps) }),
      deny(call, holder) {
        const action = ACTIONS[call][holder?.userProfileName === undefined ? 0 : 1];
        const times = Number.POSITIVE_INFINITY;
        aws.faults.add({ service: 'sagemaker', action, status: 400, code: 'AccessDeniedException', times });
      },
    };
  });
}

settingsContract('in memory', async () => {
  const settings = memorySettings();
  return {
    settings,
    addDomain(domainId, name, its = {}) {
      settings.domainNames.set(domainId, name);
      settings.settings.set(domainId, its);
    },
    addProfile: (domainId, name, its = {}) => void settings.settings.set(`${domainId}/${name}`, its),
    deny(call, holder) {
      const action = ACTIONS[call][holder?.userProfileName === undefined ? 0 : 1];
      const error = new PortError('denied', 'AccessDeniedException', `sagemaker:${action} is not allowed`);
      settings.failures.set(call, error);
    },
  };
});

describe('over the SDK', () => {
  it('pages are full, and a call is made for no more than is asked; the rights are those of its calls', async () => {
    const { aws, sagemaker } = await newWorld();
    const settings = sagemakerSettings(sagemaker);
    for (let i = 0; i < 101; i++) aws.studio.createDomain({ domainId: `d-${i}x`, name: `n${i}` });
    for (let i = 0; i < 200; i++) aws.studio.createUserProfile({ domainId: `d-0x`, name: `p${i}` });
    await settings.domains();
    await settings.profiles();
    for (const holder of [{ domainId: 'd-0x' }, { domainId: 'd-0x', userProfileName: 'p0' }]) {
      await settings.read(holder);
      await settings.update(holder, {});
    }
    expect(aws.calls.counts()).toEqual({
      // Once to read, and once to see that AWS is done with the update.
      'sagemaker DescribeDomain': 2,
      'sagemaker DescribeUserProfile': 2,
      'sagemaker ListDomains': 2,
      'sagemaker ListUserProfiles': 2,
      'sagemaker UpdateDomain': 1,
      'sagemaker UpdateUserProfile': 1,
    });
    const called = Object.keys(aws.calls.counts()).map((name) => name.replace(' ', ':'));
    expect(called.sort()).toEqual([...SETTINGS_ACTIONS].sort());
    for (const { action, input } of aws.calls.list())
      if (action.startsWith('List')) expect(input).toMatchObject({ MaxResults: 100 });
  });
});
