import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dynamodbContacts } from '../../src/adapters/dynamodb/contacts.ts';
import { dynamodbOutbox } from '../../src/adapters/dynamodb/outbox.ts';
import { type Contact, newContact } from '../../src/domain/contact.ts';
import { DAY, HOUR } from '../../src/domain/time.ts';
import { freshTable } from '../contract/table.ts';
import { startWorld } from '../local/world.ts';
import { readTable, startShell, TRACE } from './curfew.ts';
import { POLICY, startLab } from './lab.ts';

const place = { account: '111122223333', region: 'us-east-1' };
const BASE = { CURFEW_BASE_URL: 'https://curfew.example.org' };
let lab: Awaited<ReturnType<typeof startLab>>;
let table: string;
let contacts: ReturnType<typeof dynamodbContacts>;
let outbox: ReturnType<typeof dynamodbOutbox>;
beforeAll(async () => {
  lab = await startLab();
});
afterAll(() => lab.close());
beforeEach(async () => {
  table = await freshTable(lab.dynamodb);
  contacts = dynamodbContacts(lab.dynamodb, table);
  outbox = dynamodbOutbox(lab.dynamodb, table);
  lab.aws.calls.reset();
});

const run = (args: string[], env: Record<string, string | undefined> = BASE) =>
  lab.curfew(['contacts', ...args, '--table', table, ...lab.now()], env);
/** A contact as a test wants it, an hour old. */
async function known(address: string, change: Partial<Contact> = {}): Promise<void> {
  const owners = [`d-lab/${address.split('@')[0]!}`];
  await contacts.open({ ...newContact(place, address, lab.clock.now - HOUR), owners, ...change });
  lab.aws.calls.reset();
}
const get = (address: string) => contacts.get(place, address);
const owed = async () =>
  (await outbox.owed(place, lab.clock.now, 100)).map(({ notice: { to, facts } }) => `${facts.kind} ${to}`).sort();

describe('contacts', () => {
  it('lists each address: whose it is, its consent in words, and how often it was asked', async () => {
    const [t, u] = [lab.clock.now - 2 * DAY, lab.clock.now - DAY];
    await known('a@example.org');
    await known('b@example.org', { owners: ['d-1/b', 'd-2/b'], asked: [t] });
    await known('c@example.org', { consent: 'confirmed', asked: [t, u], changedAt: u });
    await known('d@example.org', { consent: 'confirmed', unsubscribed: 'reports' });
    await known('e@example.org', { consent: 'confirmed', unsubscribed: 'warnings' });
    await known('f@example.org', { consent: 'confirmed', unsubscribed: 'everything' });
    await known('g@example.org', { consent: 'bounced', owners: [] });
    await known('h@example.org', { consent: 'complained' });
    const { code, stdout, stderr } = await run([]);
    expect(code).toBe(0);
    expect(readTable(stdout).map((row) => Object.values(row))).toEqual([
      ['a@example.org', 'd-lab/a', 'not asked yet', '08:02', '-'],
      ['b@example.org', 'd-1/b, d-2/b', 'has not confirmed', '08:02', 'once'],
      ['c@example.org', 'd-lab/c', 'confirmed', 'Sun 09:02', '2 times'],
      ['d@example.org', 'd-lab/d', 'confirmed, without reports', '08:02', '-'],
      ['e@example.org', 'd-lab/e', 'confirmed, only news of stops', '08:02', '-'],
      ['f@example.org', 'd-lab/f', 'unsubscribed', '08:02', '-'],
      ['g@example.org', '-', 'mail to it comes back', '08:02', '-'],
      ['h@example.org', 'd-lab/h', 'marked our mail as spam', '08:02', '-'],
    ]);
    expect(stderr).toBe('8 contacts, 3 confirmed.\n');
    const json = JSON.parse((await run(['--json'])).stdout);
    expect(json.contacts[2]).toEqual({
      address: 'c@example.org',
      owners: ['d-lab/c'],
      consent: 'confirmed',
      unsubscribed: null,
      since: new Date(u).toISOString(),
      asked: [new Date(t).toISOString(), new Date(u).toISOString()],
      bounces: 0,
    });
    expect(lab.changes()).toEqual({});
  });

  it('without any: a sentence, also as `list`', async () => {
    const { code, stdout, stderr } = await run(['list']);
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toMatch(/^No contact yet\. .*curfew contacts import/);
  });
});

