import { AGENT_LIMITS, type AgentCost } from './agent.ts';
import type { ColdImport } from './cold.ts';
import type { Money } from './money-report.ts';
import { megabytes, table, time, whole } from './numbers.ts';
import { costOf } from './own-bill.ts';
import type { Packaged } from './package.ts';
import { type Times, tableCalls, type WorldResult } from './worlds.ts';

/** Prints what the worlds cost, as tables. */
export function printWorlds(worlds: WorldResult[]): void {
  const sdkCalls = [
    'sagemaker ListApps',
    'sagemaker ListSpaces',
    'resource-groups-tagging-api GetResources',
    'cloudwatch GetMetricData',
  ];
  const pair = (world: WorldResult, key: string) =>
    `${whole(world.calls.second[key] ?? 0)}/${whole(world.least[key] ?? 0)}`;
  console.log(
    table(
      'Calls of AWS in one scan: made/the least possible',
      ['apps', 'ListApps', 'ListSpaces', 'GetResources', 'GetMetricData', 'any other', ''],
      worlds.map((world) => {
        const others = Object.keys(world.calls.second).filter(
          (key) => !sdkCalls.includes(key) && !key.startsWith('dynamodb '),
        );
        return [
          whole(world.apps),
          ...sdkCalls.map((key) => pair(world, key)),
          whole(others.length),
          world.faults.length === 0 ? 'the least' : 'WRONG',
        ];
      }),
    ),
  );
  console.log(
    table(
      'DynamoDB',
      ['apps', 'first scan: reads', 'writes', 'second scan: reads', 'writes'],
      worlds.map(({ apps, calls }) => {
        const [first, second] = [tableCalls(calls.first), tableCalls(calls.second)];
        return [apps, first.reads, first.writes, second.reads, second.writes].map(whole);
      }),
    ),
  );
  console.log(
    table(
      'Time: a quiet scan held against a bare listing (medians)',
      ['apps', 'bare listing', 'with table', 'quiet scan', 'ratio', 'with table', 'list CPU', 'scan CPU', 'runs'],
      worlds.flatMap(({ apps, cold, warm, rounds, callsInEach }) => [
        ...(warm ? [timeRow(`${whole(apps)}, warm`, warm, rounds * (callsInEach - 1))] : []),
        timeRow(`${whole(apps)}, first call`, cold, rounds),
      ]),
    ),
  );
  console.log(`
The bare listing reads the same pages with the same SDK clients: apps, spaces and tags side by side, each page as soon
as the token of the one before is there; it keeps nothing. "With table" also reads the run table's pages beside them, as
the scan does. The scan is the bundled handler. "First call": in a process that has loaded its code and made no call
yet (the scan then reads its policy); "warm": later calls in such processes. Listings and scans take turns.`);
  console.log(
    table(
      'The first scan, which writes a record of every app',
      ['apps', 'time', 'to bare listing', 'writes a second'],
      worlds.map(({ apps, first, calls, cold, isSeeded }) => {
        const { ms } = first.calls[0]!;
        return [
          whole(apps),
          `${time(ms)}${isSeeded ? ' *' : ''}`,
          isSeeded ? '' : (ms / cold.listing).toFixed(1),
          whole((tableCalls(calls.first).writes * 1000) / ms),
        ];
      }),
    ),
  );
  if (worlds.some(({ isSeeded }) => isSeeded)) {
    console.log('* at 0 ms a call, to fill the record of so many apps quickly: its time is held against nothing.');
  }
  console.log(
    table(
      'Memory and growth (Node with the heap that Lambda gives it at 512 MB)',
      ['apps', 'at rest', 'peak, quiet scan', 'peak, first scan', 'time per app', 'memory per app'],
      worlds.map((world) => [
        whole(world.apps),
        megabytes(world.restBytes),
        megabytes(world.peakBytes),
        megabytes(world.first.peakBytes),
        `${(timePerApp(world) * 1000).toFixed(0)} µs`,
        `${(memoryPerApp(world) / 1024).toFixed(1)} KB`,
      ]),
    ),
  );
}

function timeRow(name: string, times: Times, runs: number): string[] {
  const { listing, withTable, scan, listingCpu, scanCpu } = times;
  const ratios = [scan / listing, scan / withTable].map((ratio) => ratio.toFixed(2));
  return [name, time(listing), time(withTable), time(scan), ...ratios, time(listingCpu), time(scanCpu), String(runs)];
}

/** Of a first call, as each world has one. */
function timePerApp({ cold, apps }: WorldResult): number {
  return cold.scan / apps;
}

/** Over what the loaded code takes at rest. */
function memoryPerApp({ peakBytes, restBytes, apps }: WorldResult): number {
  return (peakBytes - restBytes) / apps;
}

