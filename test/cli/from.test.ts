import { GetResourcesCommand } from '@aws-sdk/client-resource-groups-tagging-api';
import { ListAppsCommand, ListSpacesCommand } from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTable, TRACE } from './curfew.ts';
import { type Decided, startLab } from './lab.ts';

type Json = Record<string, unknown>;
let lab: Awaited<ReturnType<typeof startLab>>;
let apps: Json[];
let spaces: Json[];
let tags: Json[];
let live: { decisions: Decided[] };
beforeAll(async () => {
  lab = await startLab();
  // What the AWS CLI v2 prints: dates in ISO 8601, with microseconds and an offset.
  const iso = (row: object) =>
    JSON.parse(JSON.stringify(row).replaceAll(/"(\d{4}-[^"]+?)\.(\d{3})Z"/g, '"$1.$2000+00:00"')) as Json;
  apps = ((await lab.sagemaker.send(new ListAppsCommand({ MaxResults: 100 }))).Apps ?? []).map(iso);
  spaces = ((await lab.sagemaker.send(new ListSpacesCommand({ MaxResults: 100 }))).Spaces ?? []).map(iso);
  tags = ((await lab.tagging.send(new GetResourcesCommand({}))).ResourceTagMappingList ?? []) as Json[];
  live = JSON.parse((await lab.curfew(['scan', '--json', ...lab.now()])).stdout);
  lab.aws.calls.reset();
});
afterAll(async () => {
  // Nothing here is to ask AWS for anything.
  expect(lab.aws.calls.count()).toBe(0);
  await lab.close();
});

let folders = 0;
/** Saves files in a folder of their own and scans them. */
async function scan(files: Record<string, string | Buffer | object>, ...args: string[]) {
  folders += 1;
  const folder = `saved${folders}`;
  await Promise.all(Object.entries(files).map(([name, content]) => lab.file(`${folder}/${name}`, content)));
  const ran = await lab.curfew(['scan', '--from', folder, ...lab.now(), ...(args.length > 0 ? args : ['--json'])]);
  return {
    ...ran,
    folder,
    json: () => JSON.parse(ran.stdout) as { decisions: Decided[]; missing: { part: string; why: string }[] },
  };
}
const whole = () => ({
  'apps.json': { Apps: apps },
  'spaces.json': { Spaces: spaces },
  'tags.json': { ResourceTagMappingList: tags },
});
/** Without the holder, which is all that may differ: nothing. */
const expectAsLive = ({ code, stdout }: { code: number | null; stdout: string }) => {
  expect(JSON.parse(stdout).decisions).toEqual(live.decisions);
  expect(code).toBe(0);
};