describe('contacts invite', () => {
  it('asks anew: the request is owed, and counted from now', async () => {
    await known('alice@example.org', { asked: [1, 2, 3] });
    const { code, stdout } = await run(['invite', 'ALICE@example.org']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^alice@example\.org: a request to confirm is owed\. .*deliver/);
    expect(await owed()).toEqual(['confirmation alice@example.org']);
    expect(await get('alice@example.org')).toMatchObject({ asked: [lab.clock.now], changedAt: lab.clock.now });
  });

  it('an address that bounced gets another try', async () => {
    await known('alice@example.org', { consent: 'bounced', bounces: 5 });
    expect((await run(['invite', 'alice@example.org'])).code).toBe(0);
    expect(await get('alice@example.org')).toMatchObject({ consent: 'unconfirmed', bounces: 0 });
    expect(await owed()).toEqual(['confirmation alice@example.org']);
  });

  it('by owner: all the addresses of each', async () => {
    await known('a@example.org', { owners: ['d-lab/alice'] });
    await known('b@example.org', { owners: ['d-class/alice', 'd-lab/bob'] });
    await known('c@example.org', { owners: ['d-lab/carol'] });
    expect((await run(['invite', '--owner', 'alice', 'd-lab/carol'])).code).toBe(0);
    expect(await owed()).toEqual([1, 2, 3].map((_, i) => `confirmation ${'abc'[i]}@example.org`));
  });

  it('--dry-run only tells', async () => {
    await known('alice@example.org');
    const { code, stdout } = await run(['invite', 'alice@example.org', '--dry-run']);
    expect([code, stdout]).toEqual([0, 'Would ask alice@example.org to confirm, for d-lab/alice.\n']);
    expect(lab.changes()).toEqual({});
  });

  it.each<[string, Partial<Contact>, RegExp]>([
    ['complained', { consent: 'complained' }, /spam/],
    ['unsubscribed', { unsubscribed: 'everything' }, /unsubscribed/],
    ['confirmed', { consent: 'confirmed' }, /confirmed already/],
    ['known for nobody', { owners: [] }, /no profile has it.*import/],
  ])('refuses one that is %s, says why, and asks the others', async (_, change, why) => {
    await known('alice@example.org', change);
    await known('bob@example.org');
    const { code, stdout, lines } = await run(['invite', 'alice@example.org', 'bob@example.org']);
    expect(code).toBe(1);
    expect(lines).toEqual([expect.stringMatching(why)]);
    expect(lines[0]).toMatch(/^curfew: alice@example\.org is not asked: /);
    expect(stdout).toMatch(/^bob@example\.org: /);
    expect(await owed()).toEqual(['confirmation bob@example.org']);
  });

  it('of nobody known: exit 1, and what there is', async () => {
    const { code, stdout, lines } = await run(['invite', 'nobody@example.org', '--owner', 'noone']);
    expect([code, stdout]).toEqual([1, '']);
    expect(lines).toEqual([
      expect.stringMatching(/no contact has the address nobody@example\.org.*curfew contacts/),
      expect.stringMatching(/no contact is known for noone/),
    ]);
  });

  it('without a base URL, or in mode observe: says why nobody can be asked, and changes nothing', async () => {
    await known('alice@example.org');
    const unset = await run(['invite', 'alice@example.org'], { CURFEW_BASE_URL: undefined });
    expect([unset.code, unset.lines]).toEqual([2, [expect.stringMatching(/needs CURFEW_BASE_URL/)]]);
    const bad = await run(['invite', 'alice@example.org'], { CURFEW_BASE_URL: 'http://curfew.example.org' });
    expect([bad.code, bad.lines]).toEqual([2, [expect.stringMatching(/CURFEW_BASE_URL http:.*https:/)]]);
    await lab.file('watch.yml', POLICY.replace('enforce', 'observe'));
    const watching = await run(['invite', 'alice@example.org', '--policy', 'watch.yml']);
    expect([watching.code, watching.lines]).toEqual([2, [expect.stringMatching(/mode observe nobody is written to/)]]);
    expect(lab.changes()).toEqual({});
  });
});

