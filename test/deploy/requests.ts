import type { Call } from '../../local/aws/calls.ts';
import { PLACE } from '../../stack/check/resolve.ts';

/** What IAM is asked when a call arrives: the action, and everything that it touches. */
export interface Asked {
  action: string;
  resources: string[];
  /** What AWS knows besides. */
  context?: Record<string, string>;
}

const PREFIXES: Partial<Record<Call['service'], string>> = {
  sesv2: 'ses',
  'resource-groups-tagging-api': 'tag',
  'cost-explorer': 'ce',
};

const arn = (service: string, rest: string) =>
  `arn:${PLACE.partition}:${service}:${PLACE.region}:${PLACE.account}:${rest}`;

/** The IAM requests behind a call to the embedded AWS: whoever makes a schedule also lends Scheduler its role. */
export function askedOf({ service, action, input }: Call): Asked[] {
  const asked = {
    action: `${PREFIXES[service] ?? service}:${action}`,
    resources: resourcesOf({ service, action, input }),
  };
  const role: string | undefined = service === 'scheduler' ? input.Target?.RoleArn : undefined;
  if (!role) return [asked];
  const context = { 'iam:PassedToService': 'scheduler.amazonaws.com' };
  return [asked, { action: 'iam:PassRole', resources: [role], context }];
}

function resourcesOf({ service, action, input }: Call): string[] {
  switch (service) {
    case 'dynamodb':
      return [arn('dynamodb', `table/${input.TableName}${input.IndexName ? `/index/${input.IndexName}` : ''}`)];
    case 'ssm':
      return [arn('ssm', `parameter${input.Name}`)];
    case 'sesv2': {
      if (action !== 'SendEmail') return ['*'];
      const [, domain] = /@([^<>]+)>?$/.exec(input.FromEmailAddress) ?? [];
      return [arn('ses', `identity/${domain}`), arn('ses', `configuration-set/${input.ConfigurationSetName}`)];
    }
    case 'sagemaker': {
      const { DomainId, UserProfileName, SpaceName, AppType, AppName } = input;
      if (/App$/.test(action))
        return [
          arn(
            'sagemaker',
            `app/${DomainId}/${UserProfileName ?? SpaceName}/${String(AppType).toLowerCase()}/${AppName}`,
          ),
        ];
      if (/UserProfile$/.test(action)) return [arn('sagemaker', `user-profile/${DomainId}/${UserProfileName}`)];
      return [/Domain$/.test(action) ? arn('sagemaker', `domain/${DomainId}`) : '*'];
    }
    case 'scheduler':
      return [input.Name ? arn('scheduler', `schedule/${input.GroupName}/${input.Name}`) : '*'];
    default:
      return ['*'];
  }
}
