import { type Finding, notKnown, ok, some, warning } from './finding.ts';

/** A trail of CloudTrail, as far as it matters to events. */
export interface Trail {
  name: string;
  /** It covers the region that is governed. */
  covers: boolean;
  isLogging: boolean;
  /** It logs calls that change something; undefined where that may not be asked, as of an organization's trail. */
  logsChanges: boolean | undefined;
}

/**
 * A trail that covers the region is on, and logs management events that write. Without one EventBridge hears nothing of
 * CreateApp and DeleteApp: runs then start and end when a scan sees them, up to five minutes late.
 */
export function checkTrails(trails: Trail[], region: string): Finding {
  const check = 'events';
  const here = trails.filter(({ covers }) => covers);
  const good = here.filter(({ isLogging, logsChanges }) => isLogging && logsChanges);
  if (good.length > 0)
    return ok(check, `CloudTrail logs what changes in ${region}, by ${some(good.map(({ name }) => name))}`);
  const unsure = here.filter(({ isLogging, logsChanges }) => isLogging && logsChanges === undefined);
  if (unsure.length > 0)
    return notKnown(
      check,
      `CloudTrail logs in ${region}, by ${some(unsure.map(({ name }) => name))}, but these credentials may not ask whether that is management events`,
      `aws cloudtrail get-event-selectors --trail-name ${unsure[0]!.name} --region ${region}`,
    );
  const late =
    'so runs start and end when a scan sees them, up to 5 minutes late, and an app made over its limit is found no sooner';
  const reads = here.find(({ isLogging }) => isLogging);
  if (reads)
    return warning(
      check,
      `the trail ${reads.name} logs no management events that write, ${late}`,
      `aws cloudtrail put-event-selectors --trail-name ${reads.name} --region ${region} --event-selectors ReadWriteType=WriteOnly,IncludeManagementEvents=true`,
    );
  const off = here[0];
  if (off)
    return warning(
      check,
      `the trail ${off.name} is off, ${late}`,
      `aws cloudtrail start-logging --name ${off.name} --region ${region}`,
    );
  return warning(
    check,
    `no trail covers ${region}, ${late}`,
    `aws cloudtrail create-trail --name management-events --s3-bucket-name BUCKET --is-multi-region-trail --region ${region}`,
    `aws cloudtrail start-logging --name management-events --region ${region}`,
  );
}

/** The tags by which bills tell whose a cost is. SageMaker sets them by itself. */
export const COST_TAGS = ['sagemaker:domain-arn', 'sagemaker:user-profile-arn', 'sagemaker:space-arn'];

/** The tags that SageMaker sets are active as cost allocation tags: bills are told apart by owner from then on. */
export function checkCostTags(status: Map<string, 'Active' | 'Inactive'>): Finding {
  const check = 'cost tags';
  const inactive = COST_TAGS.filter((tag) => status.get(tag) === 'Inactive');
  const unseen = COST_TAGS.filter((tag) => !status.has(tag));
  if (inactive.length + unseen.length === 0) return ok(check, `${COST_TAGS.join(', ')} are active`);
  const says = [
    ...(inactive.length > 0 ? [`${inactive.join(', ')} ${inactive.length === 1 ? 'is' : 'are'} not active`] : []),
    ...(unseen.length > 0
      ? [`AWS has not seen ${unseen.join(', ')} on a bill yet, which takes up to 24 hours of use`]
      : []),
  ];
  return warning(
    check,
    `${says.join('; ')}: bills do not tell whose those costs are`,
    ...(inactive.length > 0 ? [`in the management account: ${activate(inactive)}`] : []),
  );
}

/** What to say where the account may not ask: only the management account may. */
export function costTagsDenied(why: string): Finding {
  return notKnown(
    'cost tags',
    `only the organization’s management account may ask which cost allocation tags are active (${why})`,
    `there: aws ce list-cost-allocation-tags --tag-keys ${COST_TAGS.join(' ')}`,
    `and where one is inactive: ${activate(COST_TAGS)}`,
  );
}

function activate(tags: string[]): string {
  return `aws ce update-cost-allocation-tags-status --cost-allocation-tags-status ${tags.map((tag) => `TagKey=${tag},Status=Active`).join(' ')}`;
}
