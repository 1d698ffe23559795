import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const page = readFileSync('docs/idleness.md', 'utf8');
const situations = [...page.matchAll(/^\| (\d+) \| ([^|]+) \|/gm)].map(([, number, situation]) => ({
  number,
  situation,
}));
const proofs = [...page.matchAll(/^- (\d+): `(test\/[^`]+)` "([^"]+)"$/gm)].map(([, number, file, name]) => ({
  number: number!,
  file: file!,
  name: name!,
}));

/** Whether a file has a test of that title, written out or as the first word of a table's row. */
function hasTest(file: string, name: string): boolean {
  const title = name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(\\b(it|test)\\(|\\[)\\s*'${title}',`).test(readFileSync(file, 'utf8'));
}

describe('the table of docs/idleness.md', () => {
  test('has a dozen situations or more, each with its proof', () => {
    expect(situations.length).toBeGreaterThanOrEqual(12);
    expect(situations.map(({ number }) => number)).toEqual(situations.map((_, i) => String(i + 1)));
    expect([...new Set(proofs.map(({ number }) => number))]).toEqual(situations.map(({ number }) => number));
  });

  test.each(proofs)('$number: $name', ({ file, name }) => {
    expect(hasTest(file, name), `${file} has no test "${name}"`).toBe(true);
  });

  test('would miss a name that no test has', () => {
    expect(hasTest('test/agent/decision.test.ts', 'a kernel busy')).toBe(false);
  });
});
