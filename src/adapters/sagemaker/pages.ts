import { PortError } from '../../application/ports.ts';
import { call } from '../aws-error.ts';

/** Reads page after page until there is no token. A token that comes again would never end, each page at a price: it is a fault. */
export async function pages(
  action: string,
  read: (token: string | undefined) => Promise<string | undefined>,
): Promise<void> {
  const seen = new Set<string>();
  let token: string | undefined;
  do {
    const next = await call(action, () => read(token));
    if (next && seen.has(next))
      throw new PortError('fault', 'RepeatedToken', `${action}: AWS gave the same page token twice`);
    if (next) seen.add(next);
    token = next;
  } while (token);
}
