import { awsError, type Input, invalid, unknownOperation } from './answers.ts';
import { type BillLine, meterStudio } from './bill-meter.ts';
import { readAmount, writeAmount } from './bill-money.ts';
import { readFilter } from './cost-explorer-filter.ts';
import { type CostQuery, costPages } from './cost-explorer-pages.ts';
import { addDays, addMonths, checkHistory, checkPeriod, dateOf, daysBetween } from './cost-explorer-time.ts';
import type { Pricing } from './pricing.ts';
import type { Studio } from './studio-types.ts';

/** The bill of the world, and the means to make it as late, wrong or untagged as AWS's. */
export interface CostExplorer {
  /** How far the bill is behind what ran, in hours. It is brought up to date every `refreshHours`, by UTC. */
  hoursLate: number;
  refreshHours: number;
  /** For how many days after its end a day is Estimated. */
  daysEstimated: number;
  /** Uptime divided by the hours billed. */
  drift: number;
  /** US dollars an hour of what the price list does not know. */
  unlistedRate: string;
  /** The share of rows without tags, from 0 to 1; which ones, follows from `seed`. */
  untagged: number;
  seed: string;
  /** The active cost allocation tags, and the first day from which each counts; empty: from ever. */
  activeTags: Map<string, string>;
  /** What else is on the bill, at once; of the world's region and account where it does not say. */
  extras: BillLine[];
  /** Groups on a page. */
  pageSize: number;
  /** Days of cost that a forecast needs. */
  forecastNeeds: number;
  /** Not switched on for the account: every call is denied, whatever its rights. */
  isEnabled: boolean;
  /** Changes an answer before it goes out: what AWS has never been seen to do. */
  tamper: (answer: Input, input: Input) => unknown;
  /** What the bill says now, line by line, extras included. */
  lines(): BillLine[];
}

const hour = 3_600_000;

/** The tags that SageMaker sets by itself. */
const ownTags = ['sagemaker:domain-arn', 'sagemaker:space-arn', 'sagemaker:user-profile-arn'];

/** Starts a Cost Explorer that bills what runs in a Studio, at the price list's prices. */
export function startCostExplorer(
  studio: Studio,
  pricing: Pricing,
  now: () => number,
): { costExplorer: CostExplorer; perform(action: string, input: Input): unknown } {
  const { region, account } = studio.place;
  const world: CostExplorer = {
    hoursLate: 24,
    refreshHours: 8,
    daysEstimated: 2,
    drift: 1.03,
    unlistedRate: '1',
    untagged: 0,
    seed: 'curfew',
    activeTags: new Map(ownTags.map((key) => [key, ''])),
    extras: [],
    pageSize: 1000,
    forecastNeeds: 5,
    isEnabled: true,
    tamper: (answer) => answer,
    lines: () => [
      ...meterStudio(studio, pricing, { ...world, horizon: horizon() }),
      ...world.extras.map((line) => ({ region, account, ...line })),
    ],
  };
  const horizon = (): number =>
    Math.floor(now() / (world.refreshHours * hour)) * world.refreshHours * hour - world.hoursLate * hour;
  const isEstimated = (date: string): boolean =>
    now() < Date.parse(`${date}T00:00:00Z`) + (1 + world.daysEstimated) * 24 * hour;
  const tagOf = (line: BillLine, key: string): string => {
    const since = world.activeTags.get(key);
    return since === undefined || line.date < since ? '' : (line.tags?.[key] ?? '');
  };
  const pages = costPages(now);

  const operations: Record<string, (input: Input) => unknown> = {
    GetCostAndUsage(input) {
      const { Granularity: granularity, Metrics: metrics } = input;
      if (granularity !== 'DAILY' && granularity !== 'MONTHLY') throw invalid(`Granularity ${granularity} is invalid.`);
      if (!Array.isArray(metrics) || metrics.length === 0) throw invalid('At least one metric is required.');
      const period = checkHistory(input.TimePeriod, now());
      const query: CostQuery = { input, period, granularity, metrics, tagOf, isEstimated };
      return pages(query, world.lines, world.pageSize);
    },

    GetCostForecast(input) {
      const { Granularity: granularity, Metric: metric } = input;
      if (!/^(NET_)?(AMORTIZED|UNBLENDED)_COST$|^BLENDED_COST$/.test(metric)) throw invalid(`Metric ${metric}.`);
      const { from, to } = checkPeriod(input.TimePeriod);
      const today = dateOf(now());
      // AWS asks for a start "equal to or no later than the current date", and people were refused earlier ones.
      if (from !== today) throw invalid(`Start date ${from} must be the current date, ${today}.`);
      const farthest = granularity === 'DAILY' ? 3 : granularity === 'MONTHLY' ? 18 : 0;
      if (to > addMonths(today, farthest)) throw invalid(`No ${granularity} forecast reaches to ${to}.`);
      const accepts = readFilter(input.Filter, tagOf, false);
      const byDay = new Map<string, bigint>();
      const lastWhole = dateOf(horizon());
      for (const line of world.lines()) {
        if (!accepts(line) || line.date >= lastWhole || line.date < addDays(lastWhole, -30)) continue;
        byDay.set(line.date, (byDay.get(line.date) ?? 0n) + (readAmount(line.amount ?? '') ?? 0n));
      }
      if (byDay.size < world.forecastNeeds)
        throw awsError('DataUnavailableException', 'Insufficient amount of historical data to generate forecast.');
      const first = [...byDay.keys()].sort()[0] as string;
      const mean = [...byDay.values()].reduce((sum, cost) => sum + cost, 0n) / BigInt(daysBetween(first, lastWhole));
      const steps: [string, string][] = [];
      for (let at = from; at < to; ) {
        const next = granularity === 'DAILY' ? addDays(at, 1) : addMonths(`${at.slice(0, 8)}01`, 1);
        steps.push([at, next < to ? next : to]);
        at = next;
      }
      const of = (start: string, end: string): string => writeAmount(mean * BigInt(daysBetween(start, end)));
      return {
        Total: { Amount: of(from, to), Unit: 'USD' },
        ForecastResultsByTime: steps.map(([Start, End]) => ({
          TimePeriod: { Start, End },
          MeanValue: of(Start, End),
        })),
      };
    },

    ListCostAllocationTags({ Status: status, TagKeys: keys, Type: type }) {
      const known = new Set([...ownTags, ...world.activeTags.keys()]);
      const tags = [...known].sort().map((TagKey) => ({
        TagKey,
        Type: TagKey.startsWith('aws:') ? 'AWSGenerated' : 'UserDefined',
        Status: world.activeTags.has(TagKey) ? 'Active' : 'Inactive',
      }));
      const fits = (tag: (typeof tags)[number]) =>
        (status ?? tag.Status) === tag.Status &&
        (type ?? tag.Type) === tag.Type &&
        (keys?.includes(tag.TagKey) ?? true);
      return { CostAllocationTags: tags.filter(fits) };
    },
  };
  return {
    costExplorer: world,
    perform(action, input) {
      const operation = operations[action];
      if (operation === undefined) throw unknownOperation('cost-explorer', action);
      if (!world.isEnabled) throw awsError('AccessDeniedException', 'User not enabled for cost explorer access');
      return world.tamper(operation(input), input);
    },
  };
}
