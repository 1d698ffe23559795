import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamodbContacts } from '../../src/adapters/dynamodb/contacts.ts';
import { dynamodbOutbox } from '../../src/adapters/dynamodb/outbox.ts';
import { createTable } from '../../src/adapters/dynamodb/table.ts';
import { weekOf } from '../../src/domain/report/week.ts';
import { TRACE } from './curfew.ts';
import { POLICY, startLab } from './lab.ts';

const place = { account: '111122223333', region: 'us-east-1' };

let lab: Awaited<ReturnType<typeof startLab>>;
let week: string;
const curfew = (...args: string[]) => lab.curfew([...args, ...lab.now(), '--table', 'curfew']);
const report = (...args: string[]) => curfew('report', '--week', week, ...args);
beforeAll(async () => {
  lab = await startLab();
  week = weekOf(lab.clock.now, 'UTC').name;
  await lab.file('curfew.yml', `${POLICY}\nteams: { d-lab: { leads: [lead@example.org] } }\n`);
  await createTable(lab.dynamodb, 'curfew');
  await curfew('scan', '--apply');
  const contacts = dynamodbContacts(lab.dynamodb, 'curfew');
  const carol = (await contacts.get(place, 'carol@example.org'))!;
  await contacts.change(carol, { ...carol, consent: 'confirmed' });
});
afterAll(() => lab.close());

describe('report', () => {
  it('is the account’s, as its mail says it', async () => {
    const { code, stdout, stderr } = await report();
    expect([code, stderr.match(TRACE)]).toEqual([0, null]);
    expect(stdout).toMatch(/^Week \d\d, /);
    expect(stdout).toMatch(/The account spent \$/);
    for (const heading of ['WHO SPENT IT', 'WHERE IT WENT', 'RUNNING NOW', 'WHAT THESE FIGURES ARE'])
      expect(stdout).toContain(heading);
    expect(stdout).not.toMatch(/undefined|NaN/);
  });

  it('says what `spend` says, to the micro-dollar, as JSON and CSV', async () => {
    const [json, csv, spend] = await Promise.all([
      report('--owner', 'carol', '--json'),
      report('--owner', 'd-lab/carol', '--csv'),
      curfew('spend', '--owner', 'carol', '--period', 'week', '--json'),
    ]);
    const facts = JSON.parse(json.stdout);
    const { rows } = JSON.parse(spend.stdout) as { rows: { spentUsd: number }[] };
    const spent = rows.reduce((sum, { spentUsd }) => sum + Math.round(spentUsd * 1e6), 0);
    expect(facts).toMatchObject({ scope: 'owner', week, whose: 'carol' });
    expect(Math.round(facts.spentUsd * 1e6)).toBe(spent);
    const [head, ...lines] = csv.stdout.trim().split('\r\n');
    expect(head).toMatch(/^kind,name,owner,app_type,instance_type,spent_usd,hours_up,/);
    const column = lines.map((line) => Math.round(Number(line.split(',')[5]) * 1e6));
    expect(column.reduce((sum, one) => sum + one, 0)).toBe(spent);
    const bases = lines.map((line) => line.split(',').at(-1));
    expect([...new Set(bases)]).toEqual(['list price of 2026-09-24 (as it came with Curfew)']);
  });

  it('is written as a page that stands alone', async () => {
    const file = await lab.file('report.html', '');
    const { code, stderr, stdout } = await report('--owner', 'carol', '--to', file);
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toContain(`Written: ${file}`);
    const html = await readFile(file, 'utf8');
    expect(html).toMatch(/^<!doctype html>[\s\S]*<svg/);
    expect(html).not.toMatch(/<script|<link|<img|url\(|https?:\/\/(?!www\.w3)/);
  });

  it('is sent to who may get it, once', async () => {
    const first = await report('--owner', 'carol', '--send');
    expect([first.code, first.stderr]).toEqual([0, expect.stringContaining('carol@example.org: owed\n')]);
    const again = await report('--owner', 'carol', '--send');
    expect([again.code, again.stderr]).toEqual([
      0,
      expect.stringContaining('carol@example.org: owed before, and still to be sent'),
    ]);
    expect((await report('--team', 'd-lab', '--send')).stderr).toContain('lead@example.org: owed');
    const outbox = dynamodbOutbox(lab.dynamodb, 'curfew');
    const owed = await outbox.owed(place, lab.clock.now, 100);
    const reports = owed.filter(({ notice }) => notice.facts.kind === 'report').map(({ notice }) => notice.to);
    expect(reports.sort()).toEqual(['carol@example.org', 'lead@example.org']);
    const { notice } = owed.find(({ notice }) => notice.to === 'carol@example.org')!;
    await outbox.settle(notice, { kind: 'sent', messageId: 'm-1' }, lab.clock.now);
    const sent = await report('--owner', 'carol', '--send');
    expect(sent.stderr).toMatch(/carol@example\.org: already sent, \d\d:\d\d\n/);
    const nobody = await report('--owner', 'd-lab/zoe', '--send');
    expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringContaining('Nobody is there to get it')]);
  });

  it.each([
    [['--week', '2026-W54'], '--week 2026-W54: not a week such as 20'],
    [['--week', '2090-W01'], '--week 2090-W01: has not begun yet'],
    [['--owner', 'nobody'], 'nobody on record is called "nobody"'],
    [['--team', 'nobody'], '--team nobody: no such team'],
    [['--owner', 'carol', '--admin'], '--owner, --team and --admin: name one of them'],
    [['--json', '--csv'], '--json and --csv: name one of them'],
    [['--to', '/nowhere/report.html'], '--to /nowhere/report.html: there is no such folder'],
  ])('%j is refused, with what would be right', async (args, message) => {
    const { code, stderr } = await curfew('report', ...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('needs a table', async () => {
    const { code, stderr } = await lab.curfew(['report', ...lab.now()]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('`report` needs a table')]);
  });
});
