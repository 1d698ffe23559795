import { userInfo } from 'node:os';
import { callerOf } from '../wiring.ts';

/** The caller's ARN, else the user of this machine. */
export async function whoAmI(region: string): Promise<string> {
  const caller = await callerOf(region).catch(() => undefined);
  if (caller) return caller.arn;
  try {
    return userInfo().username;
  } catch {
    return 'somebody';
  }
}
