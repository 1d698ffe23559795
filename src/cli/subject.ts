import { PortError, type StudioSettings } from '../application/ports.ts';
import type { Survey } from '../application/survey.ts';
import { ConfigError } from '../config.ts';
import type { Standing, Subject } from '../domain/budget.ts';
import type { LedgerLine } from '../domain/ledger.ts';
import { isOwnerCalled } from '../domain/owner.ts';
import type { Policy } from '../domain/policy.ts';
import { describeSubject } from '../domain/rules/budget.ts';
import { near } from '../domain/spelling.ts';

/** How a subject is named on the command line. */
export const SUBJECT = 'PROFILE, DOMAIN/PROFILE, team:NAME, domain:NAME (or its id) or account';

/** What whoever lists Studio can be asked, where the record does not know a name. */
export type Listing = Pick<StudioSettings, 'domains' | 'profiles'>;

/** Everybody whom the record, the running apps and spaces, the books or the policy name. */
export interface Known {
  /** `d-abcdefghijkl/alice`. */
  owners: Set<string>;
  /** Domain id to name; without one where the policy speaks of no names. */
  domains: Map<string, string | undefined>;
  /** Values of the team's tag; none where a team is a domain. */
  teams: Set<string>;
  teamIs: Policy['team'];
  listing: Listing | undefined;
}

export function knownOf(
  policy: Pick<Policy, 'team' | 'teams' | 'budgets'>,
  { picture, runs, volumes }: Pick<Survey, 'picture' | 'runs' | 'volumes'>,
  {
    standings = [],
    lines = [],
    listing,
  }: { standings?: Standing[]; lines?: LedgerLine[]; listing?: Listing | undefined },
): Known {
  const { team: teamIs } = policy;
  const known: Known = { owners: new Set(), domains: new Map(picture.domains), teams: new Set(), teamIs, listing };
  const ofRuns = runs.map(({ app, owner = app.userProfileName, team }) => ({ domainId: app.domainId, owner, team }));
  const subjects = standings.map(({ subject }) => subject);
  for (const { kind, name } of subjects) {
    if (kind === 'owner') known.owners.add(name);
    if (kind === 'team' && teamIs !== 'domain') known.teams.add(name);
  }
  type Who = { domainId?: string; owner?: string | undefined; team?: string | undefined };
  for (const { domainId, owner, team } of [...ofRuns, ...volumes, ...picture.spaces.values(), ...lines] as Who[]) {
    if (domainId !== undefined && !known.domains.has(domainId)) known.domains.set(domainId, undefined);
    if (domainId !== undefined && owner !== undefined) known.owners.add(`${domainId}/${owner}`);
    if (team !== undefined) known.teams.add(team);
  }
  if (teamIs === 'domain') known.teams.clear();
  else {
    for (const tags of picture.tags.values()) if (Object.hasOwn(tags, teamIs.tag)) known.teams.add(tags[teamIs.tag]!);
    for (const name of Object.keys(policy.teams)) known.teams.add(name);
    for (const { for: whose } of policy.budgets)
      if (typeof whose === 'object' && 'team' in whose) known.teams.add(whose.team);
  }
  return known;
}

/** A subject by what people call it: `alice`, `d-…/alice`, `team:alpha`, `domain:lab`, `account`. Throws ConfigError. */
export async function subjectNamed(name: string, known: Known): Promise<Subject> {
  if (name === 'account') return { kind: 'account', name: '' };
  const [, kind, rest = ''] = /^(team|domain):(.+)$/.exec(name) ?? [];
  if (kind === 'domain') return { kind, name: await domainNamed(rest, known) };
  if (kind === 'team') return { kind, name: await teamNamed(rest, known) };
  return { kind: 'owner', name: await ownerNamed(name, known) };
}

/**
 * The one owner of a name, `d-…/alice`: by the record, else by Studio's own list of profiles. Throws ConfigError where nobody is
 * called so, or several are.
 * @param options.inDomain the only domain that is meant
 * @param options.right what may be named instead
 */
export async function ownerNamed(
  name: string,
  known: Known,
  { inDomain, right = SUBJECT }: { inDomain?: string | undefined; right?: string } = {},
): Promise<string> {
  const isMeant = (owner: string) => inDomain === undefined || owner.startsWith(`${inDomain}/`);
  const called = [...known.owners].filter((owner) => isOwnerCalled(owner, name) && isMeant(owner));
  const found = called.length > 0 ? called : (await listedProfiles(name, known.listing)).filter(isMeant);
  if (found.length > 1) throw new ConfigError(`"${name}" is several owners: name one of ${found.sort().join(', ')}`);
  if (found[0] !== undefined) return found[0];
  throw new ConfigError(`nobody on record is called "${name}": name ${right}${amongThem(name, known.owners)}`);
}

/** The id of a domain, by its id or its name. Throws ConfigError. */
export async function domainNamed(name: string, known: Known): Promise<string> {
  const domains = new Map(known.domains);
  const idOf = () => (domains.has(name) ? name : [...domains].find(([, called]) => called === name)?.[0]);
  if (idOf() === undefined)
    for (const one of await told(known.listing?.domains())) domains.set(one.domainId, one.domainName);
  const found = idOf();
  if (found !== undefined) return found;
  const names = [...domains].map(([id, called]) => (called === undefined ? id : `${id} (${called})`));
  throw new ConfigError(`no domain is called "${name}"${amongThem(name, names)}`);
}

/** A team as it is recorded: a domain's id, or the tag's value. Throws ConfigError. */
export async function teamNamed(name: string, known: Known): Promise<string> {
  if (known.teamIs === 'domain') return domainNamed(name, known);
  if (known.teams.has(name)) return name;
  throw new ConfigError(`no team is called "${name}"${amongThem(name, known.teams)}`);
}

/** The profiles called so that SageMaker lists; none where it may not be asked. */
async function listedProfiles(name: string, listing: Listing | undefined): Promise<string[]> {
  const [domainId] = name.includes('/') ? name.split('/') : [];
  const profiles = await told(listing?.profiles(domainId));
  return profiles.map((one) => `${one.domainId}/${one.userProfileName}`).filter((owner) => isOwnerCalled(owner, name));
}

/** What AWS does not tell, or of a domain that is not there, is nothing: the name stays unknown. */
async function told<T>(asked: Promise<T[]> | undefined): Promise<T[]> {
  try {
    return (await asked) ?? [];
  } catch (error) {
    if (error instanceof PortError) return [];
    throw error;
  }
}

const MOST_NAMED = 10;

/** What a wrong name may have been: those near it, else all as far as they are few. */
function amongThem(name: string, names: Iterable<string>): string {
  const all = [...new Set(names)].sort();
  if (all.length === 0) return '; none is on record';
  const close = near(name, all);
  if (close.length > 0) return `; did you mean ${close.slice(0, MOST_NAMED).join(' or ')}?`;
  const more = all.length > MOST_NAMED ? ` and ${all.length - MOST_NAMED} more` : '';
  return `; on record: ${all.slice(0, MOST_NAMED).join(', ')}${more}`;
}

/** `alice`; with the domain, `d-…/alice`, where several are called so. */
export function describeKnown(subject: Subject, { owners }: Pick<Known, 'owners'>): string {
  const short = describeSubject(subject);
  if (subject.kind !== 'owner') return short;
  const isShared = [...owners].filter((owner) => isOwnerCalled(owner, short)).length > 1;
  return isShared ? subject.name : short;
}
