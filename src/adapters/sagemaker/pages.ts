import { PortError } from '../../application/ports.ts';
import { call } from '../aws-error.ts';

/** Reads page after page until there is no token. A token that comes back unchanged would never end: it is a fault. */
export async function pages(
  action: string,
  read: (token: string | undefined) => Promise<string | undefined>,
): Promise<void> {
  let token: string | undefined;
  do {
    const next = await call(action, () => read(token));
    if (next && next === token)
      throw new PortError('fault', 'RepeatedToken', `${action}: AWS gave the same page token twice`);
    token = next;
  } while (token);
}
