import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { labsOf, readArguments } from '../../simulate/arguments.ts';
import { mutated } from '../../simulate/mutants/catch.ts';
import { MUTANTS } from '../../simulate/mutants/list.ts';
import { shrink } from '../../simulate/shrink.ts';
import { DAY } from '../../simulate/spec.ts';
import type { Step } from '../../simulate/steps.ts';
import { liveLab, relive } from '../../simulate/timeline.ts';

const PEOPLE = 15;

describe('a simulated life', () => {
  test('is the same for the same seed, and another for another', async () => {
    const [once, twice, other] = [
      await liveLab('a.0', PEOPLE, 40 * DAY),
      await liveLab('a.0', PEOPLE, 40 * DAY),
      await liveLab('a.1', PEOPLE, 40 * DAY),
    ];
    expect(once.violation).toBeUndefined();
    expect(twice.lab.digest).toBe(once.lab.digest);
    expect(twice.steps).toEqual(once.steps);
    expect(twice.lab.counts).toEqual(once.lab.counts);
    expect(other.lab.digest).not.toBe(once.lab.digest);
  });

  test('lived again from its steps is the same, whatever chance would draw', async () => {
    const once = await liveLab('b.0', PEOPLE, 40 * DAY);
    const again = await relive('b.0', PEOPLE, structuredClone(once.steps));
    expect(again.lab.digest).toBe(once.lab.digest);
    expect(again.lab.counts).toEqual(once.lab.counts);
  });

  test('holds what may go wrong: a life in which nothing does proves nothing', async () => {
    const { lab, steps } = await liveLab('1.85', 40, 200 * DAY);
    const { faults, deaths, overlaps, stops, warned, mails, armed } = lab.counts;
    for (const [name, count] of Object.entries({ faults, deaths, overlaps, stops, warned, mails, armed }))
      expect(count, name).toBeGreaterThan(20);
    const done = new Set(steps.map((step) => step.do));
    const all =
      'beat deliver end event except fire listing metric news open own pause policy press profile renew report resume scan ses spend start stops tag use';
    for (const what of all.split(' ')) expect(done, what).toContain(what);
  });
});

describe('shrinking', () => {
  test('leaves the steps that a failure needs, and no others', async () => {
    const at = Array.from({ length: 4_000 }, (_, i) => i);
    const steps = at.map((i): Step => ({ at: i, do: 'scan', luck: i, ...(i % 7 === 0 ? { faults: [] } : {}) }));
    const needs = [17, 903, 3_500];
    const fails = async (part: Step[]) => needs.every((need) => part.some((step) => step.at === need));
    const short = await shrink(steps, fails);
    expect(short).toEqual(needs.map((need) => ({ at: need, do: 'scan' })));
  });
});

describe('mutants', () => {
  test.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    '%s: its text is still there, once',
    (_, mutant) => {
      expect(mutated(mutant)).toContain(mutant.to);
    },
  );

  test('one whose text is gone is an error', () => {
    expect(() => mutated({ name: 'x', file: 'src/domain/plan.ts', from: 'no such text', to: '' })).toThrow(
      'has rotted',
    );
  });
});

describe('the judge', () => {
  test.each(readdirSync('simulate/oracle'))('%s runs no code of the service', (file) => {
    const text = readFileSync(`simulate/oracle/${file}`, 'utf8');
    expect(text).not.toMatch(/from '(\.\.\/)*src\//);
    for (const [, from] of text.matchAll(/from '([^']+)'/g)) expect(from).toMatch(/^\.\/|^\.\.\/spec\.ts$/);
  });
});

test('nothing in the simulator asks the clock or chance of the machine', () => {
  const files = readdirSync('simulate', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const clocked = files.filter((file) =>
    /Date\.now|Math\.random|new Date\(\)/.test(readFileSync(`simulate/${file}`, 'utf8')),
  );
  expect(clocked).toEqual([]);
});

describe('npm run simulate', () => {
  test('a seed names its labs, one a year; a lab is itself', () => {
    expect(labsOf('x', 3)).toEqual(['x.0', 'x.1', 'x.2']);
    expect(labsOf('x.7', 3)).toEqual(['x.7']);
  });

  test.each([['--years', '0'], ['--years', 'ten'], ['--people', '1'], ['--nothing']])(
    '%s %s is wrong usage',
    (...argv) => {
      expect(readArguments(argv)).toHaveProperty('wrong');
    },
  );
});
