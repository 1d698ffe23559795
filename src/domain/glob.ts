const patterns = new Map<string, RegExp>();

/** Whether `text` fits a pattern in which `*` stands for any run of characters and `?` for one. Case does not count. */
export function fits(pattern: string, text: string): boolean {
  let regex = patterns.get(pattern);
  if (!regex) {
    const source = pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    regex = new RegExp(`^${source}$`, 'is');
    patterns.set(pattern, regex);
  }
  return regex.test(text);
}

/** Whether everything that `narrow` fits, `wide` fits too. May miss a case, never claims one wrongly. */
export function covers(wide: string, narrow: string): boolean {
  // A `*` inside the narrow pattern stands for any text, so only a `*` of the wide one may swallow it:
  // replaced by a character that no literal and no `?` may stand for.
  const probe = narrow.replaceAll('*', '\u0000');
  if (wide.includes('?') && probe.includes('\u0000')) return wide === narrow;
  return fits(wide, probe.replaceAll('?', '\u0001'));
}
