// Checks what `serverless package` wrote: the template against AWS's own schemas, every policy in it, what each function may
// do against what it calls, and each zip for what it holds.
import { readFileSync } from 'node:fs';
import { HANDLERS } from '../../build.mjs';
import { policyFaults } from './policies.ts';
import type { Template } from './resolve.ts';
import { rightsFaults } from './simulate.ts';
import { circles, schemaFaults } from './template.ts';
import { zipFaults } from './zips.ts';

const FOLDER = '.serverless';
const FILE = `${FOLDER}/cloudformation-template-update-stack.json`;
const template = JSON.parse(readFileSync(FILE, 'utf8')) as Template;

const faults = [
  ...schemaFaults(FILE),
  ...circles(template),
  ...(await policyFaults(template)),
  ...(await rightsFaults(template)),
  ...zipFaults(FOLDER, HANDLERS),
];
for (const fault of faults) console.error(`package: ${fault}`);
console.log(`package: ${HANDLERS.length} zips and the template, ${faults.length} faults`);
process.exitCode = faults.length > 0 ? 1 : 0;
