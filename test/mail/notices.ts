import type { MailUrls } from '../../src/application/ports.ts';
import { PURPOSES } from '../../src/domain/mail-link.ts';
import type { IdleFinding } from '../../src/domain/native-idle.ts';
import type {
  AppFacts,
  ConfirmationFacts,
  DigestFacts,
  DigestRow,
  FailureFacts,
  Notice,
  NoticeFacts,
  StoppedFacts,
  WarningFacts,
} from '../../src/domain/notice.ts';
import { BY_REQUEST } from '../../src/domain/rules/by-request.ts';
import type { IdleSettings } from '../../src/domain/studio-settings.ts';
import { HOUR, MINUTE } from '../../src/domain/time.ts';

/** Tuesday, 24 November 2026, 14:05 in New York. */
export const NOW = Date.parse('2026-11-24T19:05:00Z');
export const ZONE = 'America/New_York';

export const app = {
  account: '123456789012',
  region: 'us-east-1',
  domainId: 'd-abcdefghijkl',
  domainName: 'research',
  spaceName: 'churn-model',
  appType: 'JupyterLab',
  appName: 'default',
  instanceType: 'ml.g5.xlarge',
  owner: 'alice',
  startedAt: NOW - 26 * HOUR - 10 * MINUTE,
  cost: 36_842_000,
} satisfies AppFacts;

/** What AWS always says of an app, and nothing more. */
export const bareApp: AppFacts = {
  account: '123456789012',
  region: 'us-east-1',
  domainId: 'd-abcdefghijkl',
  spaceName: 'lab',
  appType: 'JupyterLab',
  appName: 'default',
  startedAt: NOW - 26 * HOUR,
};

export const warning: WarningFacts = {
  kind: 'warning',
  app,
  audience: { role: 'owner' },
  rule: 'everything else: max-uptime',
  reason: 'up 26 h 10 min, limit 24 h',
  warnedAt: NOW,
  stopAt: NOW + 30 * MINUTE,
};

export const idleWarning: WarningFacts = {
  ...warning,
  rule: 'everything else: max-idle',
  reason: 'idle 2 h 5 min, limit 2 h; last use 2 h 5 min ago (agent)',
};

export const warningOnly: WarningFacts = (({ stopAt: _, ...rest }) => rest)(warning);

export const adminWarning: WarningFacts = {
  ...warning,
  audience: { role: 'admins', why: 'alice has not confirmed an address, so you are told instead.' },
};

export const stopped: StoppedFacts = {
  kind: 'stopped',
  app,
  audience: { role: 'owner' },
  rule: 'everything else: max-uptime',
  reason: 'up 26 h 40 min, limit 24 h; warned 14:05, grace 30 min',
  stoppedAt: NOW + 31 * MINUTE,
};

export const failure: FailureFacts = {
  kind: 'failure',
  title: 'The stop of alice/default failed 3 times',
  details: [
    'Curfew tried to stop the app at 13:35, 13:50 and 14:05. Each time SageMaker answered: AccessDeniedException, not authorized to perform sagemaker:DeleteApp.',
    'The app still runs, and still costs money. Curfew goes on trying at every scan.',
  ],
  todo: [
    'Allow sagemaker:DeleteApp to the role of the scan function.',
    'Or stop the app by hand in the SageMaker console.',
  ],
  at: NOW,
  app,
};

export const WHO = ['alice', 'bob', 'chandra', 'dmitri', 'eva-marie', 'farouk', 'grace'];
const WHAT = ['ml.t3.medium', 'ml.g5.xlarge', 'ml.m5.large', 'ml.g5.12xlarge'];

function row(index: number, reason: string, at?: number): DigestRow {
  const owner = WHO[index % WHO.length]!;
  const rowApp: AppFacts = {
    ...app,
    owner,
    spaceName: `${owner}-${['lab', 'thesis', 'course-2026'][index % 3]}`,
    appType: index % 3 === 1 ? 'CodeEditor' : 'JupyterLab',
    instanceType: WHAT[index % WHAT.length]!,
    cost: 1_234_567 * (index + 1) ** 2,
  };
  return at === undefined ? { app: rowApp, reason } : { app: rowApp, reason, at };
}

