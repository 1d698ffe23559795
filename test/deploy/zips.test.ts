import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HANDLERS } from '../../build.mjs';
import { secretsIn } from '../../local/host/secrets.ts';
import { PLACE } from '../../stack/check/resolve.ts';
import { scheduled } from '../handlers/lambda.ts';
import { submit } from '../handlers/link-lab.ts';
import { startZipped } from './zipped.ts';

const sample = (name: string) => JSON.parse(readFileSync(`test/samples/${name}.json`, 'utf8'));
const iso = (instant: number) => new Date(instant).toISOString();

describe('alone, with nothing but its environment,', () => {
  let zipped: Awaited<ReturnType<typeof startZipped>>;
  beforeAll(async () => {
    zipped = await startZipped();
  });
  afterAll(() => zipped.close());
  const heartbeat = () => ({
    ...scheduled(zipped.clock.now),
    source: 'curfew.agent',
    'detail-type': 'Curfew Activity',
    detail: {
      ...{ version: 1, agent: '1.0.0', domainId: 'd-abcdefghijkl', spaceName: 'alice-space' },
      ...{ appType: 'JupyterLab', appName: 'default', appStartedAt: '2026-11-20T14:03:11Z' },
      observedAt: iso(zipped.clock.now),
      activity: [{ kind: 'kernel', busy: true, lastUseAt: iso(zipped.clock.now) }],
    },
  });

  it.each<[string, () => unknown, object]>([
    ['spend', () => scheduled(zipped.clock.now), { faults: [] }],
    ['studio-event', () => sample('createapp-event'), { noted: 'run started' }],
    ['activity-event', heartbeat, { noted: 'evidence' }],
    ['scan', () => scheduled(zipped.clock.now), { mode: 'observe', faults: [] }],
    ['weekly-report', () => scheduled(zipped.clock.now), { owed: expect.any(Number) }],
    ['deliver', () => scheduled(zipped.clock.now), { sent: expect.any(Number), faults: [] }],
    ['links', () => sample('apigw-v2-post-event'), { statusCode: expect.any(Number) }],
    ['mail-feedback', () => ({ ...sample('ses-bounce-event'), account: PLACE.account }), { noted: 'bounced' }],
  ])('%s handles its sample event', async (name, event, expected) => {
    const { value, error } = await zipped.invoke(name, event());
    expect(error).toBeUndefined();
    expect(value).toMatchObject(expected);
  });

  it('each did no more than its role allows', () => {
    expect([...zipped.used.keys()].sort()).toEqual([...HANDLERS].sort());
    expect(zipped.denied).toEqual([]);
  });
});

const POLICY = `
mode: enforce
admins: [admin@example.org]
sender: Curfew <curfew@example.org>
owners: { address: "{profile}@people.example.net" }
limits: [{ name: everything, max-uptime: 1d, max-idle: 20h, grace: 30m }]
native-idle: { JupyterLab: 2h, apply: true }
report: { daily: "09:00" }
safety: { max-stops: 100% }
backstop: { for: [budget, uptime] }
`;

