import { readFile } from 'node:fs/promises';
import type { Policy } from './domain/policy.ts';
import { describeFault, parsePolicy } from './policy-file.ts';

/** What the environment and the policy file say: all that Curfew needs to know before it starts. */
export interface Config {
  region: string;
  table: string;
  /** Where links in mail point, without a slash at its end. Without one, mail has no links, and nobody is asked to confirm. */
  baseUrl?: string;
  /** The SES configuration set that mail is sent with: its events tell what became of it. Without one, nobody hears of bounces. */
  configurationSet?: string;
  /** Where the backstop's schedules lie, and what they act with; absent where none was deployed. */
  backstop?: { group: string; role?: string; queue?: string };
  policy: Policy;
}

/** Bad configuration: every fault in one message, a line each. Nothing is governed by half a policy. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** Reads a parameter of SSM by its name. */
export type ReadParameter = (name: string) => Promise<string>;

/** Where things are: all that a handler needs which does not govern. */
export type Location = Omit<Config, 'policy'>;

type Environment = Record<string, string | undefined>;

/**
 * Reads `AWS_REGION`, `CURFEW_TABLE`, `CURFEW_BASE_URL`, `CURFEW_CONFIGURATION_SET`, `CURFEW_BACKSTOP_…` and `CURFEW_POLICY` (a file, or
 * `ssm:/name`; `curfew.yml` when absent). Each invocation reads anew: a policy that was changed in SSM governs from the
 * next one on.
 * @throws ConfigError with all faults
 */
export async function loadConfig(env: Environment, readParameter: ReadParameter): Promise<Config> {
  const { location, faults } = locate(env);
  const policy = await loadPolicy(env.CURFEW_POLICY || 'curfew.yml', readParameter).catch((error: unknown) => {
    if (!(error instanceof ConfigError)) throw error;
    faults.push(error.message);
  });
  if (!location || !policy) throw new ConfigError(faults.join('\n'));
  return { ...location, policy };
}

/** Reads `AWS_REGION` and `CURFEW_TABLE`. Throws ConfigError with all faults. */
export function loadLocation(env: Environment): Location {
  const { location, faults } = locate(env);
  if (!location) throw new ConfigError(faults.join('\n'));
  return location;
}

function locate(env: Environment): { location?: Location; faults: string[] } {
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION;
  const table = env.CURFEW_TABLE;
  const configurationSet = env.CURFEW_CONFIGURATION_SET;
  const faults: string[] = [];
  let baseUrl: string | undefined;
  try {
    baseUrl = loadBaseUrl(env);
  } catch (error) {
    faults.push((error as ConfigError).message);
  }
  if (!region) faults.push('AWS_REGION is not set: name the region to govern, such as us-east-1');
  if (!table) faults.push('CURFEW_TABLE is not set: name the DynamoDB table (`curfew table create` makes it)');
  if (!region || !table || faults.length > 0) return { faults };
  const backstop = loadBackstop(env);
  const optional = {
    ...(baseUrl ? { baseUrl } : {}),
    ...(configurationSet ? { configurationSet } : {}),
    ...(backstop ? { backstop } : {}),
  };
  return { location: { region, table, ...optional }, faults };
}

/**
 * Reads `CURFEW_BACKSTOP_GROUP`, `CURFEW_BACKSTOP_ROLE` and `CURFEW_BACKSTOP_QUEUE`: the group of EventBridge Scheduler that holds the
 * backstop's schedules, and the ARNs that whoever arms needs besides. Without a group there is no backstop.
 */
export function loadBackstop(env: Environment): Config['backstop'] {
  const { CURFEW_BACKSTOP_GROUP: group, CURFEW_BACKSTOP_ROLE: role, CURFEW_BACKSTOP_QUEUE: queue } = env;
  return group ? { group, ...(role ? { role } : {}), ...(queue ? { queue } : {}) } : undefined;
}

/** Reads `CURFEW_BASE_URL`, where links in mail point. Throws ConfigError where it is no such address. */
export function loadBaseUrl(env: Environment): string | undefined {
  const baseUrl = env.CURFEW_BASE_URL?.replace(/\/+$/, '');
  if (!baseUrl) return undefined;
  if (isBaseUrl(baseUrl)) return baseUrl;
  throw new ConfigError(`CURFEW_BASE_URL ${baseUrl} is not an address such as https://curfew.example.org`);
}

/** Links carry secrets: plain HTTP is for this machine alone. */
function isBaseUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  if (url.search || url.hash || url.username) return false;
  return (
    url.protocol === 'https:' || (url.protocol === 'http:' && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname))
  );
}

/** A warm Lambda reads the same policy again and again: only a new text is read anew. */
let latest: { text: string; policy: Policy } | undefined;

/**
 * Reads and checks a policy.
 * @param source a file's path, or `ssm:/name`
 * @throws ConfigError with every fault's line and column
 */
export async function loadPolicy(source: string, readParameter: ReadParameter): Promise<Policy> {
  const text = await readSource(source, readParameter);
  if (latest?.text === text) return latest.policy;
  const parsed = parsePolicy(text);
  if ('policy' in parsed) {
    latest = { text, policy: parsed.policy };
    return parsed.policy;
  }
  throw new ConfigError(parsed.faults.map((fault) => describeFault(fault, source)).join('\n'));
}

async function readSource(source: string, readParameter: ReadParameter): Promise<string> {
  try {
    return source.startsWith('ssm:')
      ? await readParameter(source.slice('ssm:'.length))
      : await readFile(source, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : message;
    throw new ConfigError(`the policy ${source} cannot be read: ${why}`, { cause });
  }
}
