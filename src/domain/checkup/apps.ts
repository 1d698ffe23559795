import { AGENT_APP_TYPES } from '../agent.ts';
import { holderName } from '../app.ts';
import type { Decision } from '../decide.ts';
import { describeIdle, type IdleReview } from '../native-idle.ts';
import type { Policy } from '../policy.ts';
import type { Instant } from '../time.ts';
import { type UnknownUse, unknownUses } from '../unknown-use.ts';
import { count, type Finding, notKnown, ok, some, warning } from './finding.ts';

/** Every running app under a `max-idle` tells of its use: where none does, only `max-uptime` binds it. */
export function checkUse(decisions: Decision[], policy: Policy, now: Instant): Finding {
  const check = 'agents';
  const { all, unknown } = unknownUses(decisions, policy, now);
  if (all === 0) return ok(check, `none of the ${count(decisions.length, 'running app')} is under a max-idle`);
  if (unknown.length === 0) return ok(check, `all ${count(all, 'running app')} under a max-idle tell of their use`);
  const name = ({ app: { ref, owner }, why }: UnknownUse) =>
    `${owner ?? holderName(ref)}/${ref.appType}/${ref.appName} (${why})`;
  const domains = new Set(unknown.filter(hasAgent).map(({ app }) => app.ref.domainId));
  const mend = [...domains].map(
    (domain) => `npx curfew agent install --domain ${domain}, and then a restart of those apps`,
  );
  const canvas = unknown.some(({ app }) => app.ref.appType === 'Canvas');
  return warning(
    check,
    `of ${count(all, 'running app')} under a max-idle ${unknown.length} ${unknown.length === 1 ? 'does' : 'do'} not tell of ${unknown.length === 1 ? 'its' : 'their'} use, so that only max-uptime binds: ${some(unknown.map(name))}`,
    ...mend,
    ...(canvas ? ['Canvas tells by CloudWatch: cloudwatch:GetMetricData must be allowed'] : []),
  );
}

function hasAgent({ app }: UnknownUse): boolean {
  return AGENT_APP_TYPES.some((type) => type === app.ref.appType);
}

/** SageMaker's own idle shutdown is set as the policy's `native-idle` says. */
export function checkNativeIdle(review: IdleReview | undefined): Finding {
  const check = 'native idle';
  if (!review) return ok(check, 'the policy has no native-idle: SageMaker’s own idle shutdown is not looked at');
  const { findings, faults, unseen } = review;
  const drifts = findings.filter(({ drift }) => drift);
  const told = drifts.map(({ domainId, domainName = domainId, userProfileName, drift }) => {
    const holder = userProfileName === undefined ? domainName : `${domainName}/${userProfileName}`;
    return `${drift!.appType} of ${holder} is ${describeIdle(drift!.is)}, wanted ${describeIdle(drift!.wanted)}`;
  });
  if (drifts.length > 0)
    return warning(
      check,
      `${count(drifts.length, 'setting')} not as the policy wants: ${some(told, 3)}`,
      'npx curfew idle-settings, and with --apply it sets them (in mode enforce)',
    );
  const failed = [...faults, ...findings.flatMap(({ why }) => why ?? [])];
  if (failed.length > 0) return notKnown(check, `not all settings could be read: ${some(failed, 2)}`);
  if (unseen > 0)
    return notKnown(check, `${count(unseen, 'profile')} not looked at for lack of time`, 'npx curfew idle-settings');
  return ok(check, 'SageMaker’s own idle shutdown is set as the policy’s native-idle says');
}
