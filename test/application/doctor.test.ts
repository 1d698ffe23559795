import { describe, expect, it } from 'vitest';
import { type DoctorPorts, examine } from '../../src/application/doctor.ts';
import { PortError } from '../../src/application/ports.ts';
import type { Beat } from '../../src/domain/checkup/deployment.ts';
import { COST_TAGS } from '../../src/domain/checkup/events.ts';
import { MINUTE } from '../../src/domain/time.ts';
import { NOON, policy, ref } from '../domain/builders.ts';
import { memoryBackstop, memoryCanvasUse, memoryFleet, memoryRuns, memorySettings } from '../memory/ports.ts';

const fn = { handler: 'scan', name: 'curfew-prod-scan', role: 'arn:aws:iam::111122223333:role/scan', version: '1.0.0' };

/** Ports of an account that is well. */
function ports(): DoctorPorts {
  const facts = { isActive: true, expires: true, recovers: true, isProtected: true };
  const standing = {
    isProduction: true,
    isSending: true,
    enforcement: 'HEALTHY',
    perDay: -1,
    perSecond: 14,
    sentLastDay: 0,
  };
  return {
    caller: async () => ({ account: ref.account, arn: 'arn:aws:iam::111122223333:user/jo' }),
    policy: async () => policy,
    trails: { list: async () => [{ name: 'main', covers: true, isLogging: true, logsChanges: true }] },
    costTags: { status: async () => new Map(COST_TAGS.map((tag) => [tag, 'Active' as const])) },
    mail: { identity: async () => 'verified', standing: async () => standing },
    functions: { on: async () => [fn] },
    beats: { read: async (): Promise<Beat[]> => [{ at: NOON - 5 * MINUTE, invocations: 1, errors: 0 }] },
    simulator: {
      principalOf: async (arn) => arn,
      simulate: async (_, asks) => asks.map(({ resource }) => ({ action: 'a:B', resource, says: 'allowed' as const })),
    },
    fleet: memoryFleet(),
    canvasUse: memoryCanvasUse(),
    settings: memorySettings(),
    backstopIn: () => memoryBackstop(),
    table: { name: 'curfew', care: { look: async () => facts }, runs: memoryRuns() },
  };
}

const options = {
  region: ref.region,
  now: NOON,
  version: '1.0.0',
  expected: ['scan'],
  source: 'curfew.yml',
  rightsOf: () => [{ actions: ['a:B'], resource: '*' }],
  within: <T>(work: Promise<T>): Promise<T> => {
    const late = new Promise<never>((_, reject) =>
      setTimeout(() => reject(new PortError('fault', 'TimedOut', 'no answer within 20 s')), 20),
    );
    return Promise.race([work, late]);
  },
  hasTime: () => true,
};
const bad = async (spoiled: Partial<DoctorPorts>) => {
  const findings = await examine({ ...ports(), ...spoiled }, options);
  return findings.filter(({ health }) => health !== 'ok').map(({ check, health, says }) => [check, health, says]);
};

describe('a check-up', () => {
  it('of an account that is well finds nothing', async () => expect(await bad({})).toEqual([]));

  it('waits for no check for ever, and makes the others', async () => {
    const never = () => new Promise<never>(() => {});
    expect(await bad({ trails: { list: never }, costTags: { status: never } })).toEqual([
      ['events', 'not known', 'not answered: no answer within 20 s'],
      ['cost tags', 'not known', 'not answered: no answer within 20 s'],
    ]);
    const slow = { principalOf: async (arn: string) => arn, simulate: never };
    expect((await bad({ simulator: slow })).map(([check]) => check)).toEqual(['rights of scan', 'rights of you']);
  });

  it('a fault of our own is a finding of that check, and no end of the others', async () => {
    const list = async () => {
      throw new TypeError('x is not a function');
    };
    expect(await bad({ trails: { list } })).toEqual([['events', 'not known', 'not answered: x is not a function']]);
  });

  it('asks for what several rest on once', async () => {
    let [callers, lists] = [0, 0];
    const { caller, functions } = ports();
    const counted = {
      caller: () => {
        callers++;
        return caller();
      },
      functions: {
        on: (table: string) => {
          lists++;
          return functions.on(table);
        },
      },
    };
    await bad(counted);
    expect([callers, lists]).toEqual([1, 1]);
  });

  it('the root of the account is told, and not simulated', async () => {
    const { simulator } = ports();
    const found = await bad({ simulator: { ...simulator, principalOf: async () => undefined } });
    expect(found).toEqual([['rights of you', 'warning', expect.stringMatching(/root/)]]);
  });
});
