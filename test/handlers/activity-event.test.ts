import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newRun } from '../../src/domain/run.ts';
import { HOUR, MINUTE } from '../../src/domain/time.ts';
import { startLab } from './lab.ts';
import { contextOf, countedRefusals, type Lambda, scheduled } from './lambda.ts';

const context = contextOf('curfew-activity-event');
let lab: Awaited<ReturnType<typeof startLab>>;
let lambda: Lambda;
let names = 0;
beforeAll(async () => {
  lab = await startLab();
  lambda = await lab.lambda('activity-event');
});
afterAll(() => lab.close());
beforeEach(async () => {
  names += 1;
  lab.aws.faults.clear();
  await lab.runs.open(newRun(app(), lab.clock.now - 5 * HOUR));
  lab.aws.calls.reset();
});

const app = () => ({
  ...lab.place,
  domainId: 'd-abcdefghijkl',
  spaceName: 'alice-space',
  appType: 'JupyterLab',
  appName: `app${names}`,
});
const iso = (instant: number) => new Date(instant).toISOString();
const kernel = (lastUseAt: number | null, busy = false) => ({
  kind: 'kernel',
  busy,
  lastUseAt: lastUseAt === null ? null : iso(lastUseAt),
});

/** A heartbeat as EventBridge hands it over, spoiled in some fields. */
function heartbeat(detail: object = {}, event: object = {}) {
  const { domainId, spaceName, appType, appName } = app();
  return {
    version: '0',
    id: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
    'detail-type': 'Curfew Activity',
    source: 'curfew.agent',
    account: lab.place.account,
    region: lab.place.region,
    time: iso(lab.clock.now).replace(/\.\d+Z$/, 'Z'),
    resources: [],
    detail: {
      version: 1,
      agent: '1.0.0',
      domainId,
      spaceName,
      appType,
      appName,
      appStartedAt: iso(lab.clock.now - 5 * HOUR),
      observedAt: iso(lab.clock.now),
      activity: [kernel(lab.clock.now - HOUR)],
      ...detail,
    },
    ...event,
  };
}
const invoke = async (event: unknown) => lambda.invoke(event, context);
const evidence = async () => (await lab.runs.get(app()))!.evidence;

describe('a heartbeat', () => {
  it('becomes evidence on the run, in one read and one write', async () => {
    expect((await invoke(heartbeat())).value).toEqual({ noted: 'evidence' });
    expect(await evidence()).toMatchObject({
      agent: { kind: 'kernel', busy: false, lastUseAt: lab.clock.now - HOUR, observedAt: lab.clock.now },
    });
    expect(lab.changes()).toEqual({ 'dynamodb UpdateItem': 1 });
  });

  it('repeated, late and reordered: the newest wins', async () => {
    await invoke(heartbeat());
    expect((await invoke(heartbeat())).value).toEqual({ noted: 'nothing' });
    const late = heartbeat({ observedAt: iso(lab.clock.now - HOUR), activity: [kernel(null, true)] });
    expect((await invoke(late)).value).toEqual({ noted: 'nothing' });
    expect(await evidence()).toMatchObject({ agent: { busy: false, observedAt: lab.clock.now } });
  });

  it('of an app that is not known, or whose run is over: no harm', async () => {
    expect((await invoke(heartbeat({ appName: 'nobody' }))).value).toEqual({ noted: 'nothing' });
    await lab.runs.change((await lab.runs.get(app()))!, { kind: 'end', at: lab.clock.now });
    expect((await invoke(heartbeat())).value).toEqual({ noted: 'nothing' });
  });

  it('decides: fresh idleness is warned, and what is busy is kept', async () => {
    const scan = await lab.lambda('scan');
    const { writeFile } = await import('node:fs/promises');
    await writeFile(
      lab.policy,
      `mode: enforce\nadmins: [a@example.org]\nsender: c@example.org\nlimits: [{ name: all, max-idle: 2h }]\nreport: { daily: never }`,
    );
    lab.aws.studio.createDomain({ domainId: 'd-abcdefghijkl', name: 'lab' });
    lab.aws.studio.createSpace({ domainId: 'd-abcdefghijkl', name: 'alice-space' });
    for (const appName of ['idle', 'busy', 'silent']) {
      lab.aws.studio.createApp({
        domainId: 'd-abcdefghijkl',
        spaceName: 'alice-space',
        appType: 'JupyterLab',
        appName,
        at: lab.clock.now - 5 * HOUR,
      });
    }
    const event = () => scheduled(lab.clock.now, lab.place);
    await scan.invoke(event(), contextOf('curfew-scan'));
    await invoke(heartbeat({ appName: 'idle', activity: [kernel(lab.clock.now - 3 * HOUR)] }));
    await invoke(
      heartbeat({
        appName: 'busy',
        activity: [kernel(lab.clock.now - 3 * HOUR), { kind: 'gpu', busy: true, lastUseAt: null }],
      }),
    );
    lab.clock.now += MINUTE;
    const { value } = await scan.invoke(event(), contextOf('curfew-scan'));
    expect(
      (value!.outcomes as { app: { appName: string }; kind: string }[]).map(
        ({ app, kind }) => `${kind} ${app.appName}`,
      ),
    ).toEqual(['warned idle']);
  });
});

describe('is refused, with a reason and a metric, and never retried', () => {
  it.each<[string, (now: number) => [object, object?]]>([
    ['of another version', () => [{ version: 2 }]],
    ['observed more than five minutes ahead', (now) => [{ observedAt: iso(now + 5 * MINUTE + 1) }]],
    ['with a field that is not ours', () => [{ extra: 1 }]],
    ['with a kind that is not ours', () => [{ activity: [{ kind: 'soul', busy: true, lastUseAt: null }] }]],
    ['with more activity than there are kinds', () => [{ activity: Array.from({ length: 6 }, () => kernel(null)) }]],
    ['of a profile and a space at once', () => [{ userProfileName: 'alice' }]],
    ['of neither', () => [{ spaceName: undefined }]],
    ['with a name that is too long', () => [{ appName: 'a'.repeat(64) }]],
    ['from another source', () => [{}, { source: 'aws.sagemaker' }]],
    ['of another detail-type', () => [{}, { 'detail-type': 'Other' }]],
    ['of another account', () => [{}, { account: '999999999999' }]],
    ['of another region', () => [{}, { region: 'eu-west-1' }]],
    ['with a time that is none', () => [{ observedAt: 'yesterday' }]],
    ['that is empty', () => [{}, { detail: undefined }]],
  ])('%s', async (_, spoil) => {
    const result = await invoke(heartbeat(...spoil(lab.clock.now)));
    expect(result.error).toBeUndefined();
    expect(result.value).toEqual({ refused: expect.any(String) });
    expect(countedRefusals(result)).toBe(1);
    expect(await evidence()).toEqual({});
    expect(lab.changes()).toEqual({});
  });

  it('five minutes ahead is a clock, not a forgery', async () => {
    expect((await invoke(heartbeat({ observedAt: iso(lab.clock.now + 5 * MINUTE) }))).value).toEqual({
      noted: 'evidence',
    });
  });
});
