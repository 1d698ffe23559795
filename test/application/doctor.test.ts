import { describe, expect, it } from 'vitest';
import { type DoctorPorts, examine } from '../../src/application/doctor.ts';
import { PortError } from '../../src/application/ports.ts';
import type { Beat } from '../../src/domain/checkup/deployment.ts';
import { COST_TAGS } from '../../src/domain/checkup/events.ts';
import { newRun } from '../../src/domain/run.ts';
import { DAY, HOUR, MINUTE } from '../../src/domain/time.ts';
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
  baseUrl: undefined,
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

  it.each(['CredentialsProviderError', 'ExpiredTokenException'])(
    'by credentials that are none (%s) says so, and of no right that is missing',
    async (code) => {
      const none = async () => Promise.reject(new PortError('denied', code, 'no'));
      const found = await examine({ ...ports(), trails: { list: none }, costTags: { status: none } }, options);
      expect(found.filter(({ health }) => health !== 'ok')).toEqual(
        ['events', 'cost tags'].map((check) => ({
          ...{ check, health: 'not known', says: 'not looked at: AWS takes no credentials of yours', mend: [] },
        })),
      );
    },
  );

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

describe('the backstop', () => {
  const capped = { ...policy, backstop: { for: ['uptime' as const], margin: 30 * MINUTE } };
  const deployed = { on: async () => [{ ...fn, backstop: { group: 'curfew-prod-backstop' } }] };
  const armed = (name: string, over: object = {}) => ({
    ...{ name, at: NOON + HOUR, rule: 'all: max-uptime', reason: '', since: NOON - HOUR, isSet: true as const },
    ...over,
  });
  async function found(
    spoil: (runs: ReturnType<typeof memoryRuns>, backstop: ReturnType<typeof memoryBackstop>) => unknown,
  ) {
    const [runs, backstop] = [memoryRuns(), memoryBackstop()];
    await runs.open({ ...newRun(ref, NOON - HOUR), backstop: armed('one') });
    await backstop.arm({ name: 'one', app: ref, at: NOON + HOUR });
    await spoil(runs, backstop);
    const table = { ...ports().table!, runs };
    const all = { ...ports(), policy: async () => capped, functions: deployed, table, backstopIn: () => backstop };
    const findings = await examine(all, options);
    const { health, says } = findings.find(({ check }) => check === 'backstop')!;
    return `${health}: ${says}`;
  }

  it('that stands as it is on record is well, and says when the next is due', async () => {
    expect(await found(() => {})).toBe('ok: 1 run with a schedule outside; the next is due 13:00, should no scan come');
  });

  it('with a stray, one that was lost, or one that came due in vain, is not', async () => {
    expect(await found((_, backstop) => backstop.arm({ name: 'two', app: ref, at: NOON + HOUR }))).toMatch(
      /^warning: .*1 schedule without a run on record$/,
    );
    expect(await found((_, backstop) => backstop.disarm('one'))).toMatch(/^warning: .*1 run whose schedule is gone$/);
    expect(
      await found((runs) =>
        runs.open({ ...newRun({ ...ref, appName: 'b' }, NOON - DAY), backstop: armed('b', { at: NOON - 1 }) }),
      ),
    ).toMatch(/^warning: .*1 schedule that came due, of an app that is not known to be stopped$/);
  });

  it('that is not deployed is missed only where the policy has deadlines', async () => {
    expect(await bad({ policy: async () => capped })).toEqual([
      ['backstop', 'warning', expect.stringContaining('none is deployed (CURFEW_BACKSTOP_GROUP is not set)')],
    ]);
    expect(await bad({ policy: async () => ({ ...capped, mode: 'warn' as const }) })).toEqual([]);
  });

  it('that cannot be listed is not known', async () => {
    expect(
      await found((_, backstop) => {
        backstop.armed = async () => {
          throw new PortError('denied', 'AccessDeniedException', 'scheduler:ListSchedules is not allowed');
        };
      }),
    ).toMatch(/^not known: .*scheduler:ListSchedules is not allowed/);
  });
});
