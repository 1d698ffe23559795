import { describe, expect, it } from 'vitest';
import { formKeyOf, isSecretOf, makeLinks, readToken } from '../../src/application/link-token.ts';
import { PURPOSES } from '../../src/domain/mail-link.ts';

describe('the tokens of a mail', () => {
  it('opens what it was made for, and nothing else', () => {
    const { id, hashes, tokens } = makeLinks(PURPOSES);
    for (const made of PURPOSES) {
      const token = tokens[made]!;
      expect(readToken(token)).toEqual({ id, token });
      for (const purpose of PURPOSES) expect(isSecretOf({ hashes }, purpose, token)).toBe(purpose === made);
    }
  });

  it('binds a hash to its purpose: moved to another in the table it opens nothing, and no form gives it away', () => {
    const { hashes, tokens } = makeLinks(['confirm']);
    expect(isSecretOf({ hashes: { stop: hashes.confirm! } }, 'stop', tokens.confirm!)).toBe(false);
    expect(formKeyOf(tokens.confirm!)).not.toBe(hashes.confirm);
  });

  it('keeps no token in its hashes, and never makes one twice', () => {
    const made = Array.from({ length: 100 }, () => makeLinks(PURPOSES));
    const secrets = made.flatMap(({ tokens }) => Object.values(tokens).map((token) => token.split('.')[1]!));
    expect(new Set(secrets).size).toBe(100 * PURPOSES.length);
    expect(new Set(made.map(({ id }) => id)).size).toBe(100);
    const kept = JSON.stringify(made.map(({ id, hashes }) => ({ id, hashes })));
    for (const secret of secrets) expect(kept).not.toContain(secret);
  });

  it('has hashes only for the purposes that the mail offers', () => {
    const { hashes, tokens } = makeLinks(['unsubscribe']);
    expect(Object.keys(hashes)).toEqual(['unsubscribe']);
    expect(Object.keys(tokens)).toEqual(['unsubscribe']);
    expect(isSecretOf({ hashes }, 'stop', tokens.unsubscribe!)).toBe(false);
  });

  it.each(['', '.', 'a.b', `${'a'.repeat(22)}.${'b'.repeat(42)}`, `${'a'.repeat(22)}.${'b'.repeat(43)}\n`, '%2e', 'é'])(
    'reads nothing from %j',
    (text) => {
      expect(readToken(text)).toBeUndefined();
      expect(isSecretOf(undefined, 'confirm', text)).toBe(false);
    },
  );
});
