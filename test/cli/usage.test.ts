import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startShell, TRACE } from './curfew.ts';
import { POLICY } from './lab.ts';

let shell: Awaited<ReturnType<typeof startShell>>;
beforeAll(async () => {
  shell = await startShell();
  await shell.file('curfew.yml', POLICY);
  await shell.file('saved/apps.json', { Apps: [] });
  await shell.file('saved/spaces.json', { Spaces: [] });
  await shell.file('saved/tags.json', { ResourceTagMappingList: [] });
});
afterAll(() => shell.close());
const curfew: typeof shell.curfew = (args, env) => shell.curfew(args, env);

describe('help', () => {
  it.concurrent.each([
    ['--help', /scan.*status.*explain.*policy.*table.*AWS_REGION.*CURFEW_POLICY.*Exit codes/s],
    ['help scan', /--apply.*--json/s],
    ['scan --help', /--apply.*--json.*--max-stops/s],
    ['status --help', /--all.*--json/s],
    ['explain --help', /<app>/],
    ['idle-settings --help', /--policy.*--region.*--apply.*--json/s],
    ['history --help', /--table.*--owner.*--app.*--to.*--since.*--json/s],
    ['contacts --help', /list.*invite.*forget.*import/s],
    ['contacts list --help', /--table.*--json/s],
    ['contacts invite --help', /\[address\.\.\.\].*--owner.*--dry-run/s],
    ['contacts forget --help', /<address>.*--yes/s],
    ['contacts import --help', /<file>.*--domain.*--apply/s],
    ['policy check --help', /\[file\]/],
    ['table create --help', /--table/],
    ['agent script --help', /--bus.*--snippet/s],
    ['agent install --help', /--domain.*--app-type.*--dry-run.*--yes.*--bus.*--profiles/s],
    ['agent uninstall --help', /--domain.*--app-type.*--dry-run.*--yes/s],
    ['--version', /^\d+\.\d+\.\d+\n$/],
  ])('curfew %s: exit 0, on stdout, nothing on stderr', async (line, shown) => {
    const { code, stdout, stderr } = await curfew(line.split(' '));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(shown);
    if (line.length > '--version'.length)
      expect(Math.max(...stdout.split('\n').map((one) => one.length))).toBeLessThanOrEqual(80);
  });
});