describe('contacts forget', () => {
  it('tells what is forgotten and what follows, and changes nothing', async () => {
    await known('alice@example.org', { consent: 'confirmed', asked: [1] });
    const { code, stdout, stderr } = await run(['forget', 'Alice@example.org']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^alice@example\.org of d-lab\/alice: confirmed; asked once\.\n/);
    expect(stdout).toMatch(/All of it is forgotten.*meets it anew.*three times at most.*400 days/s);
    expect(stderr).toBe('Nothing was changed (--yes does it).\n');
    expect(lab.changes()).toEqual({});
  });

  it('--yes does it', async () => {
    await known('alice@example.org', { consent: 'bounced' });
    const { code, stdout } = await run(['forget', 'alice@example.org', '--yes'], {});
    expect(code).toBe(0);
    expect(stdout).toMatch(/Forgotten\.\n$/);
    expect(await get('alice@example.org')).toBeUndefined();
  });

  it.each<[string, Partial<Contact>]>([
    ['complained', { consent: 'complained' }],
    ['unsubscribed', { consent: 'confirmed', unsubscribed: 'everything' }],
  ])('keeps the no of a reader who %s: neither an invitation nor an import asks them', async (_, change) => {
    await known('alice@example.org', { ...change, asked: [1, 2] });
    expect((await run(['forget', 'alice@example.org', '--yes'])).stdout).toMatch(/is kept.*must not be asked again/);
    expect(await get('alice@example.org')).toMatchObject({ owners: [], asked: [], version: 2 });
    expect((await run(['invite', 'alice@example.org'])).code).toBe(1);
    await lab.file('people.csv', 'alice,alice@example.org\n');
    await run(['import', 'people.csv', '--domain', 'd-lab', '--apply']);
    expect(await owed()).toEqual([]);
  });

  it('of an address that is not known: exit 1', async () => {
    const { code, stdout, lines } = await run(['forget', 'nobody@example.org', '--yes']);
    expect([code, stdout, lines]).toEqual([1, '', [expect.stringMatching(/no contact has the address/)]]);
  });
});

