import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError, loadPolicy } from '../../src/config.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { makeTable } from '../../src/wiring.ts';
import { startEmbeddedAws } from '../aws/index.ts';
import { startHttpApi } from '../host/http-api.ts';
import { hostLambdas } from '../host/lambdas.ts';
import { furnish } from './account.ts';
import { createAgenda } from './agenda.ts';
import type { Arguments } from './arguments.ts';
import { wallTime } from './calendar.ts';
import { live } from './lab.ts';
import { progressBar } from './progress.ts';
import { toJson } from './report.ts';
import { serve } from './serve.ts';
import { show } from './show.ts';

const TABLE = 'curfew';
const POLICY = fileURLToPath(new URL('./policy.yml', import.meta.url));

/**
 * Starts the embedded AWS, lives the lab in it, shows what came of it, and serves it until Ctrl-C.
 * @param handlers the folder of the bundles
 * @returns the exit code
 */
export async function runLab(
  handlers: string,
  { days, seed, json, once, policy: policyFile }: Arguments,
): Promise<number> {
  const file = resolve(policyFile ?? POLICY);
  let policy: Policy;
  try {
    policy = await loadPolicy(policyFile ?? POLICY, async () => {
      throw new ConfigError('npm start reads no SSM: --policy takes a file');
    });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
  const agenda = createAgenda(wallTime(0, 0));
  const aws = await startEmbeddedAws({ now: () => agenda.clock.now, timezone: policy.timezone });
  const { account, region } = aws.studio.place;
  // The API's address is in every link, so it is there before the functions are.
  const api = await startHttpApi({
    invoke: async (event) => {
      const answer = await lambdas.invoke('links', event);
      if (answer.ok) return answer.value;
      throw new Error(answer.message);
    },
    now: () => agenda.clock.now,
    account,
  });
  const env = {
    ...aws.env,
    CURFEW_TABLE: TABLE,
    CURFEW_POLICY: file,
    CURFEW_BASE_URL: api.url,
    CURFEW_CONFIGURATION_SET: 'curfew',
    CURFEW_BACKSTOP_GROUP: 'curfew-backstop',
    CURFEW_BACKSTOP_ROLE: `arn:aws:iam::${account}:role/CurfewBackstopRole`,
    CURFEW_BACKSTOP_QUEUE: `arn:aws:sqs:${region}:${account}:curfew-dead-letters`,
  };
  aws.ses.configurationSets.add('curfew');
  aws.scheduler.createGroup('curfew-backstop');
  // Whatever this shell knows of a real account: none of it may lead there.
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, env);
  const sleep = (ms: number) => {
    agenda.clock.now += ms;
  };
  const lambdas = hostLambdas({ folder: handlers, env, account, region, sleep });
  try {
    // Whoever the policy sends as has its domain verified in SES.
    aws.ses.identities.add(policy.sender.replace(/^.*@|>$/g, '').toLowerCase());
    await makeTable({ region, table: TABLE });
    await furnish(aws, { handlers, table: TABLE, env });
    const bar = json ? undefined : progressBar(agenda.clock.now, wallTime(days, 0));
    const lab = { aws, lambdas, agenda, policy, policyFile, table: TABLE, seed, days, isServed: !once };
    const report = await live(lab, (now) => bar?.passed(now));
    bar?.end();
    const width = process.stdout.columns ?? 160;
    process.stdout.write(`${json ? toJson(report) : show(report, width)}\n`);
    const isKept = report.invariants.every(({ holds }) => holds);
    if (!once) await serve({ aws, env, now: agenda.clock.now, to: json ? process.stderr : process.stdout });
    return isKept ? 0 : 1;
  } catch (error) {
    process.stderr.write(
      `\nThe lab failed: ${error instanceof Error ? error.stack : error}\n${lastWords(lambdas.logs())}`,
    );
    return 1;
  } finally {
    await api.close();
    await lambdas.close();
    await aws.close();
  }
}

function lastWords(lines: string[]): string {
  const last = lines.slice(-10).map((line) => `  ${line.slice(0, 600)}\n`);
  return last.length === 0 ? '' : `The last that the functions logged:\n${last.join('')}`;
}
