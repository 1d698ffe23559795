// Checks what `serverless package` wrote: the template against AWS's own schemas, and each zip for what it holds.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { RegoEngine, TemplateFile } from '@aws/cloudformation-validate';
import { HANDLERS } from '../build.mjs';

/**
 * Warnings about what the packager itself writes: log groups without a DeletionPolicy, the ARN of a rule it names, and a
 * route's DependsOn that its Ref makes needless.
 */
const PACKAGER_OWN = ['W3011', 'W9002', 'W3005'];

const TEMPLATE = '.serverless/cloudformation-template-update-stack.json';
const faults = [];

const engine = new RegoEngine();
const { diagnostics } = engine.validateStandard(new TemplateFile(TEMPLATE));
engine.free();
// A value that a schema does not allow is but a warning to the validator: to us it is a fault.
for (const { severity, ruleId, message } of diagnostics) {
  if (severity !== 'INFO' && !PACKAGER_OWN.includes(ruleId)) faults.push(`${ruleId}: ${message}`);
}

// The validator misses this one.
if (/"Action":\s*(\[[^\]]*)?"\*"/.test(readFileSync(TEMPLATE, 'utf8'))) faults.push("a policy allows Action '*'");

for (const name of HANDLERS) {
  const files = execFileSync('python3', ['-m', 'zipfile', '-l', `.serverless/${name}.zip`], { encoding: 'utf8' });
  const listed = files
    .split('\n')
    .slice(1)
    .flatMap((line) => line.split(/\s+/, 1))
    .filter(Boolean)
    .sort();
  const bundle = [`dist/handlers/${name}.mjs`, `dist/handlers/${name}.mjs.map`];
  // Evidence is what it is whatever the policy: its handler reads none.
  const expected = name === 'activity-event' ? bundle : ['curfew.yml', ...bundle];
  if (listed.join() !== expected.join()) faults.push(`${name}.zip holds ${listed}, not ${expected}`);
}

for (const fault of faults) console.error(`package: ${fault}`);
console.log(`package: ${HANDLERS.length} zips and the template, ${faults.length} faults`);
process.exitCode = faults.length > 0 ? 1 : 0;