describe('contacts import', () => {
  const load = async (content: string | Buffer, args: string[] = ['--domain', 'd-lab'], env?: typeof BASE) => {
    await lab.file('people.csv', content);
    lab.aws.calls.reset();
    return run(['import', 'people.csv', ...args], env);
  };
  const changes = (stdout: string) =>
    readTable(stdout).map(({ PROFILE, ADDRESS, CHANGE }) => [PROFILE, ADDRESS, CHANGE]);

  it('shows what would change, and changes nothing', async () => {
    await known('alice@example.org', { consent: 'confirmed' });
    const list = 'profile,address\nalice,alice@example.org\nbob,bob@example.org\nd-class/alice,Alice@example.org\n';
    const { code, stdout, stderr } = await load(list);
    expect(code).toBe(0);
    expect(changes(stdout)).toEqual([
      ['d-lab/alice', 'alice@example.org', 'unchanged: confirmed'],
      ['d-lab/bob', 'bob@example.org', '+ new'],
      ['d-class/alice', 'Alice@example.org', '+ profile of a known contact: confirmed'],
    ]);
    expect(readTable(stdout).map(({ LINE }) => LINE)).toEqual(['2', '3', '4']);
    expect(stderr).toMatch(
      /1 new contact, 1 new profile of known ones, 1 unchanged, 0 faults\. Nothing was changed: .*--apply/,
    );
    expect(lab.changes()).toEqual({});
  });

  it('--apply makes contacts and owes each a request to confirm; again, it changes nothing', async () => {
    const list = 'alice,alice@example.org\nbob,bob@example.org\nbob2,bob@example.org\n';
    const { code, stderr } = await load(list, ['--domain', 'd-lab', '--apply']);
    expect(code).toBe(0);
    expect(stderr).toMatch(/Done: 3 taken in, 2 requests to confirm owed\. .*deliver/);
    expect(await owed()).toEqual(['confirmation alice@example.org', 'confirmation bob@example.org']);
    expect((await get('bob@example.org'))!.owners).toEqual(['d-lab/bob', 'd-lab/bob2']);
    const facts = (await outbox.owed(place, lab.clock.now, 100)).map(({ notice }) => notice.facts);
    expect(facts).toContainEqual(expect.objectContaining({ owners: ['d-lab/bob', 'd-lab/bob2'], number: 1 }));
    const again = await load(list, ['--domain', 'd-lab', '--apply']);
    expect(changes(again.stdout).map(([, , change]) => change)).toEqual(Array(3).fill('unchanged: has not confirmed'));
    expect(again.stderr).toMatch(/Done: 0 taken in, 0 requests/);
    expect(lab.changes()).toEqual({});
  });

  it('without a base URL makes contacts, and says that nobody is asked yet', async () => {
    const { code, stderr } = await load('alice,alice@example.org', ['--domain', 'd-lab', '--apply'], {} as typeof BASE);
    expect(code).toBe(0);
    expect(stderr).toMatch(/Nobody will be asked to confirm yet: asking needs CURFEW_BASE_URL/);
    expect(await get('alice@example.org')).toMatchObject({ consent: 'unconfirmed', asked: [] });
    expect(await owed()).toEqual([]);
  });

  it.each<[string, string | Buffer]>([
    ['a BOM, and the line ends of Windows', '\uFEFFprofile,address\r\nalice,alice@example.org\r\n'],
    ['quotes', '"profile","address"\n"alice","alice@example.org"\n'],
    ['semicolons, as some spreadsheets write', 'profile;address\nalice;alice@example.org\n'],
    ['tabs', 'alice\talice@example.org'],
    ['no line end, blanks and empty lines', '\n  alice , alice@example.org  \n\n,\n\n'],
    ['a head in another order, and more columns', 'Name,ADDRESS,team,Profile\nAlice A.,alice@example.org,x,alice\n'],
    ['the same line twice', 'alice,alice@example.org\nalice,Alice@example.org\n'],
  ])('reads %s', async (_, content) => {
    const { code, stdout } = await load(content);
    expect(code).toBe(0);
    expect(changes(stdout)).toEqual([['d-lab/alice', 'alice@example.org', '+ new']]);
  });

  it.each<[string, string]>([
    ["o-neil,o'neil+curfew@example.org", "o'neil+curfew@example.org"],
    ['jo,jo@exämple.org', 'jo@exämple.org'],
    ['zoe,"zoe@example.org"', 'zoe@example.org'],
  ])('takes %s', async (line, address) => {
    expect((await load(line, ['--domain', 'd-lab', '--apply'])).code).toBe(0);
    expect(await owed()).toEqual([`confirmation ${address}`]);
  });

  it('tells each fault with its line and what would be right, and takes in nothing of a list that has one', async () => {
    const list = [
      'profile,address', // 1
      'alice,alice@example.org', // 2
      'bob,bob@', // 3
      'no profile!,c@example.org', // 4
      'dora,dorä@example.org', // 5
      'lab/eve,eve@example.org', // 6
      'alice,other@example.org', // 7
      'x/d-lab/alice,alice@example.org', // 8
      'frank', // 9
    ].join('\n');
    const { code, stdout, lines, stderr } = await load(list, ['--domain', 'd-lab', '--apply']);
    expect(code).toBe(1);
    expect(stderr).not.toMatch(TRACE);
    expect(changes(stdout)).toEqual([['d-lab/alice', 'alice@example.org', '+ new']]);
    expect(lines.filter((line) => line.startsWith('people.csv:'))).toEqual([
      'people.csv:3  "bob@" is not a mail address such as jo@example.org',
      'people.csv:4  "no profile!" is not a user profile such as alice, or d-abcdefghijkl/alice',
      'people.csv:5  "dorä@example.org": SES takes plain ASCII only before the @',
      'people.csv:6  "lab" is not a domain\'s id such as d-abcdefghijkl',
      'people.csv:7  d-lab/alice has alice@example.org on line 2; which is it?',
      'people.csv:8  "x/d-lab/alice" is not a user profile such as alice, or d-abcdefghijkl/alice',
      'people.csv:9  "" is not a mail address such as jo@example.org',
    ]);
    expect(lines.at(-1)).toMatch(/7 faults\. Nothing was changed: mend the faults first/);
    expect(lab.changes()).toEqual({});
  });

  it.each<[string, string | Buffer, number, RegExp]>([
    ['nobody', '', 1, /people\.csv:1 {2}nobody is in it.*profile,address/],
    ['a head alone', 'profile,address\n', 1, /people\.csv:1 {2}nobody is in it/],
    ['three columns and no head', 'a,alice,alice@example.org\n', 1, /people\.csv:1 {2}3 columns.*profile,address/],
    ['a quote that does not end', 'alice,a@example.org\nbob,"b@example.org\n', 1, /people\.csv:2 {2}.*[Qq]uote/],
    ['a quote amid a cell', 'alice,"a"b@example.org\n', 1, /people\.csv:1 {2}.*[Qq]uote/],
    ['Latin-1', Buffer.from('zoë,zoe@example.org', 'latin1'), 2, /not UTF-8.*CSV UTF-8/],
    ['what is no text', Buffer.from([0xff, 0xfe, 0x61, 0]), 2, /not UTF-8/],
  ])('with %s in the file: told, nothing on stdout', async (_, content, code, words) => {
    const ran = await load(content);
    expect([ran.code, ran.stdout]).toEqual([code, '']);
    expect(ran.stderr).toMatch(words);
    expect(ran.stderr).not.toMatch(TRACE);
  });

  it('of a profile that names no domain: needs to know which, where there are several', async () => {
    const { code, stderr } = await load('alice,alice@example.org\nd-lab/bob,bob@example.org\n', []);
    expect(code).toBe(1);
    expect(stderr).toMatch(/people\.csv:1 {2}of which domain is alice\? Write d-…\/alice, or give --domain/);
    expect(stderr).not.toMatch(/people\.csv:2/);
  });

  it('warns where the policy gives a profile another address, or none: mail goes by the policy', async () => {
    const { code, stderr } = await load('alice,alice@elsewhere.example\nbob,BOB@example.org\n');
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^line 1: the policy gives alice alice@example\.org\. Mail goes by the policy.*owners\.exceptions/m,
    );
    expect(stderr).not.toMatch(/line 2/);
  });
});

