import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Fault } from '../../local/aws/index.ts';
import { createStudio } from '../../local/aws/studio.ts';
import { type FleetCall, studioFleet } from '../../simulate/ports/fleet.ts';
import { sagemakerFleet } from '../../src/adapters/sagemaker/fleet.ts';
import { PortError } from '../../src/application/ports.ts';
import type { Place } from '../../src/domain/app.ts';
import { startWorld } from '../local/world.ts';
import { fleetContract } from './fleet-contract.ts';

/** The fleet as it is wired, with clients of this moment's environment: the wiring keeps those that it has made. */
async function freshFleet() {
  vi.resetModules();
  const { fleetOf } = await import('../../src/wiring.ts');
  return fleetOf({ region: 'us-east-1' });
}

const place: Place = { account: '111122223333', region: 'us-east-1' };
const worlds: Awaited<ReturnType<typeof startWorld>>[] = [];
afterAll(() => Promise.all(worlds.map(({ aws }) => aws.close())));
const newWorld = async () => {
  const world = await startWorld({ record: true });
  worlds.push(world);
  return world;
};

/** What the adapter makes of AWS's codes, for the port that has none of them to read. */
const KINDS: Record<string, PortError['kind']> = {
  AccessDeniedException: 'denied',
  ExpiredTokenException: 'denied',
  ThrottlingException: 'throttled',
  ResourceInUse: 'refused',
};

const ACTIONS = {
  apps: 'ListApps',
  spaces: 'ListSpaces',
  domains: 'ListDomains',
  stop: 'DeleteApp',
  find: 'DescribeApp',
  ssoUserName: 'DescribeUserProfile',
};

fleetContract('SageMaker', async () => {
  const { aws, clock, sagemaker, tagging } = await newWorld();
  return {
    fleet: sagemakerFleet(sagemaker, tagging),
    studio: aws.studio,
    clock,
    place,
    fail(call, { code, status }) {
      const target =
        call === 'tags'
          ? ({ service: 'resource-groups-tagging-api', action: 'GetResources' } as const)
          : ({ service: 'sagemaker', action: ACTIONS[call] } as const);
      aws.faults.add({ ...target, code, status, message: 'no', times: Number.POSITIVE_INFINITY });
    },
  };
});

fleetContract('in memory', async () => {
  const clock = { now: Date.UTC(2026, 10, 23, 9) };
  const studio = createStudio({ now: () => clock.now, ...place, partition: 'aws' });
  const failing = new Map<FleetCall, PortError>();
  const faultOf = (call: FleetCall) => failing.get(call);
  return {
    fleet: studioFleet(studio, { faultOf, now: () => clock.now }),
    studio,
    clock,
    place,
    fail(call, { code }) {
      const action = call === 'tags' ? 'tag:GetResources' : `sagemaker:${ACTIONS[call]}`;
      failing.set(call, new PortError(KINDS[code] ?? 'fault', code, `${action}: no`, { cause: code }));
    },
  };
});

