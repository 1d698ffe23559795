import { awsError } from './answers.ts';

/** A mailbox as SES reads it: an optional name, and an address. */
export interface Mailbox {
  name: string;
  address: string;
  domain: string;
}

const bad = (message: string) => awsError('BadRequestException', message);

/** Reads one `Name <local@domain>` or `local@domain`, refusing what SES refuses, in its words. */
export function readMailbox(text: unknown): Mailbox {
  if (typeof text !== 'string' || text.trim() === '') throw bad('Illegal address');
  if (text.length > 320) throw bad('Address length is more than 320 characters long');
  const angled = /^(.*?)\s*<([^<>]*)>$/s.exec(text.trim());
  const address = (angled?.[2] ?? text).trim();
  const name = readName((angled?.[1] ?? '').trim());
  const at = address.lastIndexOf('@');
  if (at < 0) throw bad("Missing final '@domain'");
  const local = address.slice(0, at);
  const domain = address.slice(at + 1);
  if (local === '') throw bad('Missing local name');
  if (domain === '') throw bad('Missing domain');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  const blank = /[\s\x00-\x1f\x7f]/;
  if (blank.test(local)) throw bad('Local address contains control or whitespace');
  if (blank.test(domain)) throw bad('Domain contains control or whitespace');
  // SES does not speak SMTPUTF8: a local part is 7-bit, a domain must come as Punycode.
  if (!/^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+$/.test(local) || local.length > 64)
    throw bad('Local address contains illegal character');
  if (local.startsWith('.')) throw bad('Local address starts with dot');
  if (local.endsWith('.')) throw bad('Local address ends with dot');
  if (local.includes('..')) throw bad('Local address contains dot-dot');
  if (domain.startsWith('.')) throw bad('Domain starts with dot');
  if (domain.endsWith('.')) throw bad('Domain ends with dot');
  if (!/^[A-Za-z0-9.-]+$/.test(domain)) throw bad('Domain contains illegal character');
  if (!/^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}$/.test(domain))
    throw bad('Illegal address');
  return { name, address, domain: domain.toLowerCase() };
}

/** A display name is one quoted string, or words without specials; anything but ASCII must be an encoded word. */
function readName(name: string): string {
  if (name === '') return '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  if (/[\x00-\x1f\x7f]/.test(name)) throw bad('Local address contains control or whitespace');
  if (/[^ -~]/.test(name)) throw bad('Non-ASCII display name: use MIME encoded-word syntax');
  if (/^"([^"\\]|\\.)*"$/.test(name)) return name.slice(1, -1).replace(/\\(.)/g, '$1');
  if (/[",;:@<>()[\]\\]/.test(name)) throw bad('Illegal address');
  return name;
}

/** Whether an identity list vouches for an address: the address itself, its domain, or a domain above it. */
export function isVerified(identities: ReadonlySet<string>, mailbox: Mailbox): boolean {
  if (identities.has(mailbox.address)) return true;
  const labels = mailbox.domain.split('.');
  return labels.some((_, index) => identities.has(labels.slice(index).join('.')));
}

/** Whether a list holds an address: SES compares without regard to case. */
export function isIn(set: ReadonlySet<string>, mailbox: Mailbox): boolean {
  if (set.size === 0) return false;
  const wanted = mailbox.address.toLowerCase();
  return set.has(mailbox.address) || [...set].some((address) => address.toLowerCase() === wanted);
}

/** SES's mailbox simulator takes mail from everybody, also in the sandbox. */
export function isSimulator(mailbox: Mailbox): boolean {
  return mailbox.domain === 'simulator.amazonses.com';
}
