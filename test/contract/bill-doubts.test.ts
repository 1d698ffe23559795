import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ALICE, PAD } from './bill-contract.ts';
import { arnOf, tagsOf } from './bill-lines.ts';
import { LAB, line, startBill } from './bill-world.ts';

// What a bill may hold that it should not: the rest of it counts, and what was made of it is told.

const PROFILE_TAG = 'sagemaker:user-profile-arn';
const SPACE_TAG = 'sagemaker:space-arn';
const both = { ...tagsOf(ALICE), ...tagsOf(PAD) };

let world: Awaited<ReturnType<typeof startBill>>;
beforeEach(async () => {
  world = await startBill();
});
afterEach(() => world.aws.close());

describe('tags', () => {
  it.each([
    ['several $', `${arnOf(PAD)}$x$y`],
    ['only $', '$$'],
    ['no ARN', 'alice'],
    ['a profile’s ARN', arnOf(ALICE)],
    ['another service’s', arnOf(PAD).replace('sagemaker', 's3')],
    ['a domain’s', 'arn:aws:sagemaker:us-east-1:111122223333:domain/d-lab'],
    ['no name', 'arn:aws:sagemaker:us-east-1:111122223333:space/d-lab/'],
    ['too many parts', `${arnOf(PAD)}/more`],
  ])('a space’s tag of %s: untagged, and told', async (_, value) => {
    world.put(line({ tags: { [SPACE_TAG]: value } }), line({ tags: tagsOf(ALICE) }));
    const { days, faults } = await world.read();
    expect(days[0]!.rows).toEqual([
      { usage: LAB, amount: 1_000_000, holder: ALICE },
      { usage: LAB, amount: 1_000_000 },
    ]);
    expect(faults).toEqual([`the tag "${value}" is no ARN of a space: what carries it counts as untagged`]);
  });

  it('keep the case of names, and domains’ own; what is told of a value is told once', async () => {
    const upper = arnOf({ domainId: 'd-lab', userProfileName: 'Team-Lead-2' });
    world.put(
      line({ tags: { [PROFILE_TAG]: upper } }),
      line({ tags: { [PROFILE_TAG]: upper.toLowerCase() } }),
      line({ tags: { [PROFILE_TAG]: upper.replace('d-lab', 'D-LAB') }, amount: '2' }),
      line({ tags: { [PROFILE_TAG]: 'x' } }),
      line({ tags: { [PROFILE_TAG]: 'x' }, usage: 'USE1-Canvas:Session-Hrs' }),
    );
    const { days, faults } = await world.read();
    const names = days[0]!.rows.map(({ holder, amount }) => [holder?.domainId, holder?.userProfileName, amount]);
    expect(names.sort((a, b) => String(a).localeCompare(String(b)))).toEqual([
      [undefined, undefined, 1_000_000],
      [undefined, undefined, 1_000_000],
      ['d-lab', 'team-lead-2', 1_000_000],
      ['d-lab', 'Team-Lead-2', 3_000_000],
    ]);
    expect(faults).toHaveLength(1);
  });

  it('of two groups that only look alike are two', async () => {
    world.put(
      line({ usage: 'USE1-a b', tags: { [PROFILE_TAG]: 'c' } }),
      line({ usage: 'USE1-a', tags: { [PROFILE_TAG]: 'b c' } }),
    );
    const { days } = await world.read();
    expect(days[0]!.rows.map(({ usage, amount }) => [usage, amount])).toEqual([
      ['a', 1_000_000],
      ['a b', 1_000_000],
    ]);
  });

  it('of another account on what this one pays for: untagged, and told', async () => {
    world.put(line({ tags: { [PROFILE_TAG]: arnOf(ALICE, '444455556666') } }));
    const { days, faults } = await world.read('111122223333');
    expect(days[0]!.rows).toEqual([{ usage: LAB, amount: 1_000_000 }]);
    expect(faults[0]).toMatch(/444455556666.* is of another account: what carries it counts as untagged/);
  });
});

describe('tagged twice: the day’s sum stays what AWS billed', () => {
  const rows = async () => {
    const { days, faults } = await world.read();
    const [day] = days;
    return { rows: day!.rows.map(({ holder, amount }) => [holder, amount / 1e6]), faults };
  };

  it('all of it: as its profile’s', async () => {
    world.put(line({ amount: '5', tags: both }), line({ amount: '2', tags: tagsOf(ALICE) }));
    expect(await rows()).toEqual({
      rows: [[ALICE, 7]],
      faults: [expect.stringMatching(/2026-11-02, Studio:.* hold 5 USD more .*counts as its profile/)],
    });
  });

  it('all of it, but some of it by the space alone: as its space’s', async () => {
    world.put(line({ amount: '5', tags: both }), line({ amount: '2', tags: tagsOf(PAD) }));
    expect(await rows()).toEqual({ rows: [[PAD, 7]], faults: [expect.stringContaining('counts as its space')] });
  });

  it('some of it: nobody can say whose, so nobody’s', async () => {
    const others = [tagsOf({ ...ALICE, userProfileName: 'bob' }), tagsOf({ ...PAD, spaceName: 'den' })];
    world.put(line({ amount: '5', tags: both }), ...others.map((tags) => line({ amount: '2', tags })));
    expect(await rows()).toEqual({ rows: [[undefined, 9]], faults: [expect.stringContaining('counts as untagged')] });
  });
});