const rows = (count: number, reason: string, at?: number) =>
  Array.from({ length: count }, (_, index) => row(index, reason, at));

export const digest: DigestFacts = {
  kind: 'digest',
  date: '2026-11-24',
  at: NOW,
  mode: 'enforce',
  running: 42,
  unlimited: 3,
  hourly: 61_437_000,
  basis: "list price of 2026-11-24 and the policy's price",
  unpriced: ['ml.p6.48xlarge'],
  warned: rows(3, 'up 26 h 10 min, limit 24 h', NOW + 30 * MINUTE),
  stopped: rows(2, 'idle 2 h 5 min, limit 2 h', NOW - 4 * HOUR),
  failing: rows(1, 'failed 3 times: AccessDeniedException', NOW - 2 * HOUR),
  unknownUse: [...rows(2, 'no evidence of use'), row(2, 'agent silent for 3 h')],
  longest: rows(5, 'up 6 d 3 h, limit 7 d'),
  more: { warned: 0, stopped: 0, failing: 0, unknownUse: 8, longest: 37 },
};

export const emptyDigest: DigestFacts = {
  ...digest,
  running: 0,
  unlimited: 0,
  hourly: 0,
  unpriced: [],
  warned: [],
  stopped: [],
  failing: [],
  unknownUse: [],
  longest: [],
  more: { warned: 0, stopped: 0, failing: 0, unknownUse: 0, longest: 0 },
};

const minutes = (timeout: number, most = timeout): IdleSettings => ({
  LifecycleManagement: 'ENABLED',
  IdleTimeoutInMinutes: timeout,
  MinIdleTimeoutInMinutes: 60,
  MaxIdleTimeoutInMinutes: most,
});
const finding: IdleFinding = {
  domainId: 'd-abcdefghijkl',
  domainName: 'research',
  outcome: 'set',
  drift: { appType: 'CodeEditor', wanted: minutes(120) },
};

export const idleDigest: DigestFacts = {
  ...emptyDigest,
  nativeIdle: {
    findings: [
      {
        ...finding,
        userProfileName: 'chandra',
        outcome: 'failed',
        drift: { appType: 'JupyterLab', is: minutes(120, 300), wanted: minutes(120) },
        why: 'sagemaker:UpdateUserProfile is not allowed to these credentials: not authorized',
      },
      {
        domainId: 'd-abcdefghijkl',
        userProfileName: 'bob',
        outcome: 'failed',
        why: 'sagemaker:DescribeUserProfile: Rate exceeded',
      },
      {
        ...finding,
        userProfileName: 'dmitri',
        outcome: 'drift',
        drift: { appType: 'JupyterLab', is: { LifecycleManagement: 'DISABLED' }, wanted: minutes(120) },
      },
      finding,
    ],
    more: 4,
    faults: [],
    unseen: 7000,
  },
};

/** As long as AWS's names can be, and with as many rows as a digest carries. */
export const LONG = 'z123456789-'.repeat(6).slice(0, 63);
const longRow: DigestRow = {
  app: {
    ...app,
    appName: LONG,
    spaceName: LONG,
    owner: LONG,
    domainName: LONG,
    instanceType: 'ml.trn1n.32xlarge',
    cost: 123_456_780_000,
  },
  reason: `idle 2 h 5 min, limit 2 h; last use 2 h 5 min ago (${LONG})`,
  at: NOW,
};
const fifty = Array.from({ length: 50 }, () => longRow);
export const fullDigest: DigestFacts = {
  ...digest,
  running: 12_345,
  hourly: 98_765_432_100,
  unpriced: Array.from({ length: 40 }, (_, index) => `ml.x${index}.metal`),
  warned: fifty,
  stopped: fifty,
  failing: fifty,
  unknownUse: fifty,
  longest: fifty,
  more: { warned: 7, stopped: 0, failing: 0, unknownUse: 4, longest: 12_295 },
  nativeIdle: {
    findings: Array.from({ length: 30 }, () => ({
      ...idleDigest.nativeIdle!.findings[0]!,
      domainName: LONG,
      userProfileName: LONG,
      why: `sagemaker:UpdateUserProfile is not allowed to these credentials: ${LONG.repeat(8)}`,
    })),
    more: 9_970,
    faults: [`the user profiles were not looked at: ${LONG.repeat(8)}`],
    unseen: 1,
  },
};

