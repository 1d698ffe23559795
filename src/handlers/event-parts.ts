import * as z from 'zod';
import { DOMAIN_ID, type Holder, NAME } from '../domain/app.ts';
import { RefusedEvent } from './envelope.ts';

/** The name of an app, a space or a profile. */
export const appName = z.string().max(63).regex(NAME);
/** A domain's id. */
export const domainId = z.string().regex(DOMAIN_ID);

/** Who holds the app that an event names. Throws RefusedEvent unless it is exactly one. */
export function holderOf({
  spaceName,
  userProfileName,
}: {
  spaceName?: string | null | undefined;
  userProfileName?: string | null | undefined;
}): Holder {
  if (spaceName && !userProfileName) return { spaceName };
  if (userProfileName && !spaceName) return { userProfileName };
  throw new RefusedEvent('an app has either a userProfileName or a spaceName');
}

/** Reads a value by its schema. Throws RefusedEvent with what is wrong and where. */
export function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new RefusedEvent(z.prettifyError(parsed.error));
}
