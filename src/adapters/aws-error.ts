import { PortError } from '../application/ports.ts';

const DENIED =
  /^(AccessDenied|UnauthorizedOperation|UnrecognizedClient|InvalidClientTokenId|ExpiredToken|InvalidSignature|SignatureDoesNotMatch|MissingAuthenticationToken|OptInRequired|CredentialsProvider|TokenProvider)/;
const THROTTLED =
  /Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|ProvisionedThroughputExceeded|^LimitExceededException$/;

/**
 * Turns whatever the SDK throws into one of the few faults that ports know, with the SDK's error as `cause`.
 * @param action the IAM action that the call needs: the message names it where the right is missing
 * @param refused error names that mean that asking again is of no use
 */
export function toPortError(error: unknown, action: string, refused: string[] = []): PortError {
  if (error instanceof PortError) return error;
  const { name, message, $metadata, $retryable } = error as Error & {
    $metadata?: { httpStatusCode?: number };
    $retryable?: { throttling?: boolean };
  };
  const options = { cause: error };
  if (/^CredentialsProvider|^TokenProvider/.test(name)) {
    return new PortError(
      'denied',
      name,
      `no AWS credentials: ${message} (run \`aws login\`, or set AWS_PROFILE)`,
      options,
    );
  }
  if (DENIED.test(name))
    return new PortError('denied', name, `${action} is not allowed to these credentials: ${message}`, options);
  if (THROTTLED.test(name) || $retryable?.throttling || $metadata?.httpStatusCode === 429) {
    return new PortError('throttled', name, `${action}: ${message}`, options);
  }
  return new PortError(refused.includes(name) ? 'refused' : 'fault', name, `${action}: ${message || name}`, options);
}

/** Calls AWS, and throws PortError for whatever fails. */
export async function call<T>(action: string, send: () => Promise<T>, refused: string[] = []): Promise<T> {
  try {
    return await send();
  } catch (error) {
    throw toPortError(error, action, refused);
  }
}
