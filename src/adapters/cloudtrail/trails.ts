import type { CloudTrailClient, GetEventSelectorsCommandOutput } from '@aws-sdk/client-cloudtrail';
import { DescribeTrailsCommand, GetEventSelectorsCommand, GetTrailStatusCommand } from '@aws-sdk/client-cloudtrail';
import type { Trails } from '../../application/doctor-ports.ts';
import { PortError } from '../../application/ports.ts';
import type { Trail } from '../../domain/checkup/events.ts';
import { call } from '../aws-error.ts';

/** The IAM actions that this adapter calls. */
export const TRAILS_ACTIONS = [
  'cloudtrail:DescribeTrails',
  'cloudtrail:GetTrailStatus',
  'cloudtrail:GetEventSelectors',
];

/** CloudTrail over the SDK. Shadow trails, those of other regions and of an organization, are asked about by ARN. */
export function cloudtrailTrails(client: CloudTrailClient): Trails {
  return {
    async list(region) {
      const { trailList = [] } = await call('cloudtrail:DescribeTrails', () =>
        client.send(new DescribeTrailsCommand({ includeShadowTrails: true })),
      );
      return Promise.all(
        trailList.map(async ({ Name = '', TrailARN = Name, HomeRegion, IsMultiRegionTrail }): Promise<Trail> => {
          const covers = IsMultiRegionTrail === true || HomeRegion === region;
          // Of a trail elsewhere nothing more matters.
          if (!covers) return { name: Name, covers, isLogging: false, logsChanges: undefined };
          const { IsLogging } = await call('cloudtrail:GetTrailStatus', () =>
            client.send(new GetTrailStatusCommand({ Name: TrailARN })),
          );
          return {
            name: Name,
            covers,
            isLogging: IsLogging === true,
            logsChanges: await logsChanges(client, TrailARN),
          };
        }),
      );
    },
  };
}

/** A member of an organization may see its trail, and not always what that selects. */
async function logsChanges(client: CloudTrailClient, TrailName: string): Promise<boolean | undefined> {
  try {
    const command = new GetEventSelectorsCommand({ TrailName });
    return selectsChanges(await call('cloudtrail:GetEventSelectors', () => client.send(command)));
  } catch (error) {
    if (error instanceof PortError && (error.kind === 'denied' || error.code === 'TrailNotFoundException'))
      return undefined;
    throw error;
  }
}

/** Whether SageMaker's CreateApp, a management event that writes, is among what is selected. Without selectors a trail logs all. */
function selectsChanges({ EventSelectors = [], AdvancedEventSelectors = [] }: GetEventSelectorsCommandOutput): boolean {
  if (EventSelectors.length + AdvancedEventSelectors.length === 0) return true;
  const isSelected = EventSelectors.some(
    ({ IncludeManagementEvents = true, ReadWriteType = 'All' }) =>
      IncludeManagementEvents && ReadWriteType !== 'ReadOnly',
  );
  return (
    isSelected ||
    AdvancedEventSelectors.some(({ FieldSelectors = [] }) => {
      const takes = (field: string, value: string) =>
        FieldSelectors.filter(({ Field }) => Field === field).every(
          ({ Equals, NotEquals }) => (!Equals || Equals.includes(value)) && !NotEquals?.includes(value),
        );
      const isManagement = FieldSelectors.some(
        ({ Field, Equals }) => Field === 'eventCategory' && Equals?.includes('Management'),
      );
      return isManagement && takes('readOnly', 'false') && takes('eventSource', 'sagemaker.amazonaws.com');
    })
  );
}
