import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { functionsOf } from '../../stack/check/functions.ts';
import { resolve, type Template } from '../../stack/check/resolve.ts';
import { matches, type Pattern } from './event-pattern.ts';
import { packaged } from './packaged.ts';

let template: Template;
let patterns: Map<string, Pattern>;
beforeAll(async () => {
  template = (await packaged()).template;
  const names = new Map(functionsOf(template).map(({ id, name }) => [id, name]));
  const rules = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::Events::Rule');
  patterns = new Map(
    rules.map(({ Properties }) => [
      names.get(Properties.Targets[0].Arn['Fn::GetAtt'][0])!,
      resolve(Properties.EventPattern, template) as Pattern,
    ]),
  );
});

// biome-ignore lint/suspicious/noExplicitAny: an event is whatever AWS sends.
type Event = any;
const sample = (name: string): Event => JSON.parse(readFileSync(`test/samples/${name}.json`, 'utf8'));
/** The functions that a rule hands an event to. */
const heardBy = (event: Event) => [...patterns].filter(([, pattern]) => matches(pattern, event)).map(([name]) => name);
const spoiled = (event: Event, spoil: (event: Event) => void): Event => {
  const copy = structuredClone(event);
  spoil(copy);
  return copy;
};
/** Sent with our set, as SES names it. */
const ours = (event: Event) =>
  spoiled(event, ({ detail }) => {
    detail.mail.tags['ses:configuration-set'] = ['MailSet'];
  });
const heartbeat = {
  version: '0',
  id: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
  'detail-type': 'Curfew Activity',
  source: 'curfew.agent',
  account: '111122223333',
  time: '2026-11-23T09:00:00Z',
  region: 'us-east-1',
  resources: [],
  detail: { version: 1 },
};

describe('studio-event hears', () => {
  it.each(['createapp-event', 'deleteapp-event', 'createspace-event', 'createuserprofile-event'])('%s', (name) => {
    expect(heardBy(sample(name))).toEqual(['studio-event']);
  });

  it('what the pattern of the samples says, and nothing else', () => {
    expect(patterns.get('studio-event')).toEqual(sample('eventbridge-pattern'));
  });

  it.each<[string, (event: Event) => void]>([
    ['a call that failed', ({ detail }) => (detail.errorCode = 'ResourceLimitExceeded')],
    [
      'Amplify’s CreateApp',
      (event) => {
        event.source = 'aws.amplify';
        event.detail.eventSource = 'amplify.amazonaws.com';
      },
    ],
    [
      'Amplify’s CreateApp from a source that says it is SageMaker',
      ({ detail }) => (detail.eventSource = 'amplify.amazonaws.com'),
    ],
    ['the same from somebody’s own source', (event) => (event.source = 'my.sagemaker')],
    ['another call of SageMaker', ({ detail }) => (detail.eventName = 'CreatePresignedDomainUrl')],
    ['a notebook instance that starts', ({ detail }) => (detail.eventName = 'StartNotebookInstance')],
    ['SageMaker’s own events', (event) => (event['detail-type'] = 'SageMaker Training Job State Change')],
    ['the console’s sign-in', (event) => (event['detail-type'] = 'AWS Console Sign In via CloudTrail')],
  ])('not %s', (_, spoil) => {
    expect(heardBy(spoiled(sample('createapp-event'), spoil))).toEqual([]);
  });

  it('not the sample of a failed call', () => {
    expect(heardBy(sample('createapp-failed-event'))).toEqual([]);
  });
});

