import type { Instant } from '../../src/domain/time.ts';
import { HOUR, MINUTE } from '../../src/domain/time.ts';
import type { EmbeddedAws, Fault } from '../aws/index.ts';
import { wallTime } from './calendar.ts';
import type { Random } from './random.ts';
import { isOfCast } from './stories.ts';

/** As long as it takes until the call is made: the fault's `times` end it. */
const ONCE = Number.POSITIVE_INFINITY;

/** AWS's bad days: what fails by itself, from when to when. */
export function badWeather(aws: EmbeddedAws, now: () => Instant, random: Random, days: number): void {
  const during = (fault: Fault, from: Instant, length: number) => {
    const when: Fault['when'] = (input) => now() >= from && now() < from + length && (fault.when?.(input) ?? true);
    aws.faults.add({ times: Number.POSITIVE_INFINITY, ...fault, when });
  };
  const sometime = (day: number) => wallTime(day, random.between(0, 24));

  // Now and then an answer that is no answer: the SDK asks again, and nobody notices.
  for (let day = 0; day < days; day += 2) {
    const [action, service] = random.chance(0.5)
      ? (['ListApps', 'sagemaker'] as const)
      : (['GetResources', 'resource-groups-tagging-api'] as const);
    during({ service, action, status: 500, code: 'InternalFailure', times: 1 }, sometime(day), ONCE);
    during(
      { service: 'dynamodb', action: 'UpdateItem', status: 500, code: 'InternalServerError', times: 1 },
      sometime(day),
      ONCE,
    );
  }
  // A call too many. Rarely: the SDK's adaptive retry then slows down by the system's clock, which the lab cannot hurry.
  const throttle = { status: 400, message: 'Rate exceeded', times: 2 };
  if (days > 1) {
    const code = 'ThrottlingException';
    during({ service: 'sagemaker', action: 'ListApps', ...throttle, code }, sometime(1), ONCE);
  }

  // Somebody's service control policy denies ListApps for a while: half a picture stops nobody.
  const denied = { service: 'sagemaker' as const, action: 'ListApps', status: 400, code: 'AccessDeniedException' };
  const message = 'no permission to perform sagemaker:ListApps, with an explicit deny in a service control policy';
  during({ ...denied, message }, wallTime(3 % days, random.between(9, 11)), 22 * MINUTE);

  // SES does not answer for an hour, while warnings are owed.
  const outage = wallTime(days > 7 ? 8 : days - 1, random.between(8.2, 9.2));
  for (const action of ['SendEmail', 'GetAccount']) {
    during(
      { service: 'sesv2', action, status: 503, code: 'ServiceUnavailable', message: 'SES is not available.' },
      outage,
      HOUR,
    );
  }

  // Its user was quicker, by the time that a page of ListApps takes to arrive.
  const gone = {
    service: 'sagemaker' as const,
    action: 'DeleteApp',
    status: 400,
    code: 'ValidationException',
    times: 1,
  };
  const byItsUser: Fault['when'] = (input) => {
    if (isOfCast(input)) return false;
    const { DomainId, SpaceName, UserProfileName, AppType, AppName } = input;
    const id = { domainId: DomainId, spaceName: SpaceName, userProfileName: UserProfileName };
    aws.studio.deleteApp({ ...id, appType: AppType, appName: AppName });
    return true;
  };
  during(
    { ...gone, when: byItsUser, message: 'The app has already been deleted.' },
    sometime(Math.floor(days / 3)),
    ONCE,
  );

  // The answer to a DeleteApp is lost on its way back.
  const lost = { service: 'sagemaker' as const, action: 'DeleteApp', status: 500, code: 'none', times: 1 };
  during(
    { ...lost, when: (input) => !isOfCast(input), effectHappens: true, drop: true },
    sometime(Math.floor(days / 2)),
    ONCE,
  );

  // One app that will not go for half a day: after the third try the admins are told.
  const stuck = { service: 'sagemaker' as const, action: 'DeleteApp', status: 400, code: 'ResourceInUse' };
  const isStuck: Fault['when'] = (input) => input.SpaceName === 'ivo-detector';
  during({ ...stuck, when: isStuck, message: 'The app is in the Updating status.' }, wallTime(0, 0), 38 * HOUR);
}