describe('decides as the live account would, from', () => {
  const half = (list: Json[]): [Json[], Json[]] => [list.slice(0, 4), list.slice(4)];
  const forms: [string, () => Record<string, string | Buffer | object>][] = [
    ['merged output, a file each', () => whole()],
    [
      'merged output with the null token that old versions print',
      () => ({
        ...whole(),
        'apps.json': { Apps: apps, NextToken: null },
        'tags.json': { PaginationToken: '', ResourceTagMappingList: tags },
      }),
    ],
    [
      'pages, a file each (--no-paginate)',
      () => {
        const [first, second] = half(apps);
        return { ...whole(), 'apps.json': { Apps: first, NextToken: 'AAAA' }, 'apps-2.json': { Apps: second } };
      },
    ],
    [
      'pages one after the other in one file',
      () => {
        const [first, second] = half(apps);
        return {
          ...whole(),
          'apps.json': `${JSON.stringify({ Apps: first, NextToken: 'A{"' }, null, 4)}\n${JSON.stringify({ Apps: second })}\n`,
        };
      },
    ],
    [
      'everything one after the other in one file, nothing between',
      () => ({
        'all.json': Object.values(whole())
          .map((one) => JSON.stringify(one))
          .join(''),
      }),
    ],
    [
      'a list of pages',
      () => ({
        'all.json': [
          { Apps: half(apps)[0], NextToken: 'A' },
          { Apps: half(apps)[1] },
          { Spaces: spaces },
          { ResourceTagMappingList: tags },
        ],
      }),
    ],
    [
      'the dates of CLI v1, in seconds',
      () => ({
        ...whole(),
        'apps.json': {
          Apps: apps.map((row) => ({ ...row, CreationTime: Date.parse(row.CreationTime as string) / 1000 })),
        },
      }),
    ],
    [
      'dates with another offset',
      () => ({
        ...whole(),
        'apps.json': {
          Apps: apps.map((row) => ({
            ...row,
            CreationTime: new Date(Date.parse(row.CreationTime as string) - 5 * 3_600_000)
              .toISOString()
              .replace('Z', '-05:00'),
          })),
        },
      }),
    ],
    [
      'files with a BOM',
      () =>
        Object.fromEntries(
          Object.entries(whole()).map(([name, content]) => [name, `\uFEFF${JSON.stringify(content)}`]),
        ),
    ],
    [
      'files with a BOM put together (`type a.json b.json > all.json`)',
      () => ({
        'all.json': Object.values(whole())
          .map((one) => `\uFEFF${JSON.stringify(one)}\r\n`)
          .join(''),
      }),
    ],
    [
      'files that Windows PowerShell redirected (UTF-16 with a BOM)',
      () =>
        Object.fromEntries(
          Object.entries(whole()).map(([name, content]) => [
            name,
            Buffer.from(`\uFEFF${JSON.stringify(content)}`, 'utf16le'),
          ]),
        ),
    ],
    [
      'the same output saved twice',
      () => ({ ...whole(), 'again.json': { Apps: apps }, 'again2.json': { Spaces: spaces } }),
    ],
    [
      'beside files of other kinds and other commands',
      () => ({
        ...whole(),
        'readme.txt': 'no',
        'domains.json': { Domains: [{ DomainId: 'd-lab', DomainName: 'lab' }] },
        'other.json': { Buckets: [] },
      }),
    ],
    [
      'tags of another partition',
      () => ({
        ...whole(),
        'tags.json': {
          ResourceTagMappingList: tags.map((row) => ({
            ...row,
            ResourceARN: (row.ResourceARN as string)
              .replace('arn:aws:', 'arn:aws-cn:')
              .replace('us-east-1', 'cn-north-1'),
          })),
        },
      }),
    ],
    [
      'tags with the app type as it is written, or small',
      () => ({
        ...whole(),
        'tags.json': {
          ResourceTagMappingList: tags.map((row) => ({
            ...row,
            ResourceARN: (row.ResourceARN as string).toUpperCase().replace(/^[^/]*SAGEMAKER/, 'arn:aws:sagemaker'),
          })),
        },
      }),
    ],
  ];
  it.concurrent.each(forms)('%s', async (_, files) => {
    const ran = await scan(files());
    expect(ran.stderr).not.toMatch(TRACE);
    expectAsLive(ran);
  });
});

describe('half a picture', () => {
  it.concurrent.each([
    [
      'one page of apps that names a next',
      'apps',
      2,
      () => ({ ...whole(), 'apps.json': { Apps: apps, NextToken: 'AAAA' } }),
    ],
    [
      'one page of spaces that names a next',
      'spaces',
      2,
      () => ({ ...whole(), 'spaces.json': { Spaces: spaces, NextToken: 'AAAA' } }),
    ],
    [
      'one page of tags that names a next',
      'tags',
      0,
      () => ({ ...whole(), 'tags.json': { ResourceTagMappingList: tags, PaginationToken: 'AAAA' } }),
    ],
    [
      'no spaces at all',
      'spaces',
      1,
      () => ({ 'apps.json': { Apps: apps }, 'tags.json': { ResourceTagMappingList: tags } }),
    ],
    [
      'no tags, which the policy speaks of',
      'tags',
      0,
      () => ({ 'apps.json': { Apps: apps }, 'spaces.json': { Spaces: spaces } }),
    ],
  ] as const)('%s: told, exit 1, and no stop', async (_, part, warned, files) => {
    const { code, lines, json } = await scan(files());
    expect(code).toBe(1);
    expect(json().missing.map((one) => one.part)).toEqual([part]);
    expect(lines.filter((line) => line.includes(`the ${part} are incomplete`))).toHaveLength(1);
    expect(lines.join()).toMatch(/aws (sagemaker list-|resourcegroupstaggingapi get-)/);
    expect(json().decisions.filter(({ action, held }) => action === 'stop' && held === undefined)).toEqual([]);
    expect(json().decisions.filter(({ action, held }) => action === 'warn' && held === undefined)).toHaveLength(warned);
  });
});

