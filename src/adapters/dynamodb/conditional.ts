import { PortError } from '../../application/ports.ts';

/** Runs a conditional write; `false` when the condition did not hold. */
export async function conditional(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (error instanceof PortError && error.code === 'ConditionalCheckFailedException') return false;
    throw error;
  }
}