describe('pages', () => {
  let world: Awaited<ReturnType<typeof startWorld>>;
  beforeAll(async () => {
    world = await newWorld();
    const { studio } = world.aws;
    studio.createDomain({ domainId: 'd-lab', name: 'lab' });
    for (let i = 0; i < 201; i++) {
      studio.createUserProfile({ domainId: 'd-lab', name: `p${i}`, tags: { curfew: 'x', team: 'y' }, at: 1 });
      studio.createSpace({ domainId: 'd-lab', name: `s${i}`, owner: `p${i}`, at: 1 });
      const app = { domainId: 'd-lab', appType: 'JupyterLab' as const, appName: 'default', at: world.clock.now };
      studio.createApps([
        { ...app, userProfileName: `p${i}` },
        { ...app, spaceName: `s${i}` },
      ]);
    }
    for (let i = 0; i < 100; i++) studio.createDomain({ domainId: `d-${i}x`, name: `n${i}` });
  });
  afterEach(() => {
    world.aws.faults.clear();
    world.aws.calls.reset();
  });
  const look = () =>
    sagemakerFleet(world.sagemaker, world.tagging).look(place, { tagKeys: ['curfew', 'team'], domainNames: true });

  it('are full, and as few as can be', async () => {
    const picture = await look();
    expect([picture.apps.length, picture.spaces.size, picture.tags.size, picture.domains.size]).toEqual([
      402, 201, 201, 101,
    ]);
    expect(world.aws.calls.counts()).toEqual({
      'resource-groups-tagging-api GetResources': 3,
      'sagemaker ListApps': 5,
      'sagemaker ListDomains': 2,
      'sagemaker ListSpaces': 3,
    });
    for (const { action, input } of world.aws.calls.list())
      expect(input).toMatchObject(action === 'GetResources' ? { ResourcesPerPage: 100 } : { MaxResults: 100 });
  });

  it.each([
    ['apps', 'ListApps'],
    ['spaces', 'ListSpaces'],
  ] as const)('one of the %s’ that fails ends that part loudly; the others are whole', async (part, action) => {
    let page = 0;
    const when = () => ++page === 2;
    world.aws.faults.add({
      service: 'sagemaker',
      action,
      when,
      status: 500,
      code: 'InternalFailure',
      message: 'try later',
    });
    const picture = await look();
    expect(picture.missing).toEqual([{ part, why: `sagemaker:${action}: try later` }]);
    expect(picture.apps.length).toBe(part === 'apps' ? 100 : 402);
    expect(picture.spaces.size).toBe(part === 'spaces' ? 100 : 201);
    expect(picture.tags.size).toBe(201);
    expect(picture.domains.size).toBe(101);
  });

  it('whose connection breaks are missing too', async () => {
    world.aws.faults.add({ service: 'sagemaker', action: 'ListApps', drop: true, status: 0, code: '' });
    const { missing, spaces } = await look();
    expect(missing.map(({ part }) => part)).toEqual(['apps']);
    expect(missing[0]!.why).toMatch(/^sagemaker:ListApps: \S/);
    expect(spaces.size).toBe(201);
  });
});

describe('the client that production uses', () => {
  const before = { ...process.env };
  afterAll(() => {
    process.env = before;
  });

  it('tries again what AWS throttles or breaks, in the middle of a listing too', async () => {
    const { aws } = await newWorld();
    process.env = { ...before, ...aws.env };
    aws.studio.createDomain({ domainId: 'd-lab', name: 'lab' });
    aws.studio.createUserProfile({ domainId: 'd-lab', name: 'alice' });
    aws.studio.createApps(
      Array.from({ length: 150 }, (_, i) => ({
        domainId: 'd-lab',
        userProfileName: 'alice',
        appType: 'KernelGateway' as const,
        appName: `k${i}`,
      })),
    );
    const secondPage = (input: { NextToken?: string }) => input.NextToken !== undefined;
    aws.faults.add({
      service: 'sagemaker',
      action: 'ListApps',
      code: 'ThrottlingException',
      status: 400,
      when: secondPage,
    });
    aws.faults.add({ service: 'sagemaker', action: 'ListSpaces', code: 'InternalFailure', status: 500 });
    const { apps, missing } = await (await freshFleet()).look(place, { tagKeys: [], domainNames: false });
    expect(missing).toEqual([]);
    expect(new Set(apps.map(({ appName }) => appName)).size).toBe(150);
    expect(aws.calls.counts()).toEqual({ 'sagemaker ListApps': 3, 'sagemaker ListSpaces': 2 });
  });
});

describe('a stop whose answer was lost on the way', () => {
  const lost = {
    service: 'sagemaker' as const,
    action: 'DeleteApp',
    code: '',
    status: 0,
    drop: true,
    effectHappens: true,
  };
  const stopAfter = async (...faults: Fault[]) => {
    const { aws } = await newWorld();
    const before = process.env;
    process.env = { ...before, ...aws.env };
    aws.studio.createDomain({ domainId: 'd-lab', name: 'lab' });
    aws.studio.createUserProfile({ domainId: 'd-lab', name: 'alice' });
    const app = { domainId: 'd-lab', userProfileName: 'alice', appType: 'JupyterLab' as const, appName: 'default' };
    aws.studio.createApp(app);
    for (const fault of faults) aws.faults.add(fault);
    try {
      return await (await freshFleet()).stop({ ...place, ...app });
    } finally {
      process.env = before;
      expect(aws.calls.count('sagemaker', 'DeleteApp')).toBe(2);
    }
  };

  it('is ours still: the second try finds it under way, and it was not gone', async () => {
    expect(await stopAfter(lost)).toBe('stopping');
  });

  it('may have worked, though the second try is turned away', async () => {
    const busy = { ...lost, code: 'ResourceInUse', status: 400, message: 'It is in the Updating status.', drop: false };
    const stop = stopAfter(lost, { ...busy, effectHappens: false });
    await expect(stop).rejects.toMatchObject({ kind: 'fault', code: 'ResourceInUse' });
  });
});

