/** How many letters two texts are apart: put in, left out, or exchanged. */
export function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** Of some names those that may have been meant: two letters apart at most, or one within the other; the nearest first. */
export function near(name: string, names: Iterable<string>): string[] {
  const meant = name.toLowerCase();
  const ranked = [...new Set(names)].map((one) => {
    const said = one.toLowerCase();
    // Of `d-…/alice` the profile alone may be what was typed, and of `d-… (lab)` either.
    const parts = [said, ...said.split(/[\s/()]+/).filter((part) => part !== '')];
    const apart = Math.min(...parts.map((part) => distance(meant, part)));
    return { one, apart, isPart: meant.length > 2 && (said.includes(meant) || meant.includes(said)) };
  });
  return ranked
    .filter(({ apart, isPart }) => apart <= 2 || isPart)
    .sort((a, b) => a.apart - b.apart || (a.one < b.one ? -1 : 1))
    .map(({ one }) => one);
}
