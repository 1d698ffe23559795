/** An EventBridge event as CloudTrail sends it. */
export interface CloudTrailEvent {
  version: '0';
  id: string;
  'detail-type': 'AWS API Call via CloudTrail';
  source: 'aws.sagemaker';
  account: string;
  time: string;
  region: string;
  resources: string[];
  detail: Record<string, unknown> & {
    eventName: string;
    eventTime: string;
    requestParameters: Record<string, unknown>;
    responseElements: Record<string, unknown> | null;
    errorCode?: string;
    errorMessage?: string;
  };
}

/** Where a world lies: whose account, in which region and partition. */
export interface Place {
  account: string;
  region: string;
  partition: string;
}

/** One management call to tell CloudTrail about. */
export interface TrailCall {
  name: 'CreateApp' | 'DeleteApp' | 'CreateSpace' | 'CreateUserProfile';
  requestParameters: Record<string, unknown>;
  responseElements: Record<string, unknown> | null;
  /** The person behind it, for `sourceIdentity`; through the API instead where `api` is set. */
  by?: string | undefined;
  api?: boolean | undefined;
  /** EventBridge Scheduler made it. */
  scheduler?: boolean | undefined;
  error?: { code: string; message: string } | undefined;
}

/** Makes the function that turns calls into events. Ids come from a counter: the same calls give the same events. */
export function trail(place: Place, now: () => number): (call: TrailCall) => CloudTrailEvent {
  let count = 0;
  const uuid = (kind: number): string => `${kind}0000000-0000-4000-8000-${count.toString(16).padStart(12, '0')}`;
  return (call) => {
    count += 1;
    const time = new Date(now()).toISOString().replace(/\.\d+Z$/, 'Z');
    const caller = call.scheduler ? 'scheduler.amazonaws.com' : 'sagemaker.amazonaws.com';
    return {
      version: '0',
      id: uuid(1),
      'detail-type': 'AWS API Call via CloudTrail',
      source: 'aws.sagemaker',
      account: place.account,
      time,
      region: place.region,
      resources: [],
      detail: {
        eventVersion: '1.09',
        userIdentity: identity(place, call, time),
        eventTime: time,
        eventSource: 'sagemaker.amazonaws.com',
        eventName: call.name,
        awsRegion: place.region,
        sourceIPAddress: call.api ? '127.0.0.1' : caller,
        userAgent: call.api ? 'aws-sdk-js/3' : caller,
        requestParameters: call.requestParameters,
        responseElements: call.error === undefined ? call.responseElements : null,
        requestID: uuid(2),
        eventID: uuid(3),
        readOnly: false,
        eventType: 'AwsApiCall',
        managementEvent: true,
        recipientAccountId: place.account,
        eventCategory: 'Management',
        ...(call.error === undefined ? {} : { errorCode: call.error.code, errorMessage: call.error.message }),
      },
    };
  };
}

/**
 * Studio acts through a shared execution role, so the role says nothing of the person; an API call has its own. Scheduler acts with
 * the role of its schedule, and CloudTrail says by whom it was invoked, as it does of every AWS service (CloudTrail user guide,
 * "userIdentity element"); what else it says of a universal target is not certain.
 */
function identity(place: Place, call: TrailCall, time: string): Record<string, unknown> {
  const role = call.scheduler ? 'CurfewBackstopRole' : call.api ? 'CurfewRole' : 'SageMakerExecutionRole';
  const session = call.scheduler ? 'scheduler' : call.api ? 'curfew' : 'SageMaker';
  return {
    type: 'AssumedRole',
    principalId: `AROAEXAMPLE:${session}`,
    arn: `arn:${place.partition}:sts::${place.account}:assumed-role/${role}/${session}`,
    accountId: place.account,
    accessKeyId: 'ASIAEXAMPLE',
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        principalId: 'AROAEXAMPLE',
        arn: `arn:${place.partition}:iam::${place.account}:role/${role}`,
        accountId: place.account,
        userName: role,
      },
      webIdFederationData: {},
      attributes: { creationDate: time, mfaAuthenticated: 'false' },
      ...(call.by === undefined ? {} : { sourceIdentity: call.by }),
    },
    ...(call.api ? {} : { invokedBy: `${call.scheduler ? 'scheduler' : 'sagemaker'}.amazonaws.com` }),
  };
}
