import type { Instant } from '../../src/domain/time.ts';
import { HOUR, MINUTE } from '../../src/domain/time.ts';
import type { EmbeddedAws, Fault } from '../aws/index.ts';
import { wallTime } from './calendar.ts';
import type { Random } from './random.ts';

/** AWS's bad days: what fails by itself, from when to when. */
export function badWeather(aws: EmbeddedAws, now: () => Instant, random: Random, days: number): void {
  const during = (fault: Fault, from: Instant, length: number) => {
    const when = (input: never) => now() >= from && now() < from + length && (fault.when?.(input) ?? true);
    aws.faults.add({ times: Number.POSITIVE_INFINITY, ...fault, when });
  };
  const sometime = (day: number) => wallTime(day, random.between(0, 24));

  // Now and then a call too many: the SDK waits and asks again, and nobody notices.
  for (let day = 0; day < days; day += 2) {
    const [action, service] = random.chance(0.5)
      ? (['ListApps', 'sagemaker'] as const)
      : (['GetResources', 'resource-groups-tagging-api'] as const);
    const fault = { service, action, status: 400, code: 'ThrottlingException', message: 'Rate exceeded' };
    during({ ...fault, times: 2 }, sometime(day), 30 * 24 * HOUR);
  }
  for (let day = 1; day < days; day += 3) {
    const fault = { service: 'dynamodb' as const, action: 'UpdateItem', status: 400, times: 1 };
    during({ ...fault, code: 'ProvisionedThroughputExceededException', message: 'Slow down' }, sometime(day), 30 * 24 * HOUR);
  }

  // Somebody's service control policy denies ListApps for a while: half a picture stops nobody.
  const denied = { service: 'sagemaker' as const, action: 'ListApps', status: 400, code: 'AccessDeniedException' };
  const message = 'no permission to perform sagemaker:ListApps, with an explicit deny in a service control policy';
  during({ ...denied, message }, wallTime(3 % days, random.between(9, 11)), 22 * MINUTE);

  // SES does not answer for an hour, while warnings are owed.
  const outage = wallTime(days > 7 ? 8 : days - 1, random.between(8.2, 9.2));
  for (const action of ['SendEmail', 'GetAccount']) {
    during({ service: 'sesv2', action, status: 503, code: 'ServiceUnavailable', message: 'SES is not available.' }, outage, HOUR);
  }

  // The answer to a DeleteApp is lost on its way back.
  const lost = { service: 'sagemaker' as const, action: 'DeleteApp', status: 500, code: 'none', times: 1 };
  during({ ...lost, effectHappens: true, drop: true }, sometime(Math.floor(days / 2)), 30 * 24 * HOUR);

  // One app that will not go for half a day: after the third try the admins are told.
  const stuck = { service: 'sagemaker' as const, action: 'DeleteApp', status: 400, code: 'ResourceInUse' };
  const isStuck: Fault['when'] = (input) => input.SpaceName === 'ivo-detector';
  during({ ...stuck, when: isStuck, message: 'The app is in the Updating status.' }, wallTime(0, 0), 38 * HOUR);
}
