import { describe, expect, test } from 'vitest';
import { distance, near } from '../../src/domain/spelling.ts';

test('texts are as many letters apart as must be put in, left out or exchanged', () => {
  expect([distance('', 'abc'), distance('abc', 'abc'), distance('carol', 'carrol'), distance('ab', 'ba')]).toEqual([
    3, 0, 1, 2,
  ]);
});

describe('what may have been meant', () => {
  const owners = ['d-lab/carol', 'd-lab/bob', 'd-class/alice', 'd-lab/alice'];
  test.each([
    ['carrol', ['d-lab/carol']],
    ['d-class/carol', ['d-lab/carol']],
    ['Alise', ['d-class/alice', 'd-lab/alice']],
    ['bo', []],
    // Of three letters two are another name.
    ['d-lab/zoe', []],
    ['aro', ['d-lab/carol']],
  ])('%s', (name, meant) => expect(near(name, owners)).toEqual(meant));

  test('a domain, by its id or its name', () => {
    const domains = ['d-abcdefghijkl (vision-lab)', 'd-mnopqrstuvwx (class)'];
    expect(near('vison-lab', domains)).toEqual([domains[0]]);
    expect(near('d-mnopqrstuvwy', domains)).toEqual([domains[1]]);
  });
});
