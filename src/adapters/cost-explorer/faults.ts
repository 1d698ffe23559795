import { PortError } from '../../application/ports.ts';

/** Errors of Cost Explorer that asking again will not mend, and what may. */
const REFUSED: Record<string, string> = {
  DataUnavailableException:
    'AWS has no cost data for this time; they come about 24 hours after Cost Explorer was first opened',
  BillExpirationException: 'AWS keeps this bill no longer: ask for a later time',
  ValidationException: 'Cost Explorer takes no such request',
};

/** How AWS says that Cost Explorer is not for this account, whatever its rights. */
const NOT_ENABLED = /not enabled for cost explorer|(member|linked) account/i;
const ENABLE =
  'open Cost Explorer once in the Billing and Cost Management console of the management account (or of this one, where there is none), ' +
  'and let member accounts use it there (Cost Management preferences); figures come within 24 hours';

/** Does something at Cost Explorer; what it refuses says what to do. */
export async function advised<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    const { kind, code, message } = error;
    const options = { cause: error.cause };
    if ((kind === 'denied' || code in REFUSED) && NOT_ENABLED.test(message))
      throw new PortError('denied', code, `${message}. To mend it: ${ENABLE}`, options);
    if (code in REFUSED) throw new PortError('refused', code, `${message} (${REFUSED[code]})`, options);
    throw error;
  }
}

/** An answer that says less, or other things, than was asked: nothing of it counts. */
export function badAnswer(code: string, where: string, what: string): PortError {
  return new PortError('fault', code, `Cost Explorer's answer, ${where}: ${what}`);
}
