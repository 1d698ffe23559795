import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { fileURLToPath } from 'node:url';
import { readFile } from 'node:fs/promises';
import { parsePolicy } from '../../src/policy-file.ts';
import { makeTable } from '../../src/wiring.ts';
import { startEmbeddedAws } from '../aws/index.ts';
import { hostLambdas } from '../host/lambdas.ts';
import { createAgenda } from './agenda.ts';
import { wallTime } from './calendar.ts';
import { live } from './lab-debug.ts';
const POLICY = fileURLToPath(new URL('./policy.yml', import.meta.url));
const days = Number(process.argv[2] ?? 7), seed = process.argv[3] ?? '1';
const agenda = createAgenda(wallTime(0, 0));
const aws = await startEmbeddedAws({ now: () => agenda.clock.now });
const env = { ...aws.env, CURFEW_TABLE: 'curfew', CURFEW_POLICY: POLICY };
Object.assign(process.env, env);
const lambdas = hostLambdas({ folder: '/work/main/dist/handlers', env, account: '111122223333', region: 'us-east-1', sleep: (ms) => { agenda.clock.now += ms; } });
const slow: string[] = []; let total = 0;
const inner = lambdas.invoke; lambdas.invoke = async (n, e) => { const t = performance.now(); const a = await inner(n, e); const d = performance.now() - t; total += d; if (d > 150) slow.push(`${(e as any).time} ${n} ${d.toFixed(0)}`); 
  if (n==='studio-event') { const d = (e as any).detail; log.push({ at: agenda.clock.now, t: d.eventTime, name: d.eventName, r: JSON.stringify(d.requestParameters), noted: (a as any).value?.noted }); }
  if (n==='scan') { const v = (a as any).ok ? (a as any).value : (a as any).summary; if (v?.started||v?.ended) log.push({at: agenda.clock.now, scan: v.now, started: v.started, ended: v.ended}); }
  return a; };
const log: any[] = [];
await makeTable({ region: 'us-east-1', table: 'curfew' });
const { policy } = parsePolicy(await readFile(POLICY, 'utf8')) as any;
const t0 = performance.now();
const report = await live({ aws, lambdas, agenda, policy, table: 'curfew', seed, days }, () => {});
console.log('wall', ((performance.now() - t0)/1000).toFixed(1), 'in lambdas', (total/1000).toFixed(1), 'slow', slow.length, slow.slice(0, 60));
console.log(report.summary.runs, report.summary.runsSeen, report.invariants.filter(i=>!i.holds));
const client = new DynamoDBClient({ region: 'us-east-1' });
let items: any[] = [], k: any; do { const p: any = await client.send(new ScanCommand({ TableName: 'curfew', ExclusiveStartKey: k })); items.push(...p.Items.map((i: any) => unmarshall(i))); k = p.LastEvaluatedKey; } while (k);
const recorded = items.filter((i) => i.startedAt !== undefined && i.appName);
const truth = (globalThis as any).__ledger.runs;
const f = (t: any) => t === undefined ? '-' : Number.isFinite(t) ? new Date(t).toISOString() : 'inf';
const used = new Set();
for (const r of recorded.sort((a, b) => a.startedAt - b.startedAt)) {
  const m = truth.find((t: any) => !used.has(t) && t.app.domainId === r.domainId && (t.app.spaceName ?? t.app.userProfileName) === (r.spaceName ?? r.userProfileName) && t.app.appType === r.appType && t.app.appName === r.appName && Math.abs(t.startedAt - r.startedAt) < 301e3);
  if (m) { used.add(m); if ((m.endedAt === undefined) !== (r.endedAt === undefined) || (m.endedAt && Math.abs(m.endedAt - r.endedAt) > 301e3)) console.log('END DIFFERS', r.sk, f(m.endedAt), f(r.endedAt)); }
  else { console.log('GHOST', r.sk, f(r.startedAt), f(r.endedAt), r.stop);
    console.log(truth.filter((t: any) => t.app.domainId === r.domainId && (t.app.spaceName ?? t.app.userProfileName) === (r.spaceName ?? r.userProfileName) && t.app.appType === r.appType).map((t: any) => f(t.startedAt) + ' ' + f(t.endedAt)+' '+t.endedBy));
    console.log(log.filter((l) => l.r ? l.r.includes(`"${r.spaceName ?? r.userProfileName}"`) && Math.abs(l.at - r.startedAt) < 3*3600e3 : Math.abs(l.at - r.startedAt) < 900e3).map((l) => JSON.stringify({ ...l, at: f(l.at) })));
  }
}
for (const t of truth) if (!used.has(t)) console.log('UNSEEN', t.app.arn, f(t.startedAt), f(t.endedAt));
await lambdas.close(); await aws.close();
