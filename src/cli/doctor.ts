import packageFile from '../../package.json' with { type: 'json' };
import { examine } from '../application/doctor.ts';
import { PortError } from '../application/ports.ts';
import { loadPolicy } from '../config.ts';
import type { Finding, Health } from '../domain/checkup/finding.ts';
import { SECOND } from '../domain/time.ts';
import {
  backstopOf,
  callerOf,
  canvasUseOf,
  fleetOf,
  parameterReader,
  regionOfSdk,
  runsOf,
  settingsOf,
} from '../wiring.ts';
import { checkupPortsOf, FUNCTIONS, rightsOf, rightsOfCaller, tableCareOf } from '../wiring-doctor.ts';
import { note, printJson, progress, style, tame } from './print.ts';
import { insistOnRegion, readNow, type WorldOptions } from './world.ts';

/** No check is waited for longer. */
const PATIENCE = 20 * SECOND;

/** So long profiles are looked at: the rest is told as not looked at. */
const LOOKING = 12 * SECOND;

/** `curfew doctor`. @returns the exit code: 1 where something is wrong */
export async function doctorCommand(options: WorldOptions & { json?: boolean }): Promise<number> {
  const now = readNow(options);
  const region = insistOnRegion(options.region ?? (await regionOfSdk()));
  const source = options.policy ?? (process.env.CURFEW_POLICY || 'curfew.yml');
  const table = options.table ?? process.env.CURFEW_TABLE;
  const begun = performance.now();
  const ports = {
    ...checkupPortsOf(region),
    caller: () => callerOf(region),
    policy: () => loadPolicy(source, parameterReader(region)),
    fleet: fleetOf({ region }),
    canvasUse: canvasUseOf({ region }),
    settings: settingsOf({ region }),
    backstopIn: (group: string) => backstopOf({ region }, { group }),
    table: table ? { name: table, care: tableCareOf({ region, table }), runs: runsOf({ region, table }) } : undefined,
  };
  const work = examine(ports, {
    region,
    now,
    source,
    version: packageFile.version,
    expected: FUNCTIONS,
    within,
    hasTime: () => performance.now() - begun < LOOKING,
    rightsOf(who, { caller, ...known }) {
      const scope = {
        ...known,
        account: caller.account,
        region,
        table: table ?? '',
        partition: caller.arn.split(':')[1] ?? 'aws',
      };
      return who === 'you' ? rightsOfCaller(scope) : rightsOf(who, scope);
    },
  });
  const findings = await progress('Looking at the account', work);
  const isWrong = findings.some(({ health }) => health === 'wrong');
  if (options.json)
    printJson({ now: new Date(now).toISOString(), region, version: packageFile.version, ok: !isWrong, findings });
  else {
    process.stdout.write(findings.map(describe).join(''));
    note(sumUp(findings));
  }
  // A call that nobody answers would hold the process for ever: once all is told, it may go.
  setTimeout(() => process.exit(), SECOND).unref();
  return isWrong ? 1 : 0;
}

/** Fails what is not done in time. */
function within<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new PortError('fault', 'TimedOut', `no answer within ${PATIENCE / SECOND} s`));
    const timer = setTimeout(late, PATIENCE);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

const COLOURS = { ok: 'green', warning: 'yellow', wrong: 'red', 'not known': 'cyan' } as const;

function describe({ check, health, says, mend }: Finding): string {
  const lines = mend.map((how) => `             → ${tame(how)}\n`);
  return `${style(COLOURS[health], health.padEnd(11))}${style('bold', tame(check))}: ${tame(says)}\n${lines.join('')}`;
}

function sumUp(findings: Finding[]): string {
  const count = (health: Health) => findings.filter((finding) => finding.health === health).length;
  return `${findings.length} checks: ${count('ok')} ok, ${count('warning')} warnings, ${count('wrong')} wrong, ${count('not known')} not known. Nothing was changed.`;
}