describe('rows as AWS may print them', () => {
  const row = {
    DomainId: 'd-lab',
    UserProfileName: 'zoë',
    AppType: 'JupyterLab',
    AppName: 'default',
    Status: 'InService',
    CreationTime: '2026-11-01T00:00:00Z',
  };
  const rest = { 'spaces.json': { Spaces: [] }, 'tags.json': { ResourceTagMappingList: [] } };
  const one = async (more: Json, others: Record<string, object> = {}) => {
    const ran = await scan({ 'apps.json': { Apps: [{ ...row, ...more }] }, ...rest, ...others });
    expect(ran.stderr).not.toMatch(TRACE);
    return ran;
  };

  it.concurrent('without instance, status or creation time: shown, and not over any limit for want of a start', async () => {
    const nulls = { Status: null, CreationTime: null, ResourceSpec: null, SpaceName: null };
    const Apps = [
      row,
      { ...row, AppName: 'bare', Status: undefined, CreationTime: undefined },
      { ...row, AppName: 'nulls', ...nulls },
    ];
    const { stderr, json } = await scan({ 'apps.json': { Apps }, ...rest });
    expect(stderr).not.toMatch(TRACE);
    expect(
      json().decisions.map(({ appName, action, owner, instanceType }) => [appName, action, owner, instanceType]),
    ).toEqual([
      ['default', 'warn', 'zoë', null],
      ['bare', 'keep', 'zoë', null],
      ['nulls', 'keep', 'zoë', null],
    ]);
  });

  it.concurrent('of unknown app types, instance types and states: shown as they are', async () => {
    const { json } = await one({
      AppType: 'HoloLab',
      ResourceSpec: { InstanceType: 'ml.q9.qubit' },
      Status: 'Hibernating',
    });
    expect(json().decisions[0]).toMatchObject({ appType: 'HoloLab', instanceType: 'ml.q9.qubit', action: 'warn' });
  });

  it.concurrent('of spaces that have no owner, are not listed, or say nothing of themselves: nobody’s', async () => {
    const Apps = ['a', 'b', 'c'].map((SpaceName) => ({ ...row, UserProfileName: undefined, SpaceName }));
    const a = { DomainId: 'd-lab', SpaceName: 'a' };
    const Spaces = [a, { ...a, SpaceName: 'b', OwnershipSettingsSummary: null, SpaceSharingSettingsSummary: {} }];
    const { json } = await scan({ 'apps.json': { Apps }, ...rest, 'spaces.json': { Spaces } });
    expect(json().decisions.map(({ spaceName, owner }) => [spaceName, owner])).toEqual([
      ['a', null],
      ['b', null],
      ['c', null],
    ]);
  });

  it.concurrent('that name no app: told, exit 1, and the others are shown', async () => {
    const { code, json, lines } = await scan({ 'apps.json': { Apps: [{ ...row, AppName: undefined }, row] }, ...rest });
    expect(code).toBe(1);
    expect(json().decisions).toHaveLength(1);
    expect(lines.filter((line) => line.includes('AppName'))).toHaveLength(1);
  });

  it.concurrent('Deleted, Failed and Deleting are not running; Pending is', async () => {
    const states = ['Deleted', 'Failed', 'Deleting', 'Pending', 'InService'];
    const { json } = await scan({
      'apps.json': { Apps: states.map((Status) => ({ ...row, AppName: Status, Status })) },
      ...rest,
    });
    expect(
      json()
        .decisions.map(({ appName }) => appName)
        .sort(),
    ).toEqual(['InService', 'Pending']);
  });

  it.concurrent('with tabs and line ends in a name: a row is one line', async () => {
    const { stdout } = await scan(
      { 'apps.json': { Apps: [{ ...row, UserProfileName: 'a\tb\r\nc\u2028d' }] }, ...rest },
      '--max-stops',
      '9',
    );
    expect(readTable(stdout)).toHaveLength(1);
    expect(Object.keys(readTable(stdout)[0]!)).toHaveLength(6);
    expect(stdout.trimEnd().split('\n')).toHaveLength(2);
    expect(stdout).not.toContain('\r');
  });

  it.concurrent('with the terminal’s own commands in a name: none gets out', async () => {
    const { stdout } = await scan(
      { 'apps.json': { Apps: [{ ...row, UserProfileName: 'a\u001b]0;x\u0007\u001b[2Jb' }] }, ...rest },
      '--max-stops',
      '9',
    );
    expect(stdout).not.toContain('\u001b');
  });

  it.concurrent('in an empty account: exit 0 and nothing on stdout but data', async () => {
    const { code, stdout } = await scan({ 'apps.json': { Apps: [] }, ...rest }, '--max-stops', '9');
    expect(code).toBe(0);
    expect(readTable(stdout)).toEqual([]);
  });
});

