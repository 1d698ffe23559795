import { awsError, type Input, unknownOperation } from './answers.ts';
import type { Place } from './studio-events.ts';

/** A trail of this region, or one of another or of the organization that shows here. */
export interface TrailSetup {
  name: string;
  homeRegion?: string;
  isMultiRegion?: boolean;
  isLogging?: boolean;
  /** What GetEventSelectors answers; without it, the default of a new trail: all management events. */
  selectors?: { EventSelectors?: object[]; AdvancedEventSelectors?: object[] };
}

/** Performs one CloudTrail call that reads. */
export function performCloudTrail(place: Place, trails: TrailSetup[], action: string, input: Input): unknown {
  const arnOf = ({ name, homeRegion = place.region }: TrailSetup) =>
    `arn:${place.partition}:cloudtrail:${homeRegion}:${place.account}:trail/${name}`;
  if (action === 'DescribeTrails') {
    const shown = trails.filter(
      ({ homeRegion = place.region, isMultiRegion }) =>
        homeRegion === place.region || (isMultiRegion && input.includeShadowTrails !== false),
    );
    return {
      trailList: shown.map((trail) => ({
        Name: trail.name,
        S3BucketName: 'trails',
        IncludeGlobalServiceEvents: true,
        IsMultiRegionTrail: trail.isMultiRegion ?? false,
        HomeRegion: trail.homeRegion ?? place.region,
        TrailARN: arnOf(trail),
        LogFileValidationEnabled: true,
        HasCustomEventSelectors: trail.selectors !== undefined,
        HasInsightSelectors: false,
        IsOrganizationTrail: false,
      })),
    };
  }
  if (action !== 'GetTrailStatus' && action !== 'GetEventSelectors') throw unknownOperation('cloudtrail', action);
  const name = action === 'GetTrailStatus' ? input.Name : input.TrailName;
  const trail = trails.find(
    (one) => arnOf(one) === name || (one.name === name && (one.homeRegion ?? place.region) === place.region),
  );
  if (!trail) throw awsError('TrailNotFoundException', `Unknown trail: ${name} for the user: ${place.account}`);
  if (action === 'GetTrailStatus') return { IsLogging: trail.isLogging ?? true };
  const all = [
    { ReadWriteType: 'All', IncludeManagementEvents: true, DataResources: [], ExcludeManagementEventSources: [] },
  ];
  return { TrailARN: arnOf(trail), ...(trail.selectors ?? { EventSelectors: all }) };
}
