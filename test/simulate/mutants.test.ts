import { expect, test } from 'vitest';
import { catchMutants } from '../../simulate/mutants/catch.ts';
import { MUTANTS } from '../../simulate/mutants/list.ts';

/**
 * Each is planted, and lived first in a lab that is known to catch it. Where a life has changed since, one is looked for, which
 * takes longer: `npm run simulate -- --mutants --json` names the labs that `lab` in the lists is to be.
 */
test('every mutant is caught', { timeout: 600_000 }, async () => {
  const catches = await catchMutants(MUTANTS, { seed: '1', people: 40, isHurried: true });
  expect(catches.filter(({ caught }) => !caught).map(({ mutant }) => mutant)).toEqual([]);
  expect(catches.length).toBeGreaterThan(60);
});