describe('what is no such output', () => {
  it.concurrent.each([
    ['malformed JSON', { 'apps.json': '{"Apps": [' }, /apps\.json/],
    ['an empty file', { 'apps.json': '' }, /apps\.json/],
    ['JSON of something else', { 'x.json': { Buckets: [] } }, /list-apps/],
    ['no JSON file', { 'x.txt': 'x' }, /\.json/],
    ['Apps that are no list', { 'apps.json': { Apps: 'none' } }, /Apps/],
    ['Apps that are one app', { 'apps.json': { Apps: { DomainId: 'd-1' } } }, /Apps/],
    ['a null among the apps', { 'apps.json': { Apps: [null] } }, /apps\.json|Apps|ListApps/],
    ['spaces that are no list', { 'a.json': { Apps: [] }, 'b.json': { Spaces: 5 } }, /Spaces|spaces/],
    ['a space that is null', { 'a.json': { Apps: [] }, 'b.json': { Spaces: [null] } }, /Spaces|spaces|b\.json/],
    [
      'a date that is none',
      {
        'a.json': {
          Apps: [{ DomainId: 'd-1', UserProfileName: 'a', AppType: 'X', AppName: 'x', CreationTime: 'yesterday' }],
        },
      },
      /CreationTime/,
    ],
  ] as [string, Record<string, string | object>, RegExp][])(
    '%s: one clear line and exit 1 or 2',
    async (_, files, told) => {
      const { code, stderr, lines } = await scan(files);
      expect([1, 2]).toContain(code);
      expect(stderr).not.toMatch(
        /\n\s+at |node:internal|TypeError|not iterable|Cannot (destructure|read)|is not a function|undefined/,
      );
      expect(lines.filter((line) => told.test(line)).length).toBeGreaterThan(0);
    },
  );

  it.concurrent.each(['status', 'explain default'])('%s reads the same folders', async (line) => {
    await lab.file('both/apps.json', { Apps: apps });
    await lab.file('both/spaces.json', { Spaces: spaces });
    await lab.file('both/tags.json', { ResourceTagMappingList: tags });
    const { code, stdout } = await lab.curfew([...line.split(' '), '--from', 'both', ...lab.now()]);
    expect(code).toBe(0);
    expect(stdout).not.toBe('');
  });
});