/** Prints how long the bundles take to load. */
export function printColdImports(cold: ColdImport[], runs: number): void {
  console.log(
    table(
      `Cold import (medians of ${runs} fresh processes each, in turn)`,
      ['handler', 'import', 'SDK alone', 'ratio', 'size', 'SDK alone'],
      cold.map(({ handler, ms, sdkMs, bytes, sdkBytes }) => [
        handler,
        `${ms.toFixed(1)} ms`,
        `${sdkMs.toFixed(1)} ms`,
        (ms / sdkMs).toFixed(2),
        `${(bytes / 1024).toFixed(0)} KB`,
        `${(sdkBytes / 1024).toFixed(0)} KB`,
      ]),
    ),
  );
  for (const { handler, sdk } of cold)
    console.log(`${handler}: ${sdk.map((name) => name.replace('@aws-sdk/', '')).join(', ')}`);
}

/** Prints what a deployment is made of. */
export function printPackage({ ms, zips }: Packaged): void {
  const rows = [...zips].map(([handler, bytes]) => [handler, `${(bytes / 1024).toFixed(0)} KB`]);
  console.log(table('Zips, source maps included', ['handler', 'size'], rows));
  console.log(`The package step (build, packager, checks of template, rights and zips) took ${time(ms)}.`);
}

/** How long the package step may take. */
const MOST_PACKAGING = 30_000;

/** What Curfew may cost a month, in dollars, Cost Explorer included; its nearest peer's figure for as many is $11.23. */
const MOST_COST = 1;

interface Goal {
  name: string;
  measured: string;
  goal: string;
  isMet: boolean;
}

/** The goals that what was measured says something of. */
export function goals(
  worlds: WorldResult[],
  cold: ColdImport[],
  { agent, stack, money }: { agent?: AgentCost | undefined; stack?: Packaged | undefined; money?: Money | undefined },
): Goal[] {
  const found: Goal[] = [];
  const most = (name: string, value: number, goal: number, show: (value: number) => string = (n) => n.toFixed(2)) =>
    found.push({ name, measured: show(value), goal: `${show(goal)} or less`, isMet: value <= goal });
  for (const world of worlds) {
    const isLeast = world.faults.length === 0;
    found.push({
      name: `${whole(world.apps)} apps: least calls, no write when quiet`,
      measured: isLeast ? 'yes' : 'no',
      goal: 'yes',
      isMet: isLeast,
    });
    for (const [name, times] of [
      ['warm', world.warm],
      ['first call', world.cold],
    ] as const) {
      if (times)
        most(`${whole(world.apps)} apps: quiet scan to bare listing, ${name}`, times.scan / times.listing, 1.3);
    }
  }
  const [small, large] = [10_000, 100_000].map((apps) => worlds.find((world) => world.apps === apps));
  if (large)
    most('100,000 apps: peak memory', Math.max(large.peakBytes, large.first.peakBytes), 512 * 2 ** 20, megabytes);
  if (small && large) {
    most('10,000 to 100,000 apps: time per app', timePerApp(large) / timePerApp(small), 1.2);
    most('10,000 to 100,000 apps: memory per app', memoryPerApp(large) / memoryPerApp(small), 1.2);
  }
  for (const { handler, ms, sdkMs } of cold) most(`cold import of ${handler} to its SDK`, ms / sdkMs, 1.4);
  if (money) {
    const { weekly } = money.month;
    most(`${whole(weekly.owed)} reports: peak memory`, weekly.peakBytes, 512 * 2 ** 20, megabytes);
    const isLeast = money.month.faults.length === 0;
    found.push({
      name: `${whole(money.month.owners)} owners: no read for an owner or a report, no write when quiet, full pages of the bill`,
      measured: isLeast ? 'yes' : 'no',
      goal: 'yes',
      isMet: isLeast,
    });
    const [small] = money.bills;
    for (const isBeyondFree of [true, false])
      most(
        `Curfew's own month, ${small!.users} users, ${isBeyondFree ? 'beyond what is always free' : 'at list price'}`,
        costOf(small!.items, isBeyondFree),
        MOST_COST,
        (usd) => `$${usd.toFixed(2)}`,
      );
  }
  if (stack) most('package step', stack.ms, MOST_PACKAGING, time);
  if (agent) {
    most(
      'activity agent: share of a core',
      agent.cpuShare,
      AGENT_LIMITS.cpuShare,
      (share) => `${(share * 100).toFixed(3)} %`,
    );
    most('activity agent: peak memory', agent.peakRss, AGENT_LIMITS.peakRss, megabytes);
    most('activity agent: characters of base64', agent.size, AGENT_LIMITS.size, whole);
  }
  return found;
}

/** Prints the goals, met or missed. */
export function printGoals(all: Goal[]): void {
  console.log(
    table(
      'Goals',
      ['', 'measured', 'goal', ''],
      all.map(({ name, measured, goal, isMet }) => [name, measured, goal, isMet ? 'met' : 'MISSED']),
    ),
  );
}
