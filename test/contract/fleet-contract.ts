import { beforeEach, describe, expect, it } from 'vitest';
import type { Studio, App as StudioApp } from '../../local/aws/index.ts';
import { type Fleet, PortError } from '../../src/application/ports.ts';
import type { App, AppRef, Place } from '../../src/domain/app.ts';
import type { Needs, Part } from '../../src/domain/picture.ts';
import { HOUR, MINUTE } from '../../src/domain/time.ts';

/** A fleet to hold to the contract, and the world that it looks at: without domains at first. */
export interface FleetHarness {
  fleet: Fleet;
  studio: Studio;
  clock: { now: number };
  place: Place;
  /** Lets every call of this kind fail from now on, with an error of AWS's. */
  fail(call: Part | 'stop' | 'find' | 'ssoUserName', how: { code: string; status: number }): void;
}

const NOTHING: Needs = { tagKeys: [], domainNames: false };
const ALL: Needs = { tagKeys: ['curfew', 'team'], domainNames: true };

/** What every fleet must do. `make` gives one in a world with nothing in it. */
export function fleetContract(name: string, make: () => Promise<FleetHarness>): void {
  describe(`Fleet, ${name}`, () => {
    let harness: FleetHarness;
    let studio: Studio;
    let fleet: Fleet;
    beforeEach(async () => {
      harness = await make();
      ({ studio, fleet } = harness);
    });
    const settle = () => {
      studio.createDomain({ domainId: 'd-lab', name: 'Lab of Life' });
      studio.createUserProfile({ domainId: 'd-lab', name: 'alice', ssoUser: "o'neil@example.org" });
    };
    const make1 = (appName = 'default', more: Partial<Parameters<Studio['createApp']>[0]> = {}): StudioApp =>
      studio.createApp({ domainId: 'd-lab', userProfileName: 'alice', appType: 'JupyterLab', appName, ...more });
    const look = (needs: Needs = NOTHING) => fleet.look(harness.place, needs);
    const ref = (appName = 'default'): AppRef => ({
      ...harness.place,
      domainId: 'd-lab',
      userProfileName: 'alice',
      appType: 'JupyterLab',
      appName,
    });
    const failed = async (work: Promise<unknown>): Promise<PortError> => {
      const error = await work.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(PortError);
      return error as PortError;
    };

    describe('look', () => {
      it('sees an empty account as empty, and nothing missing', async () => {
        const picture = await look(ALL);
        expect(picture).toMatchObject({ ...harness.place, apps: [], missing: [], unusable: [] });
        expect([picture.spaces.size, picture.tags.size, picture.domains.size]).toEqual([0, 0, 0]);
      });

      it('tells when AWS answered, by its clock; not where it did not', async () => {
        harness.clock.now += 12 * HOUR;
        expect((await look()).at).toBe(harness.clock.now);
        harness.fail('apps', { code: 'AccessDeniedException', status: 400 });
        expect(await look()).not.toHaveProperty('at');
      });

      it('sees every app of every kind, holder and state, in the domain’s words', async () => {
        settle();
        studio.createSpace({ domainId: 'd-lab', name: 'alice-lab', owner: 'alice', sharing: 'Private' });
        const at = harness.clock.now - HOUR;
        make1('lab', { at, instanceType: 'ml.t3.medium' });
        make1('canvas', { at, appType: 'Canvas' });
        make1('broken', { at, fails: true });
        make1('gone', { at });
        make1('going', { at });
        studio.createApp({ domainId: 'd-lab', spaceName: 'alice-lab', appType: 'CodeEditor', appName: 'x', at });
        studio.deleteApp({ domainId: 'd-lab', userProfileName: 'alice', appType: 'JupyterLab', appName: 'gone' });
        harness.clock.now += 5 * MINUTE;
        studio.deleteApp({ domainId: 'd-lab', userProfileName: 'alice', appType: 'JupyterLab', appName: 'going' });
        make1('pending');
        const { apps } = await look();
        const row = (appName: string, status: string, more: Partial<App> = {}) => ({
          ...ref(appName),
          status,
          createdAt: at,
          ...more,
        });
        const { userProfileName: _, ...space } = row('x', 'InService', { appType: 'CodeEditor' });
        expect(apps.toSorted((a, b) => (a.appName < b.appName ? -1 : 1))).toEqual([
          row('broken', 'Failed'),
          row('canvas', 'InService', { appType: 'Canvas' }),
          row('going', 'Deleting'),
          row('gone', 'Deleted'),
          row('lab', 'InService', { instanceType: 'ml.t3.medium' }),
          row('pending', 'Pending', { createdAt: harness.clock.now }),
          { ...space, spaceName: 'alice-lab' },
        ]);
      });

      it('sees spaces with and without an owner, a sharing type, an app type and a volume, and since when', async () => {
        settle();
        const createdAt = studio.now();
        const jupyterLab = { appType: 'JupyterLab' as const, ebsGb: 20 };
        studio.createSpace({ domainId: 'd-lab', name: 'mine', owner: 'alice', sharing: 'Private', ...jupyterLab });
        studio.createSpace({ domainId: 'd-lab', name: 'ours', owner: 'alice', sharing: 'Shared' });
        studio.createSpace({ domainId: 'd-lab', name: 'nobodys', sharing: 'Shared' });
        studio.createSpace({ domainId: 'd-lab', name: 'old', owner: 'alice' });
        studio.removeSpaceOwner('d-lab', 'old');
        const { spaces } = await look();
        const dated = { domainId: 'd-lab', createdAt };
        expect(new Map([...spaces].sort())).toEqual(
          new Map([
            [
              'd-lab#mine',
              { ...dated, spaceName: 'mine', owner: 'alice', sharing: 'Private', appType: 'JupyterLab', gigabytes: 20 },
            ],
            ['d-lab#nobodys', { ...dated, spaceName: 'nobodys', sharing: 'Shared' }],
            ['d-lab#old', { ...dated, spaceName: 'old' }],
            ['d-lab#ours', { ...dated, spaceName: 'ours', owner: 'alice', sharing: 'Shared' }],
          ]),
        );
      });

      it('tells the tags that the policy speaks of, of every kind of resource, and no others', async () => {
        studio.createDomain({ domainId: 'd-lab', name: 'lab', tags: { team: 'life', secret: 'x' } });
        studio.createUserProfile({ domainId: 'd-lab', name: 'alice', tags: { team: '', curfew: 'training' } });
        studio.createSpace({ domainId: 'd-lab', name: 'alice-lab', tags: { curfew: 'exempt', secret: 'y' } });
        make1('default', { tags: { curfew: 'a=b:c+d@e /f' } });
        make1('untagged', { tags: { secret: 'z' } });
        const { tags } = await look({ tagKeys: ['curfew', 'team'], domainNames: false });
        expect(new Map([...tags].sort())).toEqual(
          new Map([
            ['app/d-lab/alice/jupyterlab/default', { curfew: 'a=b:c+d@e /f' }],
            ['domain/d-lab', { team: 'life' }],
            ['space/d-lab/alice-lab', { curfew: 'exempt' }],
            ['user-profile/d-lab/alice', { curfew: 'training', team: '' }],
          ]),
        );
        expect([...(await look({ tagKeys: ['team'], domainNames: false })).tags.keys()].sort()).toEqual([
          'domain/d-lab',
          'user-profile/d-lab/alice',
        ]);
      });

      it('tells the names of domains where they are needed', async () => {
        settle();
        expect((await look(NOTHING)).domains).toEqual(new Map());
        expect((await look(ALL)).domains).toEqual(new Map([['d-lab', 'Lab of Life']]));
      });

      it.each(['apps', 'spaces', 'tags', 'domains'] as const)(
        'goes on without the %s: that part is missing, and the rest is there',
        async (part) => {
          studio.createDomain({ domainId: 'd-lab', name: 'lab', tags: { team: 'life' } });
          studio.createUserProfile({ domainId: 'd-lab', name: 'alice' });
          studio.createSpace({ domainId: 'd-lab', name: 'alice-lab', owner: 'alice' });
          make1();
          harness.fail(part, { code: 'AccessDeniedException', status: 400 });
          const picture = await look(ALL);
          expect(picture.missing.map((one) => one.part)).toEqual([part]);
          expect({
            apps: picture.apps.length,
            spaces: picture.spaces.size,
            tags: picture.tags.size,
            domains: picture.domains.size,
          }).toEqual({ apps: 1, spaces: 1, tags: 1, domains: 1, [part]: 0 });
          const action = { apps: 'ListApps', spaces: 'ListSpaces', tags: 'GetResources', domains: 'ListDomains' }[part];
          expect(picture.missing[0]!.why).toContain(`${part === 'tags' ? 'tag' : 'sagemaker'}:${action}`);
          expect(picture.missing[0]!.why).not.toContain('\n');
        },
      );

      it('does not miss what the policy does not need', async () => {
        harness.fail('tags', { code: 'AccessDeniedException', status: 400 });
        harness.fail('domains', { code: 'AccessDeniedException', status: 400 });
        expect((await look(NOTHING)).missing).toEqual([]);
      });

      it('with everything failing throws nothing, and misses everything', async () => {
        for (const part of ['apps', 'spaces', 'tags', 'domains'] as const)
          harness.fail(part, { code: 'InternalFailure', status: 500 });
        expect((await look(ALL)).missing.map(({ part }) => part).sort()).toEqual(['apps', 'domains', 'spaces', 'tags']);
      });
    });

    describe('stop', () => {
      beforeEach(settle);

      it('stops an app of a profile, and touches nothing else', async () => {
        make1();
        make1('other');
        expect(await fleet.stop(ref())).toBe('stopping');
        const states = (await look()).apps.map(({ appName, status }) => `${appName} ${status}`);
        expect(states.sort()).toEqual(['default Deleting', 'other Pending']);
        expect(studio.profile('d-lab', 'alice')).toBeDefined();
      });

      it('stops an app of a space, and leaves the space', async () => {
        studio.createSpace({ domainId: 'd-lab', name: 'alice-lab', owner: 'alice' });
        studio.createApp({ domainId: 'd-lab', spaceName: 'alice-lab', appType: 'CodeEditor', appName: 'default' });
        const { userProfileName: _, ...rest } = ref();
        expect(await fleet.stop({ ...rest, spaceName: 'alice-lab', appType: 'CodeEditor' })).toBe('stopping');
        expect((await look()).spaces.size).toBe(1);
      });

      it('finds what was never there gone', async () => {
        expect(await fleet.stop(ref('never'))).toBe('gone');
      });

      it('finds what was deleted before gone, for the day that it stays listed and after', async () => {
        make1();
        await fleet.stop(ref());
        harness.clock.now += 2 * MINUTE;
        expect(await fleet.stop(ref())).toBe('gone');
        harness.clock.now += 25 * HOUR;
        expect(await fleet.stop(ref())).toBe('gone');
      });

      it('finds what failed by itself gone', async () => {
        make1('default', { fails: true });
        harness.clock.now += 10 * MINUTE;
        expect(await fleet.stop(ref())).toBe('gone');
      });

      it('of what is on its way out already, by its owner’s own hand, is no failure', async () => {
        make1();
        studio.deleteApp({ domainId: 'd-lab', userProfileName: 'alice', appType: 'JupyterLab', appName: 'default' });
        expect(['gone', 'stopping']).toContain(await fleet.stop(ref()));
      });

      it.each([
        ['AccessDeniedException', 400, 'denied'],
        ['ExpiredTokenException', 403, 'denied'],
        ['ThrottlingException', 400, 'throttled'],
        ['InternalFailure', 500, 'fault'],
        ['ValidationException', 400, 'fault'],
        ['ResourceInUse', 400, 'refused'],
      ] as const)('fails with %s as the port says, and names the IAM action', async (code, status, kind) => {
        make1();
        harness.fail('stop', { code, status });
        const error = await failed(fleet.stop(ref()));
        expect(error).toMatchObject({ kind, code });
        expect(error.message).toContain('sagemaker:DeleteApp');
        expect(error.cause).toBeDefined();
        expect((await look()).apps[0]!.status).toBe('Pending');
      });
    });

    describe('find', () => {
      beforeEach(settle);

      it('tells an app as it is at this moment', async () => {
        make1();
        expect(await fleet.find(ref())).toEqual({ ...ref(), status: 'Pending', createdAt: harness.clock.now });
        harness.clock.now += 10 * MINUTE;
        expect((await fleet.find(ref()))!.status).toBe('InService');
        await fleet.stop(ref());
        expect((await fleet.find(ref()))!.status).toBe('Deleting');
      });

      it('tells an app of a space', async () => {
        studio.createSpace({ domainId: 'd-lab', name: 'alice-lab', owner: 'alice' });
        studio.createApp({ domainId: 'd-lab', spaceName: 'alice-lab', appType: 'CodeEditor', appName: 'default' });
        const { userProfileName: _, ...rest } = ref();
        const app = { ...rest, spaceName: 'alice-lab', appType: 'CodeEditor' };
        expect(await fleet.find(app)).toEqual({ ...app, status: 'Pending', createdAt: harness.clock.now });
      });

      it('tells the start of the run that the name has now', async () => {
        make1();
        await fleet.stop(ref());
        harness.clock.now += HOUR;
        make1();
        expect((await fleet.find(ref()))!.createdAt).toBe(harness.clock.now);
      });

      it('finds nothing where nothing was, or is no longer listed', async () => {
        expect(await fleet.find(ref('never'))).toBeUndefined();
        make1();
        await fleet.stop(ref());
        harness.clock.now += 25 * HOUR;
        const found = await fleet.find(ref());
        expect(found === undefined || found.status === 'Deleted').toBe(true);
      });

      it.each([
        ['AccessDeniedException', 400, 'denied'],
        ['ThrottlingException', 400, 'throttled'],
        ['InternalFailure', 500, 'fault'],
      ] as const)('fails with %s as the port says, and names the IAM action', async (code, status, kind) => {
        make1();
        harness.fail('find', { code, status });
        const error = await failed(fleet.find(ref()));
        expect(error).toMatchObject({ kind, code });
        expect(error.message).toContain('sagemaker:DescribeApp');
      });
    });

    describe('ssoUserName', () => {
      beforeEach(settle);

      it('tells it, or that there is none', async () => {
        studio.createUserProfile({ domainId: 'd-lab', name: 'bob' });
        expect(await fleet.ssoUserName('d-lab', 'alice')).toBe("o'neil@example.org");
        expect(await fleet.ssoUserName('d-lab', 'bob')).toBeUndefined();
      });

      it('fails for a profile that is not there, and where a right is missing', async () => {
        expect(await failed(fleet.ssoUserName('d-lab', 'ghost'))).toMatchObject({ code: 'ResourceNotFound' });
        harness.fail('ssoUserName', { code: 'AccessDeniedException', status: 400 });
        const error = await failed(fleet.ssoUserName('d-lab', 'alice'));
        expect(error.kind).toBe('denied');
        expect(error.message).toContain('sagemaker:DescribeUserProfile');
      });
    });
  });
}
