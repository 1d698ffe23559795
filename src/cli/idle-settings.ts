import { reviewIdleSettings } from '../application/idle-settings.ts';
import { ConfigError } from '../config.ts';
import { describeIdle, type IdleFinding, type IdleReview } from '../domain/native-idle.ts';
import { needsOf } from '../domain/needs.ts';
import { emptyPicture } from '../domain/picture.ts';
import type { Mode, Policy } from '../domain/policy.ts';
import { fleetOf, settingsOf } from '../wiring.ts';
import { note, printJson, printTable, progress, style } from './print.ts';
import { insistOnRegion, openPolicy, type PolicyOptions, UNKNOWN_ACCOUNT } from './world.ts';

interface IdleSettingsOptions extends PolicyOptions {
  apply?: boolean;
  json?: boolean;
}

const COLOURS = { drift: 'yellow', set: 'green', failed: 'red' } as const;

/** `curfew idle-settings`. @returns the exit code: drift alone is no failure */
export async function idleSettingsCommand(options: IdleSettingsOptions): Promise<number> {
  const { policy, region: found } = await openPolicy(options);
  if (!policy.nativeIdle)
    throw new ConfigError(
      'the policy says nothing of native idle shutdown: give it native-idle: { JupyterLab: 2h, CodeEditor: 2h }, say',
    );
  const region = insistOnRegion(found);
  // How far Curfew may go is the policy's to say, whoever asks.
  const apply = options.apply === true && policy.mode === 'enforce';
  const review = await progress('Looking at the settings of Studio', lookAt(policy, region, apply));
  if (options.json) printJson(toJson(review, policy));
  else if (review.findings.length > 0) printReview(review, options.apply === true, policy.mode);
  for (const fault of review.faults) note(style('red', `curfew: ${fault}`));
  if (!options.json) {
    note(sumUp(review, options.apply === true, policy.mode));
    note(ABOUT);
  }
  return failures(review) > 0 ? 1 : 0;
}

const ABOUT =
  'SageMaker’s own shutdown needs SageMaker Distribution 2.0 or later, and never comes while a kernel or a terminal is open: max-idle catches those. Apps that run take a new setting once they are restarted.';

async function lookAt(policy: Policy, region: string, apply: boolean): Promise<IdleReview> {
  const place = { account: UNKNOWN_ACCOUNT, region };
  // Of all that exemptions may ask for, only tags are not in the settings themselves.
  const { tagKeys } = needsOf({ ...policy, limits: [], owners: { address: undefined, exceptions: {} } });
  const isAsked = policy.exempt.length > 0 && tagKeys.length > 0;
  const picture = isAsked
    ? await fleetOf({ region }).look(place, { tagKeys, domainNames: false })
    : emptyPicture(place);
  return reviewIdleSettings(settingsOf({ region }), policy, { picture, now: Date.now(), apply });
}

function printReview({ findings }: IdleReview, isAsked: boolean, mode: Mode): void {
  const isHeld = isAsked && mode !== 'enforce';
  const words = { drift: isAsked ? 'left' : 'to be set', set: 'set', failed: 'failed' };
  const rows = findings.map(({ domainId, domainName, userProfileName, drift, outcome, why = '' }) => [
    style(COLOURS[outcome], words[outcome]),
    domainName === undefined ? domainId : `${domainName} (${domainId})`,
    userProfileName ?? '(its defaults)',
    drift?.appType ?? '-',
    drift ? describeIdle(drift.is) : '-',
    drift ? describeIdle(drift.wanted) : '-',
    isHeld ? `the mode is ${mode}` : why,
  ]);
  const columns = ['OUTCOME', 'DOMAIN', 'PROFILE', 'APP TYPE', 'IS', 'WANTED', 'WHY'].map((head, i) => ({
    head,
    isStyled: i === 0,
    grow: i > 3,
  }));
  printTable(columns, rows);
}

function sumUp(review: IdleReview, isAsked: boolean, mode: Mode): string {
  const exempt = review.exempt > 0 ? ` ${review.exempt} exempt, and left alone.` : '';
  const drift = review.findings.filter((finding) => finding.drift).length;
  const sums = `${drift} drift, ${count(review, 'set')} set, ${failures(review)} failed.${exempt}`;
  if (!isAsked)
    return `${sums} Nothing was changed: this was a dry run (--apply sets them; the policy's mode is ${mode}).`;
  return mode === 'enforce' ? sums : `${sums} Nothing was changed: the policy's mode is ${mode}.`;
}

function count({ findings }: IdleReview, outcome: IdleFinding['outcome']): number {
  return findings.filter((finding) => finding.outcome === outcome).length;
}

/** A listing that failed counts too: what was not seen is not said to be fine. */
function failures(review: IdleReview): number {
  return count(review, 'failed') + review.faults.length;
}

/** Settings as AWS writes them, in minutes. */
function toJson({ findings, faults, exempt }: IdleReview, { mode }: Policy): object {
  return {
    mode,
    findings: findings.map(({ drift, why, ...finding }) => ({
      ...finding,
      ...(drift ? { appType: drift.appType, is: drift.is ?? null, wanted: drift.wanted } : {}),
      ...(why === undefined ? {} : { reason: why }),
    })),
    exempt,
    faults,
  };
}
