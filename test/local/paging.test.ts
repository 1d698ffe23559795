import fc from 'fast-check';
import { expect, it } from 'vitest';
import { issueToken, type Key, readToken, takePage } from '../../local/aws/paging.ts';

const row = fc.record({ sort: fc.integer({ min: 0, max: 5 }), isShown: fc.boolean() });

it('gives every accepted row once and in order, whatever the page size and direction', () => {
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 40 }),
      fc.integer({ min: 1, max: 7 }),
      fc.boolean(),
      (made, limit, descending) => {
        const rows = made.map((fields, seq) => ({ ...fields, seq })).sort((a, b) => a.sort - b.sort || a.seq - b.seq);
        const wanted = rows.filter((each) => each.isShown);
        if (descending) wanted.reverse();
        const seen: typeof rows = [];
        let after: Key | undefined;
        do {
          const keyOf = (each: (typeof rows)[number]): Key => [each.sort, each.seq];
          const { page, last } = takePage(rows, keyOf, { after, limit, descending, accepts: (each) => each.isShown });
          seen.push(...page);
          expect(page.length === limit || last === undefined).toBe(true);
          after = last;
        } while (after !== undefined);
        expect(seen).toEqual(wanted);
      },
    ),
  );
});

it('takes no token that was changed anywhere', () => {
  const token = issueToken('query', [1_795_424_400_123, 7], 1000);
  expect(readToken('query', token, 2000)).toEqual([1_795_424_400_123, 7]);
  expect(readToken('other', token, 2000)).toBe('other query');
  expect(readToken('query', token, 2001, 1000)).toBe('expired');
  for (let at = 0; at < token.length; at += 1) {
    const changed = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
    expect(readToken('query', changed, 2000)).toBe('garbage');
  }
  fc.assert(fc.property(fc.string(), (text) => readToken('query', text, 2000) === 'garbage'));
});
