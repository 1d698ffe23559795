import { startEmbeddedAws } from '../local/aws/index.ts';
import { fillLab, type LeastCalls, NOW } from './lab.ts';

/** What the bench may ask of a world's process. */
export type Ask = { ask: 'latency'; ms: number } | { ask: 'counts' };

/** What it answers: `ready` at the start, `counts` since they were last asked for. */
export type Told =
  | { told: 'ready'; env: Record<string, string>; least: LeastCalls; tookMs: number }
  | { told: 'counts'; counts: Record<string, number> }
  | { told: 'latency' };

/** A world in a process of its own, so that neither its memory nor its work counts as the scanner's. */
const apps = Number(process.argv[2]);
const clock = { now: NOW };
const started = performance.now();
const aws = await startEmbeddedAws({ now: () => clock.now });
const least = fillLab(aws.studio, apps, clock);
const tell = (told: Told) => process.send?.(told);

process.on('message', (ask: Ask) => {
  if (ask.ask === 'latency') {
    aws.latency = ask.ms;
    tell({ told: 'latency' });
  } else {
    tell({ told: 'counts', counts: aws.calls.counts() });
    aws.calls.reset();
  }
});
process.on('disconnect', () => process.exit(0));
tell({ told: 'ready', env: aws.env, least, tookMs: performance.now() - started });