describe('contacts import in a lab of one domain', () => {
  let small: Awaited<ReturnType<typeof startSmallLab>>;
  beforeAll(async () => {
    small = await startSmallLab();
  });
  afterAll(() => small.close());

  it('takes a profile that names no domain for one of it', async () => {
    const { code, stdout } = await small.load('alice,alice@example.org\n', '"{profile}@example.org"');
    expect(code).toBe(0);
    expect(readTable(stdout)[0]).toMatchObject({ PROFILE: 'd-only/alice', CHANGE: '+ new' });
  });

  it.each<[string, string, RegExp]>([
    ['a tag', '{ tag: email }', /line 2: the policy gives bob no address \(the tag email of bob is not set\)/],
    ['the SSO user name', 'sso', /line 2: the policy gives bob no address \(the SSO user name of bob is not set\)/],
  ])('holds it against %s', async (_, address, words) => {
    const { stderr } = await small.load('alice,alice@sso.example.org\nbob,bob@example.org\n', address);
    expect(stderr).toMatch(words);
    expect(stderr).not.toMatch(/line 1/);
    expect((await small.load('alice,other@example.org\n', address)).stderr).toMatch(
      /gives alice alice@sso\.example\.org/,
    );
  });

  it('where AWS does not tell: says so, and what else would do', async () => {
    small.aws.faults.add({ service: 'sagemaker', action: 'ListDomains', status: 400, code: 'AccessDeniedException' });
    const { code, stderr } = await small.load('alice,alice@example.org\n', '"{profile}@example.org"');
    expect(code).toBe(1);
    expect(stderr).toMatch(/the domains are incomplete .*sagemaker:ListDomains/);
    expect(stderr).toMatch(/people\.csv:1 {2}of which domain is alice\?/);
  });

  async function startSmallLab() {
    const world = await startWorld({ record: true });
    world.aws.studio.createDomain({ domainId: 'd-only', name: 'lab' });
    const alice = { ssoUser: 'alice@sso.example.org', tags: { email: 'alice@sso.example.org' } };
    world.aws.studio.createUserProfile({ domainId: 'd-only', name: 'alice', ...alice });
    world.aws.studio.createUserProfile({ domainId: 'd-only', name: 'bob' });
    const shell = await startShell({ ...world.aws.env, ...BASE, CURFEW_TABLE: await freshTable(world.dynamodb) });
    return {
      ...world,
      async load(list: string, address: string) {
        await shell.file('curfew.yml', POLICY.replace('"{profile}@example.org"', address));
        await shell.file('people.csv', list);
        return shell.curfew(['contacts', 'import', 'people.csv', '--now', new Date(world.clock.now).toISOString()]);
      },
      async close() {
        await world.aws.close();
        await shell.close();
      },
    };
  }
});