describe('answers that leave out what AWS may leave out', () => {
  /** A server that answers with what it is told to, whatever it is asked. */
  const answering = async (answers: Record<string, unknown>) => {
    const server = createServer((request, response) => {
      const action = String(request.headers['x-amz-target']).split('.')[1]!;
      response.setHeader('content-type', 'application/x-amz-json-1.1');
      response.end(JSON.stringify(answers[action] ?? {}));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = new SageMakerClient({
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      maxAttempts: 1,
    });
    const picture = await sagemakerFleet(client, undefined as never).look(place, { tagKeys: [], domainNames: true });
    server.closeAllConnections();
    server.close();
    return picture;
  };
  const row = { DomainId: 'd-1', UserProfileName: 'alice', AppType: 'JupyterLab', AppName: 'default' };
  const app = { ...place, domainId: 'd-1', userProfileName: 'alice', appType: 'JupyterLab', appName: 'default' };

  it('without any list are empty', async () => {
    expect(await answering({})).toMatchObject({ apps: [], missing: [], unusable: [] });
    expect(await answering({ ListApps: { Apps: null, NextToken: null } })).toMatchObject({ apps: [], missing: [] });
    expect(await answering({ ListApps: { Apps: [], NextToken: '' } })).toMatchObject({ apps: [], missing: [] });
  });

  it('without status, creation time or instance keep the app, running for all we know', async () => {
    const { apps } = await answering({ ListApps: { Apps: [row] } });
    expect(apps).toEqual([{ ...app, status: 'unknown' }]);
  });

  it('with members, states, types and instances of a later day keep the app as it is', async () => {
    const later = { ...row, AppType: 'HoloLab', Status: 'Hibernating', ResourceSpec: { InstanceType: 'ml.q9.qubit' } };
    const { apps } = await answering({ ListApps: { Apps: [{ ...later, CreationTime: 1795424400.123, New: {} }] } });
    expect(apps).toEqual([
      {
        ...app,
        appType: 'HoloLab',
        status: 'Hibernating',
        instanceType: 'ml.q9.qubit',
        createdAt: 1795424400123,
      },
    ]);
  });

  it.each(['DomainId', 'UserProfileName', 'AppType', 'AppName'])(
    'without %s cannot be used: told, and the other rows are',
    async (member) => {
      const { [member as keyof typeof row]: _, ...lacking } = row;
      const { apps, unusable } = await answering({ ListApps: { Apps: [lacking, row] } });
      expect(apps).toHaveLength(1);
      expect(unusable).toEqual([expect.stringContaining(member)]);
    },
  );

  it('with spaces and domains that lack a name leave those out', async () => {
    const { spaces, domains, missing } = await answering({
      ListSpaces: {
        Spaces: [{}, { DomainId: 'd-1' }, { DomainId: 'd-1', SpaceName: 's', OwnershipSettingsSummary: {} }],
      },
      ListDomains: { Domains: [{}, { DomainId: 'd-1' }, { DomainId: 'd-1', DomainName: 'lab' }] },
    });
    expect(missing).toEqual([]);
    expect([...spaces.values()]).toEqual([{ domainId: 'd-1', spaceName: 's' }]);
    expect([...domains]).toEqual([['d-1', 'lab']]);
  });

  it('that give the same token again end that part instead of never ending', async () => {
    const { missing, apps } = await answering({ ListApps: { Apps: [row], NextToken: 'again' } });
    expect(missing.map(({ part }) => part)).toEqual(['apps']);
    expect(apps.length).toBeGreaterThan(0);
  });
});
