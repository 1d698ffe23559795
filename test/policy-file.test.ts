import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { needsOf } from '../src/domain/needs.ts';
import { DAY, HOUR, MINUTE } from '../src/domain/time.ts';
import { describeFault, parsePolicy } from '../src/policy-file.ts';
import { policyOf } from './domain/builders.ts';

const HEAD = 'admins: [a@example.org]\nsender: Curfew <c@example.org>\n';

/** The faults of a policy as people read them, below a head that is fine. */
function faults(body: string, head = HEAD): string[] {
  const parsed = parsePolicy(head + body);
  return 'faults' in parsed ? parsed.faults.map((fault) => describeFault(fault, 'curfew.yml')) : [];
}

/** The policy in the design, word for word: the keys shown there stay. */
const DESIGN = `mode: enforce
timezone: America/New_York
admins: [ml-platform@example.org]
sender: Curfew <curfew@example.org>
owners:
  address: "{profile}@example.org"
  exceptions: { "team-lead-2": jo@example.org }
limits:
  - name: long training
    match: { tag: { curfew: training } }
    max-uptime: 7d
  - name: cheap instances
    match: { instance: "ml.t3.*" }
    max-uptime: 5d
    max-idle: 4h
    grace: 2h
  - name: everything else
    max-uptime: 1d
    max-idle: 2h
    grace: 30m
extensions: { hours: 4, at-most: 2 }
exempt:
  - { tag: { curfew: exempt } }
  - { app-type: JupyterServer }
budgets:
  - name: per person
    for: each owner
    period: month
    limit: 200 USD
    warn-at: [50%, 80%]
    at-limit: stop
  - name: alpha, this semester
    for: { domain: d-abcdefghijkl }
    period: { from: 2026-09-01, to: 2026-12-20 }
    limit: 1000 USD
    warn-at: [80%, 95%]
    at-limit: warn
report: { weekly: "MON 08:00" }
safety: { max-stops: 25% }
`;

describe('a policy that is fine', () => {
  test('the one in the design', () => {
    const policy = policyOf(DESIGN);
    expect(policy).toMatchObject({
      mode: 'enforce',
      safety: { maxStops: { share: 0.25 } },
      extensions: { hours: 4 * HOUR, atMost: 2 },
    });
    expect(policy.limits[1]).toEqual({
      name: 'cheap instances',
      match: { instance: ['ml.t3.*'] },
      maxUptime: 5 * DAY,
      maxIdle: 4 * HOUR,
      grace: 2 * HOUR,
    });
    expect(policy.budgets).toMatchObject([
      { limit: 200_000_000, warnAt: [0.5, 0.8] },
      { limit: 1_000_000_000, period: { from: '2026-09-01' } },
    ]);
  });

  test('the one in the repository, and the lab’s', () => {
    for (const file of ['curfew.yml', 'local/lab/policy.yml'])
      expect(parsePolicy(readFileSync(file, 'utf8')), file).toHaveProperty('policy');
  });

  test('what is absent has its default', () => {
    expect(policyOf(`${HEAD}limits: [{ name: a, max-uptime: 1d }]`)).toMatchObject({
      mode: 'observe',
      timezone: 'UTC',
      team: 'domain',
      limits: [{ match: {}, grace: HOUR }],
      extensions: { hours: 4 * HOUR, atMost: 2 },
      exempt: [],
      report: { daily: 480 },
      safety: { maxStops: { share: 0.25 } },
      evidence: { staleAfter: 30 * MINUTE },
      prices: {},
    });
  });

  test('prices: of instance types and Canvas by the hour, of volumes by the gigabyte-month', () => {
    const { prices } = policyOf(
      `${HEAD}limits: []\nprices: { ml.x9.large: 5.10 USD/h, Canvas: 1.9 USD/h, volume: 0.112 USD/GB-month }`,
    );
    expect(prices).toEqual({ 'ml.x9.large': 51_000_000_000, Canvas: 19_000_000_000, volume: 1_120_000_000 });
  });

  test('during: ranges, lists, hours past midnight, days alone', () => {
    const during = (text: string) =>
      policyOf(`${HEAD}limits: [{ name: a, max-uptime: 1d, match: { during: ${text} } }]`).limits[0]!.match.during;
    expect(during('{ days: MON-FRI, hours: "08:00-20:00" }')).toEqual({ days: [1, 2, 3, 4, 5], from: 480, to: 1200 });
    expect(during('{ days: [SAT, SUN] }')).toEqual({ days: [6, 0], from: 0, to: 1440 });
    expect(during('{ days: FRI-MON, hours: "20:00-08:00" }')).toEqual({ days: [5, 6, 0, 1], from: 1200, to: 480 });
    expect(during('{ hours: "00:00-24:00" }')).toEqual({ days: [0, 1, 2, 3, 4, 5, 6], from: 0, to: 1440 });
  });

  test('native-idle: absent unless it is there, and it only tells unless it has leave', () => {
    const idle = (text: string) => policyOf(`${HEAD}limits: []\n${text}`).nativeIdle;
    expect(idle('')).toBeUndefined();
    expect(idle('native-idle: { JupyterLab: 1h, CodeEditor: 365d }')).toEqual({
      timeouts: { JupyterLab: HOUR, CodeEditor: 365 * DAY },
      apply: false,
    });
    expect(idle('native-idle: { CodeEditor: 90m, apply: true }')).toEqual({
      timeouts: { CodeEditor: 90 * MINUTE },
      apply: true,
    });
  });

  test('values that YAML reads as numbers or truths are text where text is meant', () => {
    expect(policyOf(`${HEAD}limits: []\nexempt: [{ tag: { keep: true, cost-centre: 42 } }]`).exempt).toEqual([
      { tag: { keep: ['true'], 'cost-centre': ['42'] } },
    ]);
  });
});