describe('a life of the stack', () => {
  let zipped: Awaited<ReturnType<typeof startZipped>>;
  const lines: Record<string, unknown>[] = [];
  let text = '';
  let ids = 0;
  const HOUR = 3_600_000;

  /** Every event has an id of its own, as EventBridge gives them. */
  const event = () => ({
    ...scheduled(zipped.clock.now),
    id: `70000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`,
  });
  const invoke = async (name: string, what: unknown) => {
    const answer = await zipped.invoke(name, what);
    text += answer.text;
    lines.push(...answer.log.map((line) => ({ ...line, of: name })));
    if (answer.error) throw new Error(`${name}: ${answer.error.message}`);
    return answer.value!;
  };
  /** What AWS tells is handled in turn. */
  const heard: { name: string; what: unknown }[] = [];
  const settle = async () => {
    for (let next = heard.shift(); next; next = heard.shift()) await invoke(next.name, next.what);
  };
  /** A scan, and `deliver` as its destination: what the mail is about came of the scan's event. */
  const scan = async () => {
    const what = event();
    const value = await invoke('scan', what);
    await invoke('deliver', { timestamp: iso(zipped.clock.now), requestPayload: what, responsePayload: value });
    await settle();
    return { ...value, id: what.id };
  };
  const mailsTo = async (address: string) =>
    (await zipped.aws.mailbox.messages()).filter(({ to }) => to.includes(address));
  const linkIn = (mail: { text?: string | undefined } | undefined, purpose: string) => {
    const [, path = ''] = new RegExp(`https://\\S+?(/${purpose}/\\S+)`).exec(mail?.text ?? '') ?? [];
    return `${zipped.api.url}${path}`;
  };

  beforeAll(async () => {
    zipped = await startZipped({ CURFEW_POLICY: 'ssm:/curfew/prod/policy' });
    const { aws, clock } = zipped;
    aws.parameters.set('/curfew/prod/policy', POLICY);
    aws.studio.onEvent((what) => heard.push({ name: 'studio-event', what }));
    aws.eventbridge.onEvent((what) => {
      if (what.source === 'aws.ses') heard.push({ name: 'mail-feedback', what });
    });
    aws.studio.createDomain({ domainId: 'd-lab', name: 'lab' });
    for (const name of ['alice', 'bob']) aws.studio.createUserProfile({ domainId: 'd-lab', name });
    aws.ses.bouncing.add('bob@people.example.net');
    await invoke('spend', event());
    await settle();
    await invoke('deliver', event());
    await settle();
    const [request] = await mailsTo('alice@people.example.net');
    await submit(linkIn(request, 'confirm'));
    for (const [userProfileName, appType, appName] of [
      ['alice', 'JupyterLab', 'one'],
      ['alice', 'JupyterLab', 'two'],
      ['bob', 'Canvas', 'default'],
    ] as const)
      aws.studio.createApp({ domainId: 'd-lab', userProfileName, appType, appName, instanceType: 'ml.g5.xlarge' });
    await settle();
    clock.now += 24 * HOUR;
  });
  afterAll(() => zipped.close());

  it('warns, stops by a person’s button, and stops by the limit', async () => {
    const warned = await scan();
    expect(warned).toMatchObject({ warned: 3, stopped: 0, faults: [] });
    const warnings = (await mailsTo('alice@people.example.net')).filter(({ tags }) => tags.notice === 'warning');
    expect(warnings).toHaveLength(2);
    expect(await (await submit(linkIn(warnings[0], 'stop'))).text()).toContain('stop');
    await settle();
    await invoke('deliver', event());
    zipped.clock.now += HOUR / 2;
    expect(await scan()).toMatchObject({ stopped: 2, failed: 0 });
    expect(zipped.aws.calls.count('sagemaker', 'DeleteApp')).toBe(3);
  });

  it('each function did no more than its role allows, and the roles that stop, did', () => {
    expect(zipped.denied).toEqual([]);
    for (const name of ['scan', 'links']) expect(zipped.used.get(name)).toContain('sagemaker:DeleteApp');
    expect([...zipped.used.get('scan')!]).toEqual(
      expect.arrayContaining(['ssm:GetParameter', 'cloudwatch:GetMetricData', 'sagemaker:UpdateDomain']),
    );
    // Each warned app had its backstop, made by the function with the role that the stack lends, and has none when it is over.
    for (const action of ['scheduler:CreateSchedule', 'scheduler:DeleteSchedule', 'iam:PassRole'])
      expect(zipped.used.get('scan')).toContain(action);
    expect(zipped.aws.scheduler.schedules()).toEqual([]);
  });

  it('a mail can be followed from the event that it came of to what becomes of it', async () => {
    const warning = (await zipped.aws.mailbox.messages()).find(({ tags }) => tags.notice === 'warning')!;
    const { cause, id } = warning.tags;
    const of = (name: string, key: string) => lines.filter((line) => line.of === name && line[key] === cause);
    expect(of('scan', 'correlation_id')).not.toEqual([]);
    // Called by the scan, `deliver` goes on under the scan's own id, and names each mail.
    const [round] = of('deliver', 'correlation_id').filter(({ message }) => message === 'deliver');
    expect(round!.mails).toContainEqual({ notice: id, cause, outcome: 'sent', messageId: expect.any(String) });
  });

  it('what comes back is told under the event that its mail came of', () => {
    const bounced = lines.find((line) => line.of === 'mail-feedback' && line.noted === 'bounced')!;
    expect(bounced.mailCause).toMatch(/./);
    expect(lines.some((line) => line.of === 'studio-event' && line.correlation_id === bounced.mailCause)).toBe(true);
  });

  it('no line holds an address or a token', async () => {
    expect(lines.length).toBeGreaterThan(20);
    expect(secretsIn(text)).toEqual([]);
    const mails = (await zipped.aws.mailbox.messages()).map((mail) => mail.text).join();
    // The same grep finds them where they belong.
    expect(secretsIn(mails).some((found) => found.length === 66)).toBe(true);
    expect(secretsIn(mails)).toContain('admin@example.org');
  });

  it('tells CloudWatch its figures under this stage’s name', () => {
    const figures = lines.filter((line) => '_aws' in line);
    expect(new Set(figures.map(({ service }) => service))).toEqual(new Set(['curfew-prod']));
    const scans = figures.filter((line) => 'Scans' in line);
    expect(scans.map(({ Warned, Stopped, Failed }) => [Warned, Stopped, Failed])).toEqual([
      [3, 0, 0],
      [0, 2, 0],
    ]);
    expect(scans[1]!.StoppedDollarsPerHour).toBeGreaterThan(0);
    expect(scans[0]!.EvidenceCoverage).toBe(0);
    expect(figures.filter((line) => 'OutboxAge' in line).length).toBeGreaterThan(2);
  });
});
