import type { Alias, Document, YAMLMap } from 'yaml';
import { isMap, isNode, LineCounter, parseDocument, visit } from 'yaml';
import type { Match } from './domain/match.ts';
import { includes } from './domain/match.ts';
import type { Budget, Guardrail, Limit, NativeIdle, Policy } from './domain/policy.ts';
import { HOUR, MINUTE } from './domain/time.ts';
import type { MatchFile, PolicyFile } from './policy-schema.ts';
import { budgetSchema, guardrailSchema, limitSchema, policySchema } from './policy-schema.ts';

/** A fault in the policy file: where, and what would be right. */
export interface Fault {
  line: number;
  column: number;
  /** `limits[2].max-uptime`; empty for the file as a whole. */
  key: string;
  message: string;
}

/** The grace of a limit that names none. */
const DEFAULT_GRACE = HOUR;

/**
 * Reads a policy file. All faults are told at once, in the file's order; a policy with a fault is no policy.
 * @param text YAML, as docs/policy.md describes it
 */
export function parsePolicy(text: string): { policy: Policy } | { faults: Fault[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  if (document.errors.length > 0) {
    return { faults: document.errors.map((error) => ({ ...at(error.pos[0]), key: '', message: error.message })) };
  }
  if (!isMap(document.contents)) {
    return {
      faults: [
        { line: 1, column: 1, key: '', message: 'the policy is empty, or no set of keys; docs/policy.md shows one' },
      ],
    };
  }
  const dangling = danglingAlias(document);
  if (dangling) {
    const message = `*${dangling.source} stands for nothing: no &${dangling.source} before it; quote a text that begins with *`;
    return { faults: [{ ...at(dangling.range?.[0] ?? 0), key: '', message }] };
  }
  let raw: Parameters<typeof crossCheck>[0];
  try {
    raw = document.toJS();
  } catch (error) {
    // Aliases of aliases of aliases: the parser counts, and stops.
    return { faults: [{ line: 1, column: 1, key: '', message: (error as Error).message }] };
  }
  const parsed = policySchema.safeParse(raw);
  const told = parsed.success ? [] : parsed.error.issues.flatMap(splitKeys);
  const issues = [...told.map((issue) => tellMissing(issue, raw)), ...crossCheck(raw)];
  if (parsed.success && issues.length === 0) return { policy: toPolicy(parsed.data) };
  const faults = issues.map(({ path, message, isKey }) => ({
    ...at(offsetOf(document, path, isKey)),
    key: describePath(path),
    message,
  }));
  return { faults: faults.sort((a, b) => a.line - b.line || a.column - b.column) };
}

/** `curfew.yml:14:17  limits[2].max-uptime: "5 days" is not …` */
export function describeFault(fault: Fault, file: string): string {
  return `${file}:${fault.line}:${fault.column}  ${fault.key ? `${fault.key}: ` : ''}${fault.message}`;
}

type Path = (string | number)[];
interface Issue {
  path: Path;
  message: string;
  /** The fault is the key's own, not its value's. */
  isKey?: boolean;
}

function danglingAlias(document: Document): Alias | undefined {
  let found: Alias | undefined;
  visit(document, {
    Alias(_, node) {
      if (node.resolve(document)) return undefined;
      found = node;
      return visit.BREAK;
    },
  });
  return found;
}

/** Several unknown keys in one place are a fault each. */
function splitKeys(issue: { path: PropertyKey[]; message: string; code: string; keys?: string[] }): Issue[] {
  const path = issue.path as Path;
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
  const messages = issue.message.split('; unknown key ');
  return issue.keys!.map((key, i) => ({
    path: [...path, key],
    isKey: true,
    message: i === 0 ? messages[0]! : `unknown key ${messages[i]}`,
  }));
}

/** A key that is needed and not there at all: the fault is the key's, not that of a value it does not have. */
function tellMissing(issue: Issue, raw: object): Issue {
  const [key] = issue.path;
  if (typeof key !== 'string' || issue.isKey || key in raw) return issue;
  return { path: [key], message: `this key is missing; ${issue.message}` };
}

/** Where in the file a path is, or the nearest part of it that exists: the key itself where it has one. */
function offsetOf(document: Document, path: Path, isKey = false): number {
  const parent = path.length === 0 ? undefined : document.getIn(path.slice(0, -1), true);
  const last = path.at(-1);
  if (isMap(parent)) {
    const pair = (parent as YAMLMap).items.find(
      ({ key }) => isNode(key) && 'value' in key && String(key.value) === String(last),
    );
    const node = !isKey && isNode(pair?.value) && pair.value.range ? pair.value : pair?.key;
    if (isNode(node) && node.range) return node.range[0];
  }
  const node = document.getIn(path, true);
  if (isNode(node) && node.range) return node.range[0];
  return path.length === 0 ? 0 : offsetOf(document, path.slice(0, -1));
}

function describePath(path: Path): string {
  return path.map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i === 0 ? '' : '.'}${step}`)).join('');
}

/** What no key can know of itself: names used twice, limits never reached, periods that end before they begin. */
function crossCheck(raw: { limits?: unknown; budgets?: unknown; guardrails?: unknown }): Issue[] {
  const issues: Issue[] = [];
  const limits = readable(raw.limits, limitSchema).map(({ i, value }) => ({
    i,
    name: value.name,
    match: toMatch(value.match ?? {}),
    isBound: value['max-uptime'] !== undefined || value['max-idle'] !== undefined,
  }));
  const budgets = readable(raw.budgets, budgetSchema).map(({ i, value }) => ({
    i,
    ...value,
  }));
  const guardrails = readable(raw.guardrails, guardrailSchema).map(({ i, value }) => ({ i, ...value }));
  for (const [n, { i, match, isBound }] of limits.entries()) {
    if (!isBound) issues.push({ path: ['limits', i], message: 'a limit needs max-uptime or max-idle' });
    const shadow = limits.slice(0, n).find((earlier) => includes(earlier.match, match));
    if (!shadow || !isBound) continue;
    const message = `never reached: "${shadow.name}" before it matches all that it does; put it before "${shadow.name}", or narrow that`;
    issues.push({ path: ['limits', i], message });
  }
  for (const [key, named] of [
    ['limits', limits],
    ['budgets', budgets],
    ['guardrails', guardrails],
  ] as const) {
    for (const { i, name } of named) {
      const first = named.find((other) => other.name.toLowerCase() === name.toLowerCase())!;
      if (first.i < i)
        issues.push({
          path: [key, i, 'name'],
          message: `"${name}" is the name of ${key}[${first.i}] too; give each its own`,
        });
    }
  }
  for (const { i, period, grace, 'at-limit': atLimit, 'forecast-at': forecastAt } of budgets) {
    if (grace !== undefined && (atLimit ?? 'warn') === 'warn')
      issues.push({
        path: ['budgets', i, 'grace'],
        message: 'nothing is stopped at-limit: warn; say stop or block, or leave it out',
      });
    if (period === 'total' && forecastAt)
      issues.push({
        path: ['budgets', i, 'forecast-at'],
        message: 'a total never ends, so nothing is expected of its end; name another period',
      });
    if (typeof period !== 'object' || period.from <= period.to) continue;
    issues.push({ path: ['budgets', i, 'period'], message: `ends (${period.to}) before it begins (${period.from})` });
  }
  for (const { i, allow, 'at-most': atMost } of guardrails) {
    if (allow === undefined && atMost === undefined)
      issues.push({ path: ['guardrails', i], message: 'a guardrail needs allow or at-most' });
  }
  return issues;
}

/** The items of a list that hold no fault of their own: only these can be held against each other. */
function readable<T>(
  list: unknown,
  schema: { safeParse(item: unknown): { success: boolean; data?: T } },
): { i: number; value: T }[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((item, i) => {
    const parsed = schema.safeParse(item);
    return parsed.success ? [{ i, value: parsed.data! }] : [];
  });
}

function toPolicy(file: PolicyFile): Policy {
  return {
    mode: file.mode ?? 'observe',
    timezone: file.timezone ?? 'UTC',
    admins: [...new Set(file.admins)],
    sender: file.sender,
    owners: { address: file.owners?.address, exceptions: file.owners?.exceptions ?? {} },
    team: file.team ?? 'domain',
    limits: file.limits.map(
      (limit): Limit => ({
        name: limit.name,
        match: toMatch(limit.match ?? {}),
        ...(limit['max-uptime'] === undefined ? {} : { maxUptime: limit['max-uptime'] }),
        ...(limit['max-idle'] === undefined ? {} : { maxIdle: limit['max-idle'] }),
        grace: limit.grace ?? DEFAULT_GRACE,
      }),
    ),
    extensions: { hours: (file.extensions?.hours ?? 4) * HOUR, atMost: file.extensions?.['at-most'] ?? 2 },
    exempt: (file.exempt ?? []).map(toMatch),
    budgets: (file.budgets ?? []).map(toBudget),
    guardrails: (file.guardrails ?? []).map(
      (guardrail): Guardrail => ({
        name: guardrail.name,
        match: toMatch(guardrail.match ?? {}),
        ...(guardrail.allow ? { allow: guardrail.allow.instance } : {}),
        atMost: guardrail['at-most'] ?? [],
        for: guardrail.for ?? 'each owner',
      }),
    ),
    teams: Object.fromEntries(
      Object.entries(file.teams ?? {}).map(([name, { leads, since }]) => [
        name,
        { leads: [...new Set(leads)], ...(since === undefined ? {} : { since }) },
      ]),
    ),
    report: {
      ...(file.report?.weekly === undefined ? {} : { weekly: file.report.weekly }),
      ...(file.report?.locale === undefined ? {} : { locale: file.report.locale }),
      ...(file.report?.empty === undefined ? {} : { empty: file.report.empty }),
      daily: file.report?.daily ?? 8 * 60,
    },
    safety: { maxStops: file.safety?.['max-stops'] ?? { share: 0.25 } },
    backstop: { for: file.backstop?.for ?? ['budget'], margin: file.backstop?.margin ?? 30 * MINUTE },
    prices: file.prices ?? {},
    evidence: { staleAfter: file.evidence?.['stale-after'] ?? 30 * MINUTE },
    ...(file['native-idle'] ? { nativeIdle: toNativeIdle(file['native-idle']) } : {}),
  };
}

function toBudget({
  name,
  for: whose,
  period,
  limit,
  grace,
  ...file
}: NonNullable<PolicyFile['budgets']>[number]): Budget {
  const rising = (shares: number[] = []) => [...new Set(shares)].sort((a, b) => a - b);
  return {
    name,
    for: whose as Budget['for'],
    period: period as Budget['period'],
    limit,
    warnAt: rising(file['warn-at']),
    forecastAt: rising(file['forecast-at']),
    atLimit: file['at-limit'] ?? 'warn',
    ...(grace === undefined ? {} : { grace }),
  };
}

function toNativeIdle({ apply = false, ...timeouts }: NonNullable<PolicyFile['native-idle']>): NativeIdle {
  return { timeouts, apply };
}

const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6];

function toMatch({ 'app-type': appType, during, ...match }: MatchFile): Match {
  const entries = Object.entries({ ...match, appType }).filter(([, value]) => value !== undefined);
  if (during) {
    const { days = EVERY_DAY, hours = { from: 0, to: 24 * 60 } } = during;
    entries.push(['during', { days, ...hours } as never]);
  }
  return Object.fromEntries(entries);
}
