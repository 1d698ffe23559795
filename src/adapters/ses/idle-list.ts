import { describeIdle, type IdleFinding } from '../../domain/native-idle.ts';
import type { DigestFacts } from '../../domain/notice.ts';
import { clip, count, isolate, number, typeName } from './wording.ts';

const OUTCOMES = { drift: 'differs', set: 'set', failed: 'failed' };

/** The digest's list of idle settings that are not as the policy wants them. */
export function idleList(idle: NonNullable<DigestFacts['nativeIdle']>, most: number) {
  const rows = idle.findings.slice(0, most);
  const left = idle.findings.length - rows.length + idle.more;
  const all = rows.length + left;
  const heading = `Native idle shutdown${all > 0 ? ` (${number(all)})` : ''}`;
  const notes = [
    left > 0 ? `and ${number(left)} more` : '',
    ...idle.faults.map((fault) => clip(fault, 300)),
    idle.unseen > 0
      ? `${count(idle.unseen, 'profile')} not looked at for lack of time: the next look begins there`
      : '',
    rows.some(({ outcome }) => outcome === 'set') ? 'apps that run take a new setting once they are restarted' : '',
  ];
  return {
    heading,
    what: 'Domain or profile',
    why: 'How it stands',
    last: 'Outcome',
    capitals: heading.toUpperCase(),
    rows: rows.map(row),
    more: notes.filter(Boolean).join('; '),
  };
}

function row({ domainId, domainName = domainId, userProfileName, drift, outcome, why }: IdleFinding) {
  const about = [userProfileName === undefined ? 'domain' : domainName, drift ? typeName(drift.appType) : ''];
  const [is, wanted] = outcome === 'set' ? ['was', 'now'] : ['is', 'wanted'];
  const reason = drift ? `${is} ${describeIdle(drift.is)}; ${wanted} ${describeIdle(drift.wanted)}` : 'not looked at';
  return {
    name: isolate(userProfileName ?? domainName),
    about: about.filter(Boolean).map(isolate).join(', '),
    reason,
    at: why === undefined ? '' : clip(why, 300),
    end: OUTCOMES[outcome],
  };
}
