import { beforeEach, describe, expect, it } from 'vitest';
import { PortError, type StudioSettings } from '../../src/application/ports.ts';
import type { AppSettingsByType, SettingsRef } from '../../src/domain/studio-settings.ts';

/** Settings to hold to the contract, and the means to fill them. */
export interface SettingsHarness {
  settings: StudioSettings;
  addDomain(domainId: string, name: string, settings?: AppSettingsByType): void;
  addProfile(domainId: string, name: string, settings?: AppSettingsByType): void;
  /** Lets every such call on this holder fail from now on: a right is missing. */
  deny(call: 'domains' | 'profiles' | 'read' | 'update', holder?: SettingsRef): void;
}

const member = { DefaultResourceSpec: { InstanceType: 'ml.t3.medium' }, LifecycleConfigArns: [] };
const idle = {
  AppLifecycleManagement: { IdleSettings: { LifecycleManagement: 'ENABLED', IdleTimeoutInMinutes: 120 } },
};

/** What every port to Studio's settings must do. `make` gives one in a world with nothing in it. */
export function settingsContract(name: string, make: () => Promise<SettingsHarness>): void {
  describe(`StudioSettings, ${name}`, () => {
    let harness: SettingsHarness;
    let settings: StudioSettings;
    const domain: SettingsRef = { domainId: 'd-lab' };
    const alice = { domainId: 'd-lab', userProfileName: 'alice' };
    const appsOf = async (ref: SettingsRef) => (await settings.read(ref))?.user.apps;
    beforeEach(async () => {
      harness = await make();
      ({ settings } = harness);
    });

    it('sees an empty account as empty', async () => {
      expect(await settings.domains()).toEqual([]);
      expect(await settings.profiles()).toEqual([]);
    });

    it('lists every domain by id and name, and every profile of each, over all pages', async () => {
      for (const id of ['d-lab', 'd-class']) harness.addDomain(id, `the ${id}`);
      const names = Array.from({ length: 201 }, (_, i) => `p${i}`);
      for (const profile of names) harness.addProfile('d-lab', profile);
      harness.addProfile('d-class', 'p0');
      expect(await settings.domains()).toEqual([
        { domainId: 'd-lab', domainName: 'the d-lab' },
        { domainId: 'd-class', domainName: 'the d-class' },
      ]);
      const listed = (await settings.profiles()).map((one) => `${one.domainId}/${one.userProfileName}`);
      expect(listed.sort()).toEqual([...names.map((one) => `d-lab/${one}`), 'd-class/p0'].sort());
    });

    it('reads what a domain and a profile say each, nothing of the other, and nothing where nothing is said', async () => {
      harness.addDomain('d-lab', 'lab', { JupyterLab: idle });
      harness.addProfile('d-lab', 'alice', { CodeEditor: member });
      harness.addProfile('d-lab', 'bob');
      expect(await settings.read(domain)).toMatchObject({ ...domain, domainName: 'lab' });
      expect(await appsOf(domain)).toEqual({ JupyterLab: idle });
      expect(await appsOf(alice)).toEqual({ CodeEditor: member });
      expect(await appsOf({ ...alice, userProfileName: 'bob' })).toEqual({});
    });

    it('knows nothing of a holder that is gone, and cannot change it', async () => {
      harness.addDomain('d-lab', 'lab');
      for (const gone of [alice, { domainId: 'd-none' }]) {
        expect(await settings.read(gone)).toBeUndefined();
        const refusal = settings.update(gone, { user: { JupyterLab: idle } });
        await expect(refusal).rejects.toMatchObject({ name: 'PortError', code: 'ResourceNotFound' });
      }
    });

    it('sets the members that it is given, of that holder, and keeps all others', async () => {
      harness.addDomain('d-lab', 'lab', { JupyterLab: member, CodeEditor: member });
      harness.addProfile('d-lab', 'alice', { JupyterLab: member });
      await settings.update(alice, { user: { JupyterLab: { ...member, ...idle } } });
      expect(await appsOf(alice)).toEqual({ JupyterLab: { ...member, ...idle } });
      await settings.update(domain, { user: { CodeEditor: { ...member, ...idle } } });
      expect(await appsOf(domain)).toEqual({
        JupyterLab: member,
        CodeEditor: { ...member, ...idle },
      });
    });

    it.each(['domains', 'profiles', 'read', 'update'] as const)(
      '%s: a right that is missing is told by its name',
      async (call) => {
        harness.addDomain('d-lab', 'lab');
        harness.addProfile('d-lab', 'alice');
        for (const holder of [domain, alice]) {
          harness.deny(call, holder);
          const calls = {
            domains: () => settings.domains(),
            profiles: () => settings.profiles(),
            read: () => settings.read(holder),
            update: () => settings.update(holder, { user: { JupyterLab: idle } }),
          };
          const error = await calls[call]().then(
            () => undefined,
            (reason: unknown) => reason,
          );
          expect(error).toBeInstanceOf(PortError);
          expect(error).toMatchObject({
            kind: 'denied',
            message: expect.stringMatching(/sagemaker:\w+ is not allowed/),
          });
        }
        if (call === 'update') expect(await appsOf(alice)).toEqual({});
      },
    );
  });
}
