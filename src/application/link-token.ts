import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { MailLink, Purpose } from '../domain/mail-link.ts';

/** 128 random bits name a mail's links; 256 more are each link's secret. As base64url: 22 and 43 characters. */
const ID_BYTES = 16;
const SECRET_BYTES = 32;
const TOKEN = /^([A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{43}$/;

/** Makes the links of one mail: the tokens go into the mail and nowhere else, the hashes into the table. */
export function makeLinks(purposes: readonly Purpose[]): {
  id: string;
  hashes: MailLink['hashes'];
  tokens: Partial<Record<Purpose, string>>;
} {
  const random = randomBytes(ID_BYTES + SECRET_BYTES * purposes.length);
  const id = random.toString('base64url', 0, ID_BYTES);
  const tokens = purposes.map((purpose, i) => {
    const at = ID_BYTES + SECRET_BYTES * i;
    return [purpose, `${id}.${random.toString('base64url', at, at + SECRET_BYTES)}`];
  });
  const hashes = tokens.map(([purpose, token]) => [purpose, hashOf(purpose!, token!).toString('base64url')]);
  return { id, hashes: Object.fromEntries(hashes), tokens: Object.fromEntries(tokens) };
}

/** Reads a token's form, strictly; undefined for whatever no mail of ours ever held. */
export function readToken(text: string): { id: string; token: string } | undefined {
  const id = TOKEN.exec(text)?.[1];
  return id === undefined ? undefined : { id, token: text };
}

/** Whether a token is the link's own for this purpose. Takes as long for a wrong one, and for a link that is not there. */
export function isSecretOf(link: Pick<MailLink, 'hashes'> | undefined, purpose: Purpose, token: string): boolean {
  const kept = Buffer.from(link?.hashes[purpose] ?? NO_HASH, 'base64url');
  const given = hashOf(purpose, token);
  return kept.length === given.length && timingSafeEqual(kept, given);
}

/** What the form of a link's page gives back: whoever has the token can make it, and no other site has. */
export function formKeyOf(token: string): string {
  return hashOf('form', token).toString('base64url');
}

/** What a token is kept as. Its purpose is part of it: one link's token is no other's. */
function hashOf(purpose: string, token: string): Buffer {
  return createHash('sha256').update(`${purpose}.${token}`).digest();
}

/** No token has it: it is no hash of 256 random bits that anybody has. */
const NO_HASH = Buffer.alloc(32).toString('base64url');