describe('mail-feedback hears', () => {
  it.each(['ses-bounce-event', 'ses-complaint-event'])('%s of our mail', (name) => {
    expect(heardBy(ours(sample(name)))).toEqual(['mail-feedback']);
    expect(heardBy(spoiled(ours(sample(name)), (event) => (event['detail-type'] = 'Email Delivered')))).toEqual([
      'mail-feedback',
    ]);
  });

  it.each<[string, (event: Event) => void]>([
    [
      'of mail that others in the account send',
      ({ detail }) => (detail.mail.tags['ses:configuration-set'] = ['theirs']),
    ],
    ['of mail without a set', ({ detail }) => delete detail.mail.tags],
    ['that a mail was opened', (event) => (event['detail-type'] = 'Email Opened')],
    ['that a mail was sent', (event) => (event['detail-type'] = 'Email Sent')],
    ['from somebody’s own source', (event) => (event.source = 'my.ses')],
  ])('not %s', (_, spoil) => {
    expect(heardBy(spoiled(ours(sample('ses-bounce-event')), spoil))).toEqual([]);
  });
});

describe('activity-event hears', () => {
  it('a heartbeat', () => {
    expect(heardBy(heartbeat)).toEqual(['activity-event']);
  });

  it.each<[string, object]>([
    ['another source', { source: 'curfew' }],
    ['another detail-type', { 'detail-type': 'Curfew' }],
  ])('not one of %s', (_, spoil) => {
    expect(heardBy({ ...heartbeat, ...spoil })).toEqual([]);
  });
});

it('no rule hears the others’ events, nor those of schedules', () => {
  expect(patterns.size).toBe(3);
  const schedule = { ...heartbeat, source: 'aws.events', 'detail-type': 'Scheduled Event' };
  expect(heardBy(schedule)).toEqual([]);
});

describe('the matcher', () => {
  it.each<[string, Pattern, unknown, boolean]>([
    ['a value of a list', { a: ['x', 'y'] }, { a: 'y' }, true],
    ['none of a list', { a: ['x'] }, { a: 'y' }, false],
    ['a list in the event, of which one fits', { a: ['x'] }, { a: ['z', 'x'] }, true],
    ['a field that is missing', { a: ['x'] }, { b: 'x' }, false],
    ['every field of a pattern', { a: ['x'], b: ['y'] }, { a: 'x', b: 'z' }, false],
    ['what is nested', { a: { b: ['x'] } }, { a: { b: 'x', c: 1 } }, true],
    ['nested in a list', { a: { b: ['x'] } }, { a: [{ b: 'z' }, { b: 'x' }] }, true],
    ['nested where there is a value', { a: { b: ['x'] } }, { a: 'x' }, false],
    ['a number is no text', { a: ['1'] }, { a: 1 }, false],
    ['null', { a: [null] }, { a: null }, true],
    ['exists', { a: [{ exists: true }] }, { a: null }, true],
    ['exists not', { a: [{ exists: false }] }, { a: 'x' }, false],
    ['exists not, and it does not', { a: [{ exists: false }] }, {}, true],
    ['an object is no leaf', { a: [{ exists: false }] }, { a: { b: 1 } }, true],
    ['prefix', { a: [{ prefix: 'ab' }] }, { a: 'abc' }, true],
    ['prefix of another', { a: [{ prefix: 'ab' }] }, { a: 'cab' }, false],
    ['suffix', { a: [{ suffix: 'bc' }] }, { a: 'abc' }, true],
    ['whatever the case', { a: [{ 'equals-ignore-case': 'AB' }] }, { a: 'aB' }, true],
    ['anything but', { a: [{ 'anything-but': ['x', 'y'] }] }, { a: 'z' }, true],
    ['anything but that', { a: [{ 'anything-but': 'x' }] }, { a: 'x' }, false],
    ['one of two patterns', { $or: [{ a: ['x'] }, { b: ['y'] }] }, { b: 'y' }, true],
    ['neither of two', { $or: [{ a: ['x'] }, { b: ['y'] }] }, { b: 'x' }, false],
  ])('%s', (_, pattern, event, expected) => {
    expect(matches(pattern, event)).toBe(expected);
  });

  it('says what it does not know', () => {
    expect(() => matches({ a: [{ wildcard: '*' }] }, { a: 'x' })).toThrow('wildcard');
  });
});
