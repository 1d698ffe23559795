import { type Finding, notKnown } from '../domain/checkup/finding.ts';
import { PortError } from './ports.ts';

/** Why a check had nothing to go by. */
class Lacking extends Error {}

/** What AWS's SDK and services say of credentials that are not there, or not good any more. */
const OF_CREDENTIALS =
  /^(CredentialsProvider|TokenProvider|ExpiredToken|UnrecognizedClient|InvalidClientTokenId|InvalidSignature|SignatureDoesNotMatch|MissingAuthenticationToken)/;

/** Whether a call was turned away for its credentials: rights are no answer to that. */
export function isOfCredentials(error: unknown): boolean {
  return error instanceof PortError && OF_CREDENTIALS.test(error.code);
}

/** A check that could not be made, as a finding. */
export function unanswered(check: string, error: unknown): Finding {
  if (error instanceof Lacking) return notKnown(check, `not looked at: ${error.message}`);
  // The check of the credentials says what is wrong with them, and what to do.
  if (isOfCredentials(error)) return notKnown(check, 'not looked at: AWS takes no credentials of yours');
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
