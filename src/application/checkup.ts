import { type Finding, notKnown } from '../domain/checkup/finding.ts';
import { PortError } from './ports.ts';

/** Why a check had nothing to go by. */
class Lacking extends Error {}

/** A check that could not be made, as a finding. */
export function unanswered(check: string, error: unknown): Finding {
  if (error instanceof Lacking) return notKnown(check, `not looked at: ${error.message}`);
  const why = error instanceof Error ? error.message : String(error);
  const isDenied = error instanceof PortError && error.kind === 'denied';
  return notKnown(
    check,
    `not answered: ${why}`,
    ...(isDenied ? ['docs/deploy.md lists the rights that `doctor` needs'] : []),
  );
}

/** Leaves a check, for want of what it rests on. */
export function lacking(why: string): never {
  throw new Lacking(why);
}

/** Asks once, however many want to know. */
export function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => {
    asked ??= ask();
    return asked;
  };
}
