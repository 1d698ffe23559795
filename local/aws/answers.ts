/** What a service answers, before it becomes an HTTP response. */
export interface Answer {
  status: number;
  contentType: string;
  headers?: Record<string, string>;
  body: string | Buffer;
}

/** A refusal in AWS's own words: `code` is the exception's name, `status` the HTTP status. */
export interface AwsError extends Error {
  code: string;
  status: number;
}

/** The services that the embedded AWS speaks, by the names that the SDK's endpoint variables carry. */
export type Service =
  | 'sagemaker'
  | 'dynamodb'
  | 'sesv2'
  | 'resource-groups-tagging-api'
  | 'sts'
  | 'ssm'
  | 'pricing'
  | 'eventbridge'
  | 'cloudwatch'
  | 'cloudtrail'
  | 'cost-explorer'
  | 'iam'
  | 'lambda'
  | 'scheduler';

/** A request's body once parsed. Tests look into it freely, so it is not typed further. */
// biome-ignore lint/suspicious/noExplicitAny: every operation has a form of its own, checked by the operation itself.
export type Input = any;

/** Makes an error that is sent to the client as AWS would send it. */
export function awsError(code: string, message: string, status = 400): AwsError {
  return Object.assign(new Error(message), { code, status });
}

/** `ValidationException`, the refusal that most malformed requests get. */
export function invalid(message: string): AwsError {
  return awsError('ValidationException', message);
}

/** Tells whether a thrown value is a refusal, as opposed to a fault of ours. */
export function isAwsError(error: unknown): error is AwsError {
  return error instanceof Error && 'code' in error && 'status' in error;
}

const jsonTypes: Record<Service, string> = {
  sagemaker: 'application/x-amz-json-1.1',
  dynamodb: 'application/x-amz-json-1.0',
  'resource-groups-tagging-api': 'application/x-amz-json-1.1',
  ssm: 'application/x-amz-json-1.1',
  pricing: 'application/x-amz-json-1.1',
  sesv2: 'application/json',
  sts: 'text/xml',
  eventbridge: 'application/x-amz-json-1.1',
  cloudwatch: 'application/x-amz-json-1.0',
  cloudtrail: 'application/x-amz-json-1.1',
  'cost-explorer': 'application/x-amz-json-1.1',
  iam: 'text/xml',
  lambda: 'application/json',
  scheduler: 'application/json',
};

/** Wraps a successful result in the service's protocol; no result is an empty body, as for DeleteApp. */
export function success(service: Service, result: unknown): Answer {
  return {
    status: 200,
    contentType: jsonTypes[service],
    body: typeof result === 'string' ? result : result === undefined ? '' : JSON.stringify(result),
  };
}

/** Wraps a refusal in the service's protocol: `__type`, an `x-amzn-ErrorType` header, or XML. */
export function failure(service: Service, error: { code: string; status: number; message: string }): Answer {
  const { code, status, message } = error;
  if (service === 'sts' || service === 'iam') {
    const fault = status >= 500 ? 'Receiver' : 'Sender';
    const body =
      `<ErrorResponse xmlns="${service === 'sts' ? 'https://sts.amazonaws.com/doc/2011-06-15/' : 'https://iam.amazonaws.com/doc/2010-05-08/'}"><Error>` +
      `<Type>${fault}</Type><Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message>` +
      '</Error><RequestId>00000000-0000-4000-8000-000000000000</RequestId></ErrorResponse>';
    return { status, contentType: jsonTypes[service], body };
  }
  if (service === 'sesv2' || service === 'lambda' || service === 'scheduler') {
    return {
      status,
      contentType: jsonTypes[service],
      headers: { 'x-amzn-ErrorType': code },
      body: JSON.stringify(service === 'scheduler' ? { Message: message } : { message }),
    };
  }
  const type = service === 'dynamodb' && !code.includes('#') ? `com.amazonaws.dynamodb.v20120810#${code}` : code;
  // The tagging API and SageMaker's modelled errors spell it `Message`, DynamoDB and the common errors `message`.
  const spelling = /^(Resource(NotFound|InUse|LimitExceeded)$|Pagination|InvalidParameter|ParameterNotFound)/.test(code)
    ? { Message: message }
    : { message };
  // CloudWatch spoke Query before it spoke JSON, and still names its errors as it did then.
  const query =
    service === 'cloudwatch' ? { 'x-amzn-query-error': `${code};${status < 500 ? 'Sender' : 'Receiver'}` } : {};
  const body = JSON.stringify({ __type: type, ...spelling });
  return { status, contentType: jsonTypes[service], headers: query, body };
}

/** Escapes text for XML. */
export function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** The refusal that every operation gets which the embedded AWS does not have. */
export function unknownOperation(service: Service, action: string): AwsError {
  return awsError('UnknownOperationException', `The embedded AWS does not have ${service} ${action}.`, 404);
}
