import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HANDLERS } from '../../build.mjs';
import type { Template } from '../../stack/check/resolve.ts';
import { circles, schemaFaults } from '../../stack/check/template.ts';
import { zipFaults } from '../../stack/check/zips.ts';
import { packaged } from './packaged.ts';

let made: Awaited<ReturnType<typeof packaged>>;
let folder: string;
beforeAll(async () => {
  made = await packaged();
  folder = await mkdtemp(join(tmpdir(), 'curfew-planted-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A copy of the template with something spoiled, in a file of its own. */
async function planted(
  spoil: (resources: Template['Resources']) => void,
): Promise<{ file: string; template: Template }> {
  const template = structuredClone(made.template);
  spoil(template.Resources);
  const file = join(folder, 'template.json');
  await writeFile(file, JSON.stringify(template));
  return { file, template };
}

describe('the template', () => {
  it('is what AWS’s schemas allow, and no resource waits for itself', () => {
    expect(schemaFaults(made.file)).toEqual([]);
    expect(circles(made.template)).toEqual([]);
  });

  it.each<[string, (resources: Template['Resources']) => void, RegExp]>([
    ['a property that is none', ({ Table }) => (Table!.Properties.BilingMode = 'PAY_PER_REQUEST'), /BilingMode/],
    ['a value that is none', ({ Table }) => (Table!.Properties.BillingMode = 'PAY_PER_WISH'), /PAY_PER_WISH/],
    ['a property that lacks', ({ ScanSchedule }) => delete ScanSchedule!.Properties.Target.RoleArn, /RoleArn/],
    [
      'a reference to nothing',
      ({ MailEvents }) => (MailEvents!.Properties.ConfigurationSetName = { Ref: 'Nothing' }),
      /Nothing/,
    ],
  ])('with %s is faulted', async (_, spoil, expected) => {
    expect(schemaFaults((await planted(spoil)).file).join('\n')).toMatch(expected);
  });

  it.each<[string, (resources: Template['Resources']) => void, string]>([
    [
      'by a reference',
      ({ Table }) => (Table!.Properties.TableName = { Ref: 'ScanLambdaFunction' }),
      'ScanLambdaFunction',
    ],
    ['by an order', ({ MailSet }) => (MailSet!.DependsOn = ['MailEvents']), 'MailSet needs MailEvents needs MailSet'],
    [
      'by an ARN within a text',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's, not ours.
      ({ DeadLetters }) => (DeadLetters!.Properties.QueueName = { 'Fn::Sub': '${DeadLettersPolicy}' }),
      'DeadLettersPolicy',
    ],
  ])('with a circle %s is faulted', async (_, spoil, expected) => {
    expect(circles((await planted(spoil)).template).join('\n')).toContain(expected);
  });
});

describe('a zip', () => {
  it('holds its bundle, its source map, and the policy where it is read', () => {
    expect(zipFaults(made.folder, HANDLERS)).toEqual([]);
  });

  it.each([
    ['with what is another’s', 'deliver', /^scan\.zip holds .*deliver\.mjs/],
    ['without the policy', 'spend', /^scan\.zip holds .*, not curfew\.yml/],
  ])('%s is faulted', async (_, other, expected) => {
    await copyFile(join(made.folder, `${other}.zip`), join(folder, 'scan.zip'));
    expect(zipFaults(folder, ['scan'])).toEqual([expect.stringMatching(expected)]);
  });
});
