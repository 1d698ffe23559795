import type { Place } from '../app.ts';
import { describePause, isPaused, type Pause } from '../pause.ts';
import type { Instant } from '../time.ts';
import { type Finding, ok, warning, wrong } from './finding.ts';

/** What the table says of itself. */
export interface TableFacts {
  /** Why it is none of ours, in words; absent where it is. */
  notOurs?: string;
  isActive: boolean;
  /** Undefined where an engine that speaks DynamoDB's API does not tell. */
  expires: boolean | undefined;
  recovers: boolean | undefined;
  isProtected: boolean;
}

/** The table is there, is ours, forgets what is old by itself, and can be set back to any second of 35 days. */
export function checkTable(table: string, facts: TableFacts | undefined, { region }: Pick<Place, 'region'>): Finding {
  const check = 'table';
  const create = `npx curfew table create --table ${table} --region ${region}`;
  if (!facts) return wrong(check, `there is no table ${table} in ${region}`, `npx serverless deploy, or: ${create}`);
  if (facts.notOurs !== undefined)
    return wrong(check, facts.notOurs, 'set CURFEW_TABLE to the stack’s output TableName');
  if (!facts.isActive) return wrong(check, `the table ${table} is there, and not ready to be used`);
  const named = `--table-name ${table} --region ${region}`;
  const lacks: [boolean, string, string][] = [
    [facts.expires === false, 'nothing in it expires, so it grows for ever', create],
    [
      facts.recovers === false,
      'it cannot be restored to an earlier time',
      `aws dynamodb update-continuous-backups ${named} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true`,
    ],
    [
      !facts.isProtected,
      'nothing keeps it from being deleted',
      `aws dynamodb update-table ${named} --deletion-protection-enabled`,
    ],
  ];
  const found = lacks.filter(([isLacking]) => isLacking);
  if (found.length > 0) {
    const mend = found.map(([, , how]) => how);
    return warning(check, `the table ${table} is Curfew’s, but ${found.map(([, what]) => what).join('; ')}`, ...mend);
  }
  const known = facts.expires === undefined || facts.recovers === undefined ? ', as far as this endpoint tells' : '';
  return ok(check, `${table} is Curfew’s, with expiry, point-in-time recovery and deletion protection${known}`);
}

/** Nobody has thrown the kill switch. */
export function checkPause(pause: Pause | undefined, timezone: string, now: Instant): Finding {
  const check = 'pause';
  if (!isPaused(pause, now)) return ok(check, 'Curfew is not paused');
  const why = pause.why === undefined ? '' : `: ${pause.why}`;
  const says = `Curfew is ${describePause(pause, timezone, now)}, by ${pause.by}${why}; nothing is stopped, and nobody is written to`;
  return warning(check, says, 'npx curfew resume');
}