describe('a bill that moves between the two answers', () => {
  const moved = async (change: () => void) => {
    world.beforeCall(2, change);
    const { days, faults } = await world.read();
    return { ...days[0]!, faults };
  };

  it('counts as an estimate, at its newer total, and is told', async () => {
    world.put(line({ amount: '1', tags: tagsOf(ALICE) }), line({ amount: '2', tags: tagsOf(PAD) }));
    const day = await moved(() => world.put(line({ amount: '0.5', tags: tagsOf(PAD) })));
    expect(day).toMatchObject({
      isEstimated: true,
      rows: [
        { holder: ALICE, amount: 1_000_000 },
        { holder: PAD, amount: 2_500_000 },
      ],
      faults: [
        `2026-11-02, ${LAB}: the bill changed from 3 to 3.5 USD while it was read; the day counts as an estimate`,
      ],
    });
    expect(day.rows).toHaveLength(2);
  });

  it('and became less than was tagged: nobody’s, never a negative rest', async () => {
    world.put(line({ amount: '3', tags: tagsOf(ALICE) }));
    const day = await moved(() => {
      world.costExplorer.extras[0]!.amount = '2';
    });
    expect(day.isEstimated).toBe(true);
    expect(day.rows).toEqual([{ usage: LAB, amount: 2_000_000 }]);
    expect(day.faults).toEqual([expect.stringContaining('from 3 to 2'), expect.stringContaining('counts as untagged')]);
  });

  it('and lost a usage type altogether: the same', async () => {
    world.put(line({ amount: '3', tags: tagsOf(ALICE) }));
    const day = await moved(() => world.costExplorer.extras.pop());
    expect([day.isEstimated, day.rows]).toEqual([true, []]);
    expect(day.faults[0]).toContain('from 3 to 0 USD');
  });
});

describe('money', () => {
  it('that AWS took back: negative, and told', async () => {
    world.put(
      line({ amount: '-0.25', tags: tagsOf(ALICE) }),
      line({ amount: '1', tags: tagsOf(ALICE), usage: 'USE1-Canvas:Session-Hrs' }),
      line({ amount: '-0.5', usage: 'USE1-Canvas:Session-Hrs' }),
    );
    const { days, faults } = await world.read();
    expect(days[0]!.rows.toSorted((a, b) => a.amount - b.amount)).toEqual([
      { usage: 'Canvas:Session-Hrs', amount: -500_000 },
      { usage: LAB, amount: -250_000, holder: ALICE },
      { usage: 'Canvas:Session-Hrs', amount: 1_000_000, holder: ALICE },
    ]);
    expect(faults.sort()).toEqual([
      '2026-11-02, Canvas:Session-Hrs: AWS took back 0.5 USD of what carries no tag',
      `2026-11-02, ${LAB}: AWS took back 0.25 USD of profile d-lab/alice`,
    ]);
  });

  it('in other currencies: as billed, in no row', async () => {
    const yuan = { currency: 'CNY' };
    world.put(
      line({ amount: '7.10', ...yuan, tags: tagsOf(ALICE) }),
      line({ amount: '0.0000000001', ...yuan }),
      line(),
    );
    const { days } = await world.read();
    expect(days[0]!.rows).toEqual([{ usage: LAB, amount: 1_000_000 }]);
    expect(days[0]!.foreign).toEqual([{ usage: LAB, amount: '7.1000000001', currency: 'CNY' }]);
  });

  it('of a forecast in another currency, or of none: refused', async () => {
    const forecast = () => world.bill().forecast('us-east-1', '2026-11-23', '2026-12-01');
    for (let day = 10; day < 22; day++) world.put(line({ date: `2026-11-${day}` }));
    expect(await forecast()).toBe(8_000_000);
    world.costExplorer.tamper = ({ Total }) => ({ Total: { ...Total, Unit: 'EUR' } });
    await expect(forecast()).rejects.toMatchObject({ kind: 'fault', code: 'OtherCurrency' });
    world.costExplorer.tamper = () => ({});
    await expect(forecast()).rejects.toMatchObject({ kind: 'fault', code: 'MissingMetric' });
  });

  it('of credits in another currency, or that do not cover the time: refused', async () => {
    const credits = () => world.bill().credits('us-east-1', '2026-10-15', '2026-11-23');
    world.put(line({ amount: '-1', currency: 'EUR', recordType: 'Credit' }));
    await expect(credits()).rejects.toMatchObject({ kind: 'fault', code: 'OtherCurrency' });
    world.costExplorer.extras.length = 0;
    world.put(line({ amount: '-1', recordType: 'Refund' }));
    expect(await credits()).toBe(-1_000_000);
    for (const [first, last] of [
      [1, 2],
      [0, 1],
    ]) {
      world.costExplorer.tamper = (answer) => ({
        ...answer,
        ResultsByTime: answer.ResultsByTime.slice(first, last),
      });
      await expect(credits()).rejects.toMatchObject({ kind: 'fault', code: 'MissingDay' });
    }
  });
});

it('the embedded bill is empty where nothing was put on it', async () => {
  expect(world.costExplorer.lines()).toEqual([]);
  expect(await world.read()).toEqual({
    days: [{ date: '2026-11-02', isEstimated: false, rows: [], foreign: [] }],
    faults: [],
    requests: 2,
  });
});
