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

/**
 * Of some names those that may have been meant: a third of their letters apart at most, and two, or one within the other; the nearest
 * first. Of `d-…/alice` the profile counts, and of `d-… (lab)` either part.
 */
export function near(name: string, names: Iterable<string>): string[] {
  const meant = name.toLowerCase();
  const own = meant.slice(meant.lastIndexOf('/') + 1);
  const most = Math.min(2, Math.floor(own.length / 3));
  const ranked = [...new Set(names)].map((one) => {
    const said = one.toLowerCase();
    const parts = said.split(/[\s/()]+/).filter((part) => part !== '');
    const apart = Math.min(distance(meant, said), ...parts.map((part) => distance(own, part)));
    return { one, apart, isPart: own.length > 2 && said.includes(own) };
  });
  return ranked
    .filter(({ apart, isPart }) => apart <= most || isPart)
    .sort((a, b) => a.apart - b.apart || (a.one < b.one ? -1 : 1))
    .map(({ one }) => one);
}
