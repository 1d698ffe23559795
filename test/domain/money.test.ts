import { describe, expect, test } from 'vitest';
import { costsSoFar, hourlyOf } from '../../src/domain/cost.ts';
import { costOf, describeMoney, parseRate, readMoney, readPrice } from '../../src/domain/money.ts';
import { DAY, HOUR, MINUTE } from '../../src/domain/time.ts';
import { appWith, NOON, type quietApp, ref } from './builders.ts';

describe('money is exact', () => {
  test('a price keeps AWS’s ten decimals', () => {
    expect(parseRate('0.0500000000')).toBe(500_000_000);
    expect(parseRate('25.2512883')).toBe(252_512_883_000);
    expect(parseRate('20')).toBe(200_000_000_000);
  });

  test.each(['', '-1', '1e3', '0x10', '1,5', '1.12345678901', 'NaN'])('"%s" is no price', (text) => {
    expect(() => parseRate(text)).toThrow('not a price');
  });

  test.each([
    ['200 USD', 200_000_000],
    ['50USD', 50_000_000],
    ['200.5 usd', 200_500_000],
    ['123456.78 USD', 123_456_780_000],
    ['999999999.99 USD', 999_999_999_990_000],
    ['1.000 USD', 1_000_000],
  ])('"%s" is an amount', (text, value) => expect(readMoney(text)).toEqual({ value }));

  test.each(['', 'USD', '200', '-5USD', '$5', '1,000 USD', '5 EUR', '1e3 USD', '.5 USD'])('"%s" is none', (text) =>
    expect(readMoney(text)).toEqual({ wrong: '' }),
  );

  test.each(['5.10 USD/h', '5.1USD/h', '5.1 usd / H'])('"%s" is a price', (text) =>
    expect(readPrice(text, 'h')).toEqual({ value: parseRate('5.1') }),
  );

  test('the smallest price is that of which an hour is a micro-dollar', () => {
    expect(readPrice('0.0000005 USD/h', 'h')).toEqual({ value: 5_000 });
    expect(readPrice('0.0000004999 USD/h', 'h')).toEqual({ wrong: 'is less than a millionth of a dollar' });
    expect(readPrice('5 USD/h', 'GB-month')).toEqual({ wrong: '' });
  });

  test('a cost is rounded once, to the micro-dollar', () => {
    expect(costOf(parseRate('1.41'), 5 * MINUTE)).toBe(117_500);
    expect(costOf(parseRate('25.2512883'), HOUR)).toBe(25_251_288);
    expect(costOf(parseRate('63.296'), 400 * DAY)).toBe(607_641_600_000);
    expect(costOf(parseRate('0.05'), 0)).toBe(0);
  });

  test.each([
    [0, '$0.00'],
    [117_500, '$0.12'],
    [1_234_567_890_000, '$1,234,567.89'],
    [-5_000_000, '-$5.00'],
    [-1, '$0.00'],
  ])('%i micro-dollars are shown as %s', (amount, shown) => expect(describeMoney(amount)).toBe(shown));
});

describe('what running apps have cost so far', () => {
  const rates = { source: 'test', byInstance: new Map([['ml.t3.medium', parseRate('0.05')]]) };
  const app = (appType: string, appName: string, instanceType: string | undefined, hours: number) => {
    const { instanceType: _, ...rest } = appWith({ startedAt: NOON - hours * HOUR });
    return { ...rest, ...(instanceType ? { instanceType } : {}), ref: { ...ref, appType, appName } };
  };
  const costs = (...apps: (typeof quietApp)[]) => [...costsSoFar(apps, rates, NOON).values()];

  test('hours times the price', () =>
    expect(costs(app('JupyterLab', 'a', 'ml.t3.medium', 10))).toMatchObject([{ kind: 'known', amount: 500_000 }]));

  test('an unknown type is unknown, and never $0', () =>
    expect(costs(app('JupyterLab', 'a', 'ml.x9.large', 10))).toEqual([{ kind: 'unknown' }]));

  test('an hour of all is that of each that has a price, and of a shared instance once', () => {
    const apps = [
      app('JupyterLab', 'a', 'ml.t3.medium', 10),
      app('JupyterLab', 'b', 'ml.x9.large', 10),
      app('KernelGateway', 'young', 'ml.t3.medium', 2),
      app('KernelGateway', 'old', 'ml.t3.medium', 10),
    ];
    expect(hourlyOf(apps, rates, NOON)).toBe(100_000);
    expect(hourlyOf([], rates, NOON)).toBe(0);
  });

  test('JupyterServer on system is free; on an instance of its own it is not', () => {
    expect(costs(app('JupyterServer', 'default', 'system', 10))).toEqual([{ kind: 'free' }]);
    expect(costs(app('JupyterServer', 'default', undefined, 10))).toEqual([{ kind: 'free' }]);
    expect(costs(app('JupyterServer', 'default', 'ml.t3.medium', 10))).toMatchObject([{ kind: 'known' }]);
  });

  test('Canvas bills by the session-hour: no instance price fits', () =>
    expect(costs(app('Canvas', 'default', undefined, 10))).toEqual([{ kind: 'unknown' }]));

  test('KernelGateway apps of one user on one type share one instance: the oldest carries the charge', () => {
    const shared = costs(
      app('KernelGateway', 'young', 'ml.t3.medium', 2),
      app('KernelGateway', 'old', 'ml.t3.medium', 10),
    );
    expect(shared).toMatchObject([{ kind: 'known', amount: 500_000 }, { kind: 'shared' }]);
  });

  test('found by the simulator, seed rv.14: also where one began after now, by a clock that is ahead', () => {
    const late = app('KernelGateway', 'young', 'ml.t3.medium', -MINUTE / HOUR);
    const shared = costs(late, app('KernelGateway', 'old', 'ml.t3.medium', 10));
    expect(shared).toMatchObject([{ kind: 'known', amount: 500_000 }, { kind: 'shared' }]);
  });
});