describe('a policy with faults: each with its line, its column, and what would be right', () => {
  test.each([
    [
      'limits: [{ name: a, max-uptime: 5 days }]',
      '3:33  limits[0].max-uptime: "5 days" is not a duration such as 30m, 4h, 5d or 1d12h',
    ],
    [
      'limits: [{ name: a, max_uptime: 5d }]',
      '3:21  limits[0].max_uptime: unknown key "max_uptime"; did you mean "max-uptime"?',
    ],
    [
      'limits: [{ name: a, max-idle: 14m }]',
      '3:31  limits[0].max-idle: "14m" is not a duration from 15m on, such as 2h: the agent tells of use every 10 minutes',
    ],
    [
      'limits: [{ name: a, max-idle: 15m }]\nevidence: { stale-after: 19m }',
      '4:26  evidence.stale-after: "19m" is not a duration from 20m on, such as 30m: the agent tells every 10 minutes',
    ],
    ['limits: [{ name: a }]', '3:10  limits[0]: a limit needs max-uptime or max-idle'],
    [
      'limits: [{ name: a, max-idle: 1h, during: { days: MON } }]',
      '3:35  limits[0].during: unknown key "during"; the keys here are name, match, max-uptime, max-idle, grace',
    ],
    [
      'limits: []\nprices: { ml.x9.large: 5.10 }',
      '4:24  prices.ml.x9.large: 5.1 is not a price such as 5.10 USD/h, more than 0',
    ],
    [
      'limits: []\nprices: { ml.x9.large: 0 USD/h }',
      '4:24  prices.ml.x9.large: "0 USD/h" is not a price such as 5.10 USD/h, more than 0',
    ],
    [
      'limits: []\nprices: { ml.x9.large: 5 EUR/h }',
      '4:24  prices.ml.x9.large: "5 EUR/h" is not a price such as 5.10 USD/h, more than 0',
    ],
    [
      'limits: []\nprices: { volume: 0.112 USD/h }',
      '4:19  prices.volume: "0.112 USD/h" is not a price such as 0.112 USD/GB-month, more than 0',
    ],
    [
      'limits: []\nprices: { x9.large: 5 USD/h }',
      '4:11  prices.x9.large: "x9.large" is no instance type such as ml.g5.xlarge, nor Canvas, nor volume',
    ],
    ['limits: []\nprices: 5 USD/h', '4:9  prices: expected prices such as { ml.x9.large: 5.10 USD/h }'],
    ['limits: []\nexempt: [{}]', '4:10  exempt[0]: an empty exemption would exempt everything'],
    [
      'limits: []\nsafety: { max-stops: 120% }',
      '4:22  safety.max-stops: "120%" is not a number such as 10, or a share such as 25%',
    ],
    ['limits: []\nteam: owner', '4:7  team: "owner" is not one of domain'],
    [
      'limits: []\nowners: { address: "someone@example.org" }',
      '4:20  owners.address: "someone@example.org" is not a template such as "{profile}@example.org", { tag: email }, or sso',
    ],
    [
      'limits: []\nextensions: { hours: 0, at-most: 2 }',
      '4:22  extensions.hours: 0 is not a whole number from 1 to 168',
    ],
    [
      'limits: []\nreport: { weekly: "MON 25:00" }',
      '4:19  report.weekly: "MON 25:00" is not a day and a time such as "MON 08:00"',
    ],
    [
      'limits: []\nbudgets: [{ name: b, for: account, period: month, limit: 20 USD, grace: 1h }]',
      '4:73  budgets[0].grace: nothing is stopped at-limit: warn; say stop or block, or leave it out',
    ],
    [
      'limits: []\nbudgets: [{ name: b, for: account, period: total, limit: 20 USD, forecast-at: 90% }]',
      '4:79  budgets[0].forecast-at: a total never ends, so nothing is expected of its end; name another period',
    ],
    [
      'limits: []\nbudgets: [{ name: b, for: account, period: month, limit: 20 USD, warn-at: 0% }]',
      '4:75  budgets[0].warn-at[0]: "0%" is not a share from 1% to 1000%, such as 80%',
    ],
    ['limits: []\nguardrails: [{ name: g }]', '4:14  guardrails[0]: a guardrail needs allow or at-most'],
    [
      'limits: []\nguardrails: [{ name: g, at-most: { "ml.g5.*": many } }]',
      '4:47  guardrails[0].at-most.ml.g5.*: "many" is not a whole number from 0 to 10000',
    ],
    [
      'limits: []\nguardrails: [{ name: g, at-most: {} }]',
      '4:34  guardrails[0].at-most: expected one pattern at least, such as { "ml.g5.*": 2 }',
    ],
    [
      'limits: []\nprices: { ml.x9.large: 0.0000001 USD/h }',
      '4:24  prices.ml.x9.large: "0.0000001 USD/h" is less than a millionth of a dollar; write a price such as 5.10 USD/h',
    ],
    [
      'limits: []\nprices: { ml.x9.large: 100000 USD/h }',
      '4:24  prices.ml.x9.large: "100000 USD/h" is more than 99999.99 USD/h, the largest price there may be; write',
    ],
    ...(
      [
        ['0 USD', 'must be more than 0'],
        ['1000000000 USD', 'is more than 999999999.99 USD, the largest amount there may be'],
        ['0.005 USD', 'is finer than a cent'],
      ] as const
    ).map(([limit, wrong]): [string, string] => [
      `limits: []\nbudgets: [{ name: b, for: account, period: month, limit: ${limit} }]`,
      `4:58  budgets[0].limit: "${limit}" ${wrong}; write an amount such as 200 USD or 49.50 USD`,
    ]),
    ...(
      [
        ['period: year, ', '44', '"year" is not'],
        ['', '11', 'expected'],
        ['period: [month], ', '44', 'expected'],
      ] as const
    ).map(([period, column, wrong]): [string, string] => [
      `limits: []\nbudgets: [{ name: b, for: account, ${period}limit: 20 USD }]`,
      `4:${column}  budgets[0].period: ${wrong} month, week, total or a term such as { from: 2026-09-01, to: 2026-12-20 }`,
    ]),
    ...(
      [
        ['for: everyone, ', '27', '"everyone" is not'],
        ['', '11', 'expected'],
      ] as const
    ).map(([whose, column, wrong]): [string, string] => [
      `limits: []\nbudgets: [{ name: b, ${whose}period: month, limit: 20 USD }]`,
      `4:${column}  budgets[0].for: ${wrong} each owner, each team, account, { owner: … }, { team: … } or { domain: … }`,
    ]),
    [
      'limits: []\nbudgets: [{ name: b, for: account, period: month, limit: 20 EUR }]',
      '4:58  budgets[0].limit: "20 EUR" is not an amount such as 200 USD or 49.50 USD',
    ],
    [
      'limits: []\nbudgets: [{ name: b, for: account, period: { from: 2026-02-30, to: 2026-03-01 }, limit: 20 USD }]',
      '4:52  budgets[0].period.from: "2026-02-30" is not a date such as 2026-09-01',
    ],
    ...['59m', '365d1m', 'never', '120', '2 hours'].map((text): [string, string] => [
      `limits: []\nnative-idle: { JupyterLab: ${text} }`,
      `4:28  native-idle.JupyterLab: ${text === '120' ? text : `"${text}"`} is not a duration from 1h to 365d, such as 2h`,
    ]),
    [
      'limits: []\nnative-idle: { Canvas: 2h }',
      '4:16  native-idle.Canvas: unknown key "Canvas"; native idle shutdown exists for JupyterLab and CodeEditor only',
    ],
    [
      'limits: []\nnative-idle: { JupyterLab: 2h, codeeditor: 2h }',
      '4:32  native-idle.codeeditor: unknown key "codeeditor"; did you mean "CodeEditor"?',
    ],
    ['limits: []\nnative-idle: { JupyterLab: 2h, apply: yes }', '4:39  native-idle.apply: "yes" is not true or false'],
    ['limits: []\nnative-idle: { apply: true }', '4:14  native-idle: expected JupyterLab, CodeEditor or both'],
    ['limits: []\nnative-idle: 2h', '4:14  native-idle: expected the keys JupyterLab, CodeEditor, apply'],
    ['limits: *all', '3:9  *all stands for nothing: no &all before it; quote a text that begins with *'],
    ['limits: 1', '3:9  limits: expected a list of limits'],
    ['', '1:1  limits: this key is missing; expected a list of limits'],
    ['limits: [', '3:10  '],
    ['limits: []\nlimits: []', '4:1  Map keys must be unique'],
  ])('%s', (body, expected) => {
    const [first, ...rest] = faults(body);
    expect(first).toContain(`curfew.yml:${expected}`);
    expect(rest).toEqual([]);
  });

  test('all of them at once, in the file’s order, whatever kind they are', () => {
    const body = `limits:
  - { name: wide, match: { instance: "ml.*" }, max-uptime: 1d }
  - { name: Wide, match: { instance: "ml.t3.*" }, max-uptime: 1d }
  - { name: bad, max-uptime: soon }
timezone: Mars/Phobos
budgets:
  - { name: b, for: account, period: { from: 2026-12-01, to: 2026-09-01 }, limit: 20 USD }
`;
    expect(faults(body)).toEqual([
      'curfew.yml:5:5  limits[1]: never reached: "wide" before it matches all that it does; put it before "wide", or narrow that',
      'curfew.yml:5:13  limits[1].name: "Wide" is the name of limits[0] too; give each its own',
      'curfew.yml:6:30  limits[2].max-uptime: "soon" is not a duration such as 30m, 4h, 5d or 1d12h',
      'curfew.yml:7:11  timezone: "Mars/Phobos" is not a time zone such as America/New_York or UTC',
      'curfew.yml:9:38  budgets[0].period: ends (2026-09-01) before it begins (2026-12-01)',
    ]);
  });

  test('admins whom SES could not write to', () => {
    expect(faults('limits: []', 'admins: [josé@example.org]\nsender: c@example.org\n')[0]).toContain(
      '1:10  admins[0]: "josé@example.org" is not a mail address whose part before the @ is plain ASCII',
    );
    expect(faults('limits: []', "admins: [o'brien+lab@example.org]\nsender: c@example.org\n")).toEqual([]);
  });

  test('a key that is needed and not there', () => {
    expect(faults('limits: []', '')).toEqual([
      'curfew.yml:1:1  admins: this key is missing; expected a mail address whose part before the @ is plain ASCII',
      'curfew.yml:1:1  sender: this key is missing; expected a sender such as Curfew <curfew@example.org>, in plain ASCII before the @',
    ]);
  });

  test('an empty file, and one that is no set of keys', () => {
    for (const text of ['', '# nothing', '- a', 'a', '42']) {
      expect(faults('', text)).toEqual([
        'curfew.yml:1:1  the policy is empty, or no set of keys; docs/policy.md shows one',
      ]);
    }
  });

  test('whatever the text: a policy or faults, and never a crash', () => {
    const lines = DESIGN.split('\n');
    const mangled = fc.array(fc.tuple(fc.nat(lines.length - 1), fc.string({ maxLength: 20 })), { maxLength: 4 });
    fc.assert(
      fc.property(mangled, (edits) => {
        const copy = [...lines];
        for (const [i, text] of edits) copy[i] = `${copy[i]!.slice(0, copy[i]!.indexOf(':') + 1)} ${text}`;
        const parsed = parsePolicy(copy.join('\n'));
        if ('faults' in parsed)
          for (const { line, column, message } of parsed.faults)
            expect(line > 0 && column > 0 && message.length > 0).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});

describe('what a policy needs to know', () => {
  test('only what it speaks of', () => {
    expect(needsOf(policyOf(`${HEAD}limits: [{ name: a, max-uptime: 1d }]`))).toEqual({
      tagKeys: [],
      domainNames: false,
    });
    expect(needsOf(policyOf(DESIGN))).toEqual({ tagKeys: ['curfew'], domainNames: false });
    const named = `${HEAD}limits: [{ name: a, max-uptime: 1d, match: { domain: fraud } }]\nteam: { tag: team }\nowners: { address: { tag: email } }`;
    expect(needsOf(policyOf(named))).toEqual({ tagKeys: ['email', 'team'], domainNames: true });
  });
});
