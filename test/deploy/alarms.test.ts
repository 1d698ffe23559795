import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { METRICS } from '../../src/handlers/metrics.ts';
import { resolve, type Template } from '../../stack/check/resolve.ts';
import { FITTED, packaged } from './packaged.ts';

interface Alarm {
  AlarmName: string;
  AlarmDescription: string;
  Namespace?: string;
  MetricName?: string;
  Dimensions?: { Name: string; Value: string }[];
  Statistic?: 'Sum' | 'Maximum';
  Metrics?: { Id: string; MetricStat?: { Metric: { MetricName: string; Dimensions: { Value: string }[] } } }[];
  Period: number;
  EvaluationPeriods: number;
  Threshold: number;
  ComparisonOperator: string;
  TreatMissingData: string;
  AlarmActions: string[];
  OKActions: string[];
}

let template: Template;
let alarms: Map<string, Alarm>;
beforeAll(async () => {
  template = (await packaged()).template;
  const found = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm');
  const resolved = found.map(({ Properties }) => resolve(Properties, template) as Alarm);
  alarms = new Map(resolved.map((alarm) => [alarm.AlarmName.replace('curfew-prod-', ''), alarm]));
});

/** Whether an alarm rings over one period in which its metric had these values; silence is an empty list. */
function rings(name: string, values: number[]): boolean {
  const { Statistic, Threshold, ComparisonOperator, TreatMissingData, EvaluationPeriods } = alarms.get(name)!;
  expect(EvaluationPeriods).toBe(1);
  if (values.length === 0) return TreatMissingData === 'breaching';
  const value = Statistic === 'Sum' ? values.reduce((a, b) => a + b, 0) : Math.max(...values);
  switch (ComparisonOperator) {
    case 'LessThanThreshold':
      return value < Threshold;
    case 'GreaterThanThreshold':
      return value > Threshold;
    case 'GreaterThanOrEqualToThreshold':
      return value >= Threshold;
    default:
      throw new Error(ComparisonOperator);
  }
}

describe('an alarm', () => {
  it('rings after 15 minutes without a pass, and on silence', () => {
    expect(alarms.get('no-scan')).toMatchObject({ MetricName: 'Scans', Period: 900 });
    expect([rings('no-scan', []), rings('no-scan', [1]), rings('no-scan', [1, 1, 1])]).toEqual([true, false, false]);
  });

  it('rings when the backstop had to stop an app, and is silent where it had not', () => {
    expect([rings('backstop-fired', [1]), rings('backstop-fired', [2, 1]), rings('backstop-fired', [])]).toEqual([
      ...[true, true, false],
    ]);
  });

  it('rings when a mail has been owed for more than 30 minutes, and on silence', () => {
    expect(rings('outbox', [0, 60, 1800])).toBe(false);
    expect(rings('outbox', [0, 1801])).toBe(true);
    expect(rings('outbox', [])).toBe(true);
  });

  it('rings at any failed stop, and on silence', () => {
    expect(rings('failed-stop', [0, 0, 0])).toBe(false);
    expect(rings('failed-stop', [0, 1, 0])).toBe(true);
    expect(rings('failed-stop', [])).toBe(true);
  });

  it('rings when the queue is not empty; an unused queue is silent, and well', () => {
    expect(alarms.get('dead-letters')).toMatchObject({ Namespace: 'AWS/SQS', Dimensions: [{ Value: 'DeadLetters' }] });
    expect([rings('dead-letters', [0]), rings('dead-letters', [1]), rings('dead-letters', [])]).toEqual([
      false,
      true,
      false,
    ]);
  });

  it('rings when SES has paused sending, until SES says otherwise', () => {
    expect([rings('mail-paused', [0]), rings('mail-paused', [0, 1])]).toEqual([false, true]);
    expect(alarms.get('mail-paused')!.TreatMissingData).toBe('ignore');
  });

  it('rings when a function fails: at once, or as its event ends in the queue', () => {
    const watched = alarms
      .get('errors')!
      .Metrics!.flatMap(({ MetricStat }) => MetricStat?.Metric.Dimensions[0]?.Value ?? []);
    const queued = Object.values(template.Resources).flatMap(({ Type, Properties }) => {
      const ends = Type === 'AWS::Lambda::EventInvokeConfig' && Properties.DestinationConfig?.OnFailure?.Destination;
      if (!ends || resolve(ends, template) !== 'arn:aws:sqs:us-east-1:111122223333:DeadLetters') return [];
      return [resolve(Properties.FunctionName, template) as string];
    });
    const functions = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
    expect([...watched, ...queued].sort()).toEqual(functions.map(({ Properties }) => Properties.FunctionName).sort());
    expect(alarms.get('errors')).toMatchObject({ Threshold: 1, TreatMissingData: 'notBreaching' });
  });

  it('is explained in docs/operate.md, by its name', () => {
    const explained = [...readFileSync('docs/operate.md', 'utf8').matchAll(/^\| `([a-z-]+)` \*\*/gm)];
    expect(explained.map(([, name]) => name).sort()).toEqual([...alarms.keys()].sort());
  });

  it('tells its topic when it rings and when it is over', () => {
    expect([...alarms.keys()].sort()).toEqual([
      'backstop-fired',
      'dead-letters',
      'errors',
      'failed-stop',
      'mail-paused',
      'no-scan',
      'outbox',
    ]);
    for (const { AlarmActions, OKActions, AlarmDescription } of alarms.values()) {
      expect([AlarmActions, OKActions]).toEqual([
        ['arn:aws:sns:us-east-1:111122223333:Alarms'],
        ['arn:aws:sns:us-east-1:111122223333:Alarms'],
      ]);
      expect(AlarmDescription).toMatch(/\.$/);
    }
  });
});

