import * as z from 'zod';
import type { Holder } from '../domain/app.ts';
import { RefusedEvent } from './envelope.ts';

/** AWS's own pattern for the names of apps, spaces and profiles; domain ids fit it too. */
export const appName = z
  .string()
  .max(63)
  .regex(/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/);
/** A domain's id. */
export const domainId = z.string().regex(/^d-[a-zA-Z0-9-]{1,61}$/);

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
