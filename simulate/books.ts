import { sweepBackstops } from '../src/application/backstop-sweep.ts';
import { closeBooks } from '../src/application/books.ts';
import { writeBill } from './bill.ts';
import type { Invocation } from './calls.ts';
import { type Lab, PLACE } from './lab.ts';
import { judgeSwept } from './oracle/backstop.ts';
import { policyOf } from './policies.ts';

/** The daily closing of the books, once AWS has written its bill. @returns whether it tells of what failed */
export async function close(lab: Lab, pass: Invocation): Promise<boolean> {
  writeBill(lab);
  const ports = lab.portsFor(pass);
  const report = await closeBooks(ports, policyOf(pass.spec), { place: PLACE, now: pass.now });
  lab.tell?.(`    closed ${report.closed} days, settled ${report.settled}: ${report.faults.join('; ')}`);
  const swept = await sweepBackstops(ports, PLACE, pass.now);
  if (pass.faults === 0 && pass.isAlone) {
    const record = [...lab.ports.runs.items.values()].flatMap(({ backstop }) => (backstop ? [backstop.name] : []));
    judgeSwept(lab.judge, new Set(record));
  }
  return report.faults.length + report.findings.length + swept.faults.length > 0;
}