/** A name that tries to be markup, a header, a line, an order of reading and a template. */
export const EVIL =
  '<script>alert("1")</script>\'&amp;\r\nBcc: all@example.org\u2028\u202eevil\u0000 {{app}} <img src=x onerror=y>';
export const RTL = 'מעבדה-\u0645\u062e\u062a\u0628\u0631';

export const longApp: AppFacts = { ...app, appName: LONG, spaceName: LONG, owner: LONG, domainName: LONG };
export const evilApp: AppFacts = {
  ...app,
  appName: EVIL,
  spaceName: EVIL,
  owner: EVIL,
  domainName: EVIL,
  instanceType: EVIL,
  appType: EVIL,
};
export const rtlApp: AppFacts = { ...app, spaceName: RTL, owner: RTL, domainName: RTL };

export function notice(facts: NoticeFacts): Notice {
  return { id: 'n-1', to: 'reader@example.org', account: '123456789012', region: 'us-east-1', owedAt: NOW, facts };
}

export const confirmation: ConfirmationFacts = {
  kind: 'confirmation',
  owners: ['d-abcdefghijkl/alice'],
  number: 1,
  admins: ['ml-platform@example.org'],
  at: NOW,
};

/** Links as long as real ones. */
const token = `${'x'.repeat(22)}.${'y'.repeat(43)}`;
export const urls: MailUrls = {
  ...Object.fromEntries(PURPOSES.map((purpose) => [purpose, `https://curfew.example.org/${purpose}/${token}`])),
  stops: Array.from({ length: 5 }, () => `https://curfew.example.org/stop/${token}`),
};

/** Every mail that differs to the eye. */
export const gallery: Record<string, NoticeFacts> = {
  warning,
  'warning, idle': idleWarning,
  'warning only': warningOnly,
  'warning to admins': adminWarning,
  'warning, bare': { ...warning, app: bareApp },
  'warning, long names': { ...adminWarning, app: longApp },
  'warning, hostile names': { ...adminWarning, app: evilApp, reason: EVIL, rule: EVIL },
  'warning, right to left': { ...adminWarning, app: rtlApp },
  stopped,
  'stopped, to admins': { ...stopped, audience: { role: 'admins' } },
  'stopped, by request': { ...stopped, rule: BY_REQUEST, reason: 'stopped by the link in the mail to alice' },
  confirmation,
  'confirmation, last, of many': {
    ...confirmation,
    number: 3,
    owners: Array.from({ length: 20 }, (_, index) => `d-abcdefghijkl/${index === 0 ? LONG : `profile-${index}`}`),
    admins: ['one@example.org', 'two@example.org', 'three@example.org', 'four@example.org'],
  },
  failure,
  'failure, bare': { kind: 'failure', title: 'The safety valve held', details: [], todo: [], at: NOW },
  digest,
  'digest, empty': emptyDigest,
  'digest, full': fullDigest,
  'digest, native idle': idleDigest,
  'digest, money': {
    ...digest,
    money: {
      budgets: [
        { budget: 'per person', whose: 'alice', spent: 201_300_000, limit: 200_000_000, state: 'blocked' },
        { budget: 'per person', whose: "seán o'brien", spent: 120_000_000, limit: 200_000_000 },
        {
          ...{ budget: 'per person', whose: 'zoe', spent: 72_030_000, limit: 90_000_000 },
          unpriced: { 'ml.x9.large': HOUR, Canvas: 5 * HOUR },
        },
      ],
      more: 2,
      findings: ['No row of the bill carries sagemaker:user-profile-arn: activate it as a cost allocation tag.'],
    },
  },
  'digest, native idle unseen': {
    ...digest,
    nativeIdle: { findings: [], more: 0, unseen: 0, faults: [`the user profiles were not looked at: ${EVIL}`] },
  },
};