describe('wrong usage', () => {
  it.concurrent.each([
    [''],
    ['scna'],
    ['policy'],
    ['explain'],
    ['scan everything'],
    ['scan --policy'],
    ['scan --max-stops many'],
    ['scan --max-stops -1'],
    ['status --apply'],
    ['idle-settings'],
    ['idle-settings alice'],
    ['idle-settings --table t'],
    ['history alice'],
    ['history --apply'],
    ['history --from saved'],
    ['history --since yesterday --table t --region us-east-1'],
    ['contacts alice'],
    ['contacts invite'],
    ['contacts forget'],
    ['contacts import'],
    ['contacts import nowhere.csv'],
    ['contacts import curfew.yml --domain lab'],
    ['scan --now soon --from saved'],
    ['scan --from saved --apply'],
    ['scan --from nowhere'],
    ['scan --from curfew.yml'],
    ['status'],
    ['table create'],
    ['policy check nowhere.yml'],
    ['scan --from saved --policy nowhere.yml'],
  ])('curfew %s: exit 2, nothing on stdout, said clearly on stderr', async (line) => {
    const { code, stdout, stderr, lines } = await curfew(line.split(' ').filter(Boolean));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(lines.length).toBeGreaterThan(0);
    expect(stderr).not.toMatch(TRACE);
  });

  it.concurrent('names the flag, and a near one', async () => {
    const { stderr } = await curfew(['scan', '--aply']);
    expect(stderr).toContain("'--aply'");
    expect(stderr).toContain('--apply');
  });

  it.concurrent.each(['5'])('--now %s is no time such as the help shows', async (text) => {
    expect((await curfew(['scan', '--from', 'saved', '--now', text])).code).toBe(2);
  });

  it.concurrent('says in one line where a region is lacking', async () => {
    const { lines } = await curfew(['scan']);
    expect(lines).toEqual([expect.stringMatching(/^curfew: no region.*AWS_REGION.*--region/)]);
  });

  it.concurrent.each([
    ['scan --apply', '--apply'],
    ['history', '`history`'],
    ['contacts', '`contacts`'],
    ['contacts list', '`contacts`'],
    ['contacts invite jo@example.org', '`contacts invite`'],
    ['contacts forget jo@example.org', '`contacts forget`'],
    ['contacts import curfew.yml', '`contacts import`'],
  ])('curfew %s says in one line where a table is lacking', async (line, what) => {
    const { code, stdout, lines } = await curfew([...line.split(' '), '--region', 'us-east-1']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(lines).toEqual([expect.stringMatching(/^curfew: .* needs a table: .*CURFEW_TABLE.*--table/)]);
    expect(lines[0]).toContain(what);
  });
});

describe('policy', () => {
  const check = async (text: string, name = `${Math.random()}.yml`) => {
    await shell.file(name, text);
    return { ...(await curfew(['policy', 'check', name])), name };
  };

  it.concurrent('that is right: exit 0 and one line', async () => {
    const { code, stdout, stderr } = await curfew(['policy', 'check']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe('curfew.yml: fine. Mode enforce, 3 limits, 2 exemptions, 0 budgets, 0 guardrails.\n');
  });

  it.concurrent('with faults: every one at once, a line each, with line, column and what is right', async () => {
    const text = [
      'mode: enforced', // 1
      'timezone: New York', // 2
      'admins: [nobody]', // 3
      'sendr: Curfew <curfew@example.org>', // 4
      'limits:', // 5
      '  - name: a', // 6
      '    max-uptime: 5 days', // 7
      '  - name: b', // 8
      '    max-idle: 2h', // 9
      '  - name: b', // 10
      '    match: { instance: ml.t3.* }', // 11
      '    max-idle: 2h', // 12
      '  - name: c', // 13
      'exempt: [{}]', // 14
      'safety: { max-stops: 250% }', // 15
    ].join('\n');
    const { code, stdout, lines, stderr, name } = await check(text);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).not.toMatch(TRACE);
    const places = lines.map((line) => line.slice(0, line.indexOf('  ')));
    for (const line of lines) expect(line).toMatch(new RegExp(`^${name.replace('.', '\\.')}:\\d+:\\d+ {2}\\S`));
    for (const place of ['1:7', '2:11', '3:10', '4:', '7:17', '10:5', '10:11', '13:', '14:', '15:22'])
      expect(
        places.some((one) => one.startsWith(`${name}:${place}`)),
        `${place} in ${stderr}`,
      ).toBe(true);
    for (const right of ['observe, warn, enforce', 'America/New_York', '"sender"', '5d', '25%', 'never reached'])
      expect(stderr).toContain(right);
  });

  it.concurrent.each([
    ['broken YAML', 'limits: [\n  - name: a\n', /:\d+:\d+ /],
    ['a tab for indentation', 'limits:\n\t- name: a\n', /:2:\d+ /],
    ['an empty file', '', /:1:1 .*empty/],
    ['a text', 'hello', /:1:1 /],
    ['the same key twice', `${POLICY}mode: warn\n`, /:\d+:\d+ /],
    ['two documents', `${POLICY}---\n${POLICY}`, /:\d+:\d+ /],
    ['bytes that are no text', '\u0000\u0001\u0002', /:\d+:\d+ /],
    ['keys that are null', 'admins:\nsender:\nlimits:\n', /:1:.*\n.*:2:.*\n.*:3:/s],
    ['aliases that grow beyond all bounds', bomb(), /:\d+:\d+ /],
    ['a sender that SES takes from nobody', POLICY.replace('curfew@example.org', 'cürfew@example.org'), /:3:9 /],
    ['an admin’s address with two dots in a row', POLICY.replace('admin@', 'ad..min@'), /:2:10 /],
  ])('with %s: exit 1, told with its place', async (_, text, told) => {
    const { code, stdout, stderr } = await check(text);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(told);
    expect(stderr).not.toMatch(/\n\s+at |node:internal/);
  });

  it.concurrent('with patterns of types that match none: exit 0, each told, with what was meant', async () => {
    const { code, stdout, lines, name } = await check(
      [
        'admins: [a@example.org]',
        'sender: c@example.org',
        'limits:',
        '  - { name: a, match: { instance: [g5, ml.x9.large, "ml.P3.*"] }, max-uptime: 1d }',
        '  - { name: b, match: { app-type: [jupyter-lab, "Code*"] }, max-uptime: 1d }',
        '  - { name: c, max-uptime: 1d }',
        'exempt: [{ instance: ml.g55.xlarge }]',
        'guardrails: [{ name: d, allow: { instance: [ml.t3, system] }, at-most: { "ml.g5": 1 } }]',
        'prices: { ml.x9.large: 5 USD/h }',
      ].join('\n'),
    );
    expect([code, stdout]).toEqual([0, expect.stringContaining(`${name}: no fault, but 5 doubts. Mode observe`)]);
    const none = 'matches no instance type that this release knows;';
    expect(lines).toEqual(
      [
        `limits[0].match.instance: "g5" ${none} did you mean "ml.g5.*"?`,
        'limits[1].match.app-type: "jupyter-lab" matches no app type that this release knows; did you mean "JupyterLab"?',
        `exempt[0].instance: "ml.g55.xlarge" ${none} is it newer than this release, or a mistake?`,
        `guardrails[0].allow.instance: "ml.t3" ${none} did you mean "ml.t3.*"?`,
        `guardrails[0].at-most: "ml.g5" ${none} did you mean "ml.g5.*"?`,
      ].map((doubt) => `${name}  ${doubt}`),
    );
  });

  it.concurrent('with a term that is over, and a name that is a pattern: doubts too', async () => {
    const { code, lines, name } = await check(
      [
        ...['admins: [a@example.org]', 'sender: c@example.org', 'limits: []', 'budgets:'],
        '  - { name: a, for: { owner: "ali*" }, period: month, limit: 5USD }',
        '  - { name: b, for: { domain: "d-?" }, period: { from: 2020-09-01, to: 2020-12-20 }, limit: 5USD }',
        '  - { name: c, for: each owner, period: { from: 2020-09-01, to: 2999-12-20 }, limit: 5USD }',
      ].join('\n'),
    );
    const exact = 'is no pattern here, and names are exact: it bounds only';
    expect([code, lines]).toEqual([
      0,
      [
        `budgets[0].for.owner: "ali*" ${exact} who is called so; name one, or each owner for every one by itself`,
        'budgets[1].period: the term is over since 2020-12-20: it acts and tells no more',
        `budgets[1].for.domain: "d-?" ${exact} what is called so; name one`,
      ].map((doubt) => `${name}  ${doubt}`),
    ]);
  });

  it.concurrent('with a BOM and the line ends of Windows is as good as without', async () => {
    expect((await check(`\uFEFF${POLICY.replaceAll('\n', '\r\n')}`)).code).toBe(0);
  });

  it.concurrent('that is a folder is not told as missing', async () => {
    const { code, lines } = await curfew(['policy', 'check', 'saved']);
    expect(code).toBe(2);
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('no such file');
  });

  it.concurrent('from CURFEW_POLICY, and --policy before it', async () => {
    await shell.file('other.yml', POLICY.replace('enforce', 'warn'));
    await shell.file('bad.yml', 'mode: x');
    const env = { CURFEW_POLICY: 'other.yml' };
    expect((await curfew(['policy', 'check'], env)).stdout).toMatch(/^other\.yml: fine\. Mode warn/);
    const scan = await curfew(['scan', '--from', 'saved', '--policy', 'bad.yml'], env);
    expect(scan.code).toBe(2);
    for (const line of scan.lines) expect(line).toMatch(/^curfew: (bad\.yml:\d+:\d+)/);
  });

  it.concurrent.each(['scan', 'status', 'explain x'])(
    '%s with faults in it: exit 2, all told, nothing done',
    async (line) => {
      await shell.file('faulty.yml', 'mode: x\nlimits: 5\n');
      const { code, stdout, lines } = await curfew([...line.split(' '), '--from', 'saved', '--policy', 'faulty.yml']);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(lines.length).toBeGreaterThanOrEqual(2);
    },
  );

  function bomb(): string {
    const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`);
    return ['l0: &l0 [x, x, x, x, x, x, x, x, x]', ...levels].join('\n');
  }
});

describe('credentials', () => {
  const region = { AWS_REGION: 'us-east-1' };
  it.concurrent.each([
    ['scan', 1],
    ['status', 1],
    ['table create --table t', 1],
    ['scan --apply --table t', 1],
  ])('none: curfew %s says so in one line, without a stack trace', async (line, expected) => {
    const { code, stdout, stderr, lines } = await curfew(line.split(' '), region);
    expect(code).toBe(expected);
    expect(stderr).not.toMatch(TRACE);
    expect(lines.filter((one) => /credentials/i.test(one))).toHaveLength(1);
    expect(stderr).toMatch(/AWS_PROFILE|aws login/);
    if (line.includes('--json')) expect(() => JSON.parse(stdout || '{}')).not.toThrow();
  });

  it.concurrent('none: an account that could not be seen is not told as empty, or as free', async () => {
    const { stderr } = await curfew(['status'], region);
    expect(stderr).not.toMatch(/\b0 running|\$0\.00/);
  });
});
