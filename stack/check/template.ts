import { RegoEngine, TemplateFile } from '@aws/cloudformation-validate';
import type { Template } from './resolve.ts';

/**
 * Warnings about what the packager itself writes: log groups without a DeletionPolicy, the ARN of a rule it names, and a
 * route's DependsOn that its Ref makes needless.
 */
const PACKAGER_OWN = ['W3011', 'W9002', 'W3005'];

/** What AWS's own schemas say against a template. A value that a schema does not allow is but a warning to the validator: to us it is a fault. */
export function schemaFaults(file: string): string[] {
  const engine = new RegoEngine();
  try {
    const { diagnostics } = engine.validateStandard(new TemplateFile(file));
    return diagnostics
      .filter(({ severity, ruleId }) => severity !== 'INFO' && !PACKAGER_OWN.includes(ruleId))
      .map(({ ruleId, message }) => `${ruleId}: ${message}`);
  } finally {
    engine.free();
  }
}

/** Resources that wait for each other, so that CloudFormation could make none of them: each circle once, in words. */
export function circles({ Resources }: Template): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (id: string, path: string[]): void => {
    if (path.includes(id)) {
      found.push(`${[...path.slice(path.indexOf(id)), id].join(' needs ')}`);
      return;
    }
    if (done.has(id)) return;
    for (const needed of needsOf(Resources[id], Resources)) visit(needed, [...path, id]);
    done.add(id);
  };
  for (const id of Object.keys(Resources)) visit(id, []);
  return found;
}

function needsOf(value: unknown, resources: Template['Resources']): Set<string> {
  const ids = new Set<string>();
  const add = (name: string) => Object.hasOwn(resources, name) && ids.add(name);
  const walk = (one: unknown): void => {
    if (Array.isArray(one)) one.forEach(walk);
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return;
    for (const [key, inner] of Object.entries(one)) {
      if (key === 'Ref' || key === 'DependsOn') for (const name of [inner].flat()) add(String(name));
      else if (key === 'Fn::GetAtt') add(Array.isArray(inner) ? inner[0] : String(inner).split('.')[0]!);
      else if (key === 'Fn::Sub')
        for (const [, name = ''] of String(inner).matchAll(/\$\{(\w+)(?:\.\w+)?\}/g)) add(name);
      else walk(inner);
    }
  };
  walk(value);
  return ids;
}
