import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { NoJupyter } from '../test/agent/jupyter.ts';
import { type AgentCost, agentFaults, benchAgent, tellAgentCost } from './agent.ts';
import { bundleJob, HANDLERS } from './bundles.ts';
import { coldImports } from './cold.ts';
import { POLICY } from './lab.ts';
import { measureMoney } from './money.ts';
import { type Money, printMoney } from './money-report.ts';
import { ownBill, readStanding } from './own-bill.ts';
import { measureUse } from './own-use.ts';
import { packageStack } from './package.ts';
import { goals, printColdImports, printGoals, printPackage, printWorlds } from './report.ts';
import { measureWorld, type WorldResult } from './worlds.ts';

const USAGE = `npm run bench -- [--apps 100,1000,10000,100000] [--latency 20] [--runs 15] [--no-worlds] [--no-cold] [--no-package] [--no-money] [--no-agent]

Measures a scan of labs of so many apps on an embedded AWS in other processes, at 20 ms a call, and how long each
bundle takes to load; what a month of 100,000 runs takes to reckon and its last
week to report, and what Curfew itself costs a month by counted
calls and AWS's prices; and what the activity agent costs beside a real Jupyter server, where this machine has one.
Calls, reads, writes and sizes are asserted (exit 1); times and memory are only told.

  --apps N,N…     the sizes of the worlds
  --latency MS    how long every call takes
  --runs N        loads of each bundle
  --no-worlds     leaves the worlds out
  --no-cold       leaves the bundles out
  --no-package    leaves the package step out
  --no-money      leaves the month's money out
  --owners N      whose month is reckoned, ten runs each
  --no-agent      leaves the activity agent out
`;

/** How often a world is listed and scanned: the small ones are soon over, and need it most. */
function repeats(apps: number): { rounds: number; callsInEach: number } {
  if (apps <= 1_000) return { rounds: 4, callsInEach: 5 };
  return apps <= 10_000 ? { rounds: 2, callsInEach: 2 } : { rounds: 1, callsInEach: 1 };
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        apps: { type: 'string', default: '100,1000,10000,100000' },
        latency: { type: 'string', default: '20' },
        runs: { type: 'string', default: '15' },
        worlds: { type: 'boolean', default: true },
        cold: { type: 'boolean', default: true },
        package: { type: 'boolean', default: true },
        money: { type: 'boolean', default: true },
        owners: { type: 'string', default: '10000' },
        agent: { type: 'boolean', default: true },
        help: { type: 'boolean', short: 'h', default: false },
      },
      allowNegative: true,
    });
    const number = (text: string, least: number) => {
      const value = Number(text);
      if (!Number.isInteger(value) || value < least || value > 1_000_000) throw new Error(`not a number here: ${text}`);
      return value;
    };
    return {
      ...values,
      apps: values.apps.split(',').map((text) => number(text, 1)),
      latency: number(values.latency, 0),
      runs: number(values.runs, 1),
      owners: number(values.owners, 1),
    };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    process.exit(2);
  }
}

/** What the agent costs; undefined, and said, where there is no Jupyter to try it beside. */
async function tryAgent(): Promise<AgentCost | undefined> {
  try {
    return await benchAgent();
  } catch (error) {
    if (!(error instanceof NoJupyter)) throw error;
    console.log(`\nThe activity agent was not measured. ${error.message}`);
    return undefined;
  }
}

/** What money takes to reckon, and what Curfew costs in labs of two sizes. */
async function benchMoney(folder: string, { owners, latency }: { owners: number; latency: number }): Promise<Money> {
  const [runner, job] = await Promise.all(['measured', 'job-scan'].map((name) => bundle(name, folder)));
  const jobs = { runner: runner!, job: job!, handlers: resolve(HANDLERS), folder };
  const month = await measureMoney(owners, jobs);
  const standing = await readStanding(new URL('../stack/', import.meta.url));
  const bills: Money['bills'] = [];
  for (const users of [100, 1_000])
    bills.push({ users, items: ownBill(await measureUse(users, latency, jobs), standing) });
  return { month, bills };
}

function bundle(name: string, folder: string): Promise<string> {
  return bundleJob(fileURLToPath(new URL(`./${name}.ts`, import.meta.url)), join(folder, `${name}.mjs`));
}

async function main(): Promise<void> {
  const args = readArguments();
  if (args.help) {
    process.stdout.write(USAGE);
    return;
  }
  const started = performance.now();
  const folder = await mkdtemp(join(tmpdir(), 'curfew-bench-'));
  const progress = (text: string) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}`);
  try {
    console.log(`Node ${process.version}, ${availableParallelism()} processors, ${args.latency} ms a call`);
    const worlds: WorldResult[] = [];
    if (args.worlds) {
      const [runner, scan, listing] = (await Promise.all(
        ['measured', 'job-scan', 'job-listing'].map((name) => bundle(name, folder)),
      )) as [string, string, string];
      const policy = join(folder, 'curfew.yml');
      await writeFile(policy, POLICY);
      const handler = pathToFileURL(resolve(HANDLERS, 'scan.mjs')).href;
      for (const apps of args.apps) {
        progress(`a world of ${apps} apps …`);
        worlds.push(await measureWorld(apps, args.latency, repeats(apps), { runner, scan, listing, handler, policy }));
      }
      progress('');
      printWorlds(worlds);
    }
    // Before the bundles are loaded: it builds them anew.
    progress('the package step …');
    const stack = args.package ? await packageStack() : undefined;
    progress('');
    const cold = args.cold ? await coldImports(folder, args.runs) : [];
    if (args.cold) printColdImports(cold, args.runs);
    if (stack) printPackage(stack);
    progress('the money …');
    const money = args.money ? await benchMoney(folder, args) : undefined;
    progress('');
    if (money) printMoney(money, args.latency);
    progress('the activity agent …');
    const agent = args.agent ? await tryAgent() : undefined;
    progress('');
    if (agent) for (const line of tellAgentCost(agent)) console.log(line);
    printGoals(goals(worlds, cold, { agent, stack, money }));
    const ofWorlds = worlds.flatMap((world) => world.faults);
    const faults = [...ofWorlds, ...(money?.month.faults ?? []), ...(agent ? agentFaults(agent) : [])];
    for (const fault of faults) console.error(`WRONG: ${fault}`);
    console.log(`\nTook ${((performance.now() - started) / 1000).toFixed(0)} s.`);
    process.exitCode = faults.length > 0 ? 1 : 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
