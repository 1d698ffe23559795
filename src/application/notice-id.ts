import { createHash } from 'node:crypto';

/** A notice's id: short enough for a database key whatever the names are, and with no address in it. */
export function noticeId(kind: string, about: string, to: string): string {
  return `${kind}-${createHash('sha256').update(`${about}\n${to}`).digest('base64url').slice(0, 32)}`;
}