describe('the topic', () => {
  it('takes from this stack’s alarms alone, and nothing in clear text', () => {
    const { Statement } = resolve(template.Resources.AlarmsPolicy!.Properties.PolicyDocument, template);
    expect(Statement).toEqual([
      expect.objectContaining({
        Effect: 'Allow',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Action: 'sns:Publish',
        Condition: {
          StringEquals: { 'aws:SourceAccount': '111122223333' },
          ArnLike: { 'aws:SourceArn': 'arn:aws:cloudwatch:us-east-1:111122223333:alarm:curfew-prod-*' },
        },
      }),
      expect.objectContaining({
        Effect: 'Deny',
        Principal: '*',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    ]);
  });

  it('is encrypted with a key of one’s own where one is named, and the stack makes none', async () => {
    expect(template.Resources.Alarms!.Properties).not.toHaveProperty('KmsMasterKeyId');
    const given = (await packaged(FITTED)).template.Resources;
    expect(given.Alarms).toMatchObject({
      Type: 'AWS::SNS::Topic',
      Properties: { KmsMasterKeyId: FITTED['alarm-key'] },
    });
    expect(Object.values(given).filter(({ Type }) => Type === 'AWS::KMS::Key')).toEqual([]);
  });
});

describe('figures', () => {
  /** Every metric of ours that an alarm or the dashboard reads, with the deployment that it is of. */
  const read = () => {
    const ours = [...alarms.values()].filter(({ Namespace }) => Namespace === 'Curfew');
    const named = ours.map(({ MetricName, Dimensions }) => [MetricName!, Dimensions![0]!.Value] as const);
    const { widgets } = JSON.parse(resolve(template.Resources.Dashboard!.Properties.DashboardBody, template));
    const shown = widgets.flatMap(({ properties }: { properties: { metrics?: unknown[][] } }) =>
      fullNames(properties.metrics ?? []).filter(([namespace]) => namespace === 'Curfew'),
    );
    return { named, shown: shown as string[][] };
  };

  it('that alarms and the dashboard read are the ones that the functions tell, of this stage', () => {
    const { named, shown } = read();
    for (const [metric, service] of named) expect([metric in METRICS, service]).toEqual([true, 'curfew-prod']);
    for (const [, metric, dimension, service] of shown)
      expect([metric! in METRICS, dimension, service]).toEqual([true, 'service', 'curfew-prod']);
  });

  it('are all on the dashboard', () => {
    expect(new Set(read().shown.map(([, metric]) => metric))).toEqual(new Set(Object.keys(METRICS)));
  });
});

/** A dashboard's rows written out: `.` repeats what stands above, `...` all of it up to the end. */
function fullNames(rows: unknown[][]): string[][] {
  const full: string[][] = [];
  for (const row of rows) {
    const names = row.filter((part): part is string => typeof part === 'string');
    const above = full.at(-1) ?? [];
    if (names[0] === '...') full.push([...above.slice(0, above.length - names.length + 1), ...names.slice(1)]);
    else full.push(names.map((name, i) => (name === '.' ? above[i]! : name)));
  }
  return full;
}
