import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { SCRIPT, startStage, until } from '../test/agent/agent.ts';
import { prepareJupyter } from '../test/agent/jupyter.ts';

/** How much faster than by default it looks and tells here, so that half a minute holds enough of both. */
const HASTE = 10;
const SAMPLE = 60;
const INTERVAL = 600;

/** What the agent costs the app it runs in. */
export interface AgentCost {
  seconds: number;
  looks: number;
  heartbeats: number;
  /** Share of one core at the default pace (a look a minute, a heartbeat every ten), its start left out. */
  cpuShare: number;
  /** Seconds of CPU until its first heartbeat, once: Python's own start, which gives way to it, left out. */
  startCpu: number;
  /** Bytes, the highest since its start. */
  peakRss: number;
  /** Characters of base64, as SageMaker counts a lifecycle configuration. */
  size: number;
}

/** Most that the agent may cost: a hundredth of a core, 30 MB, and what SageMaker takes. */
export const AGENT_LIMITS = { cpuShare: 0.01, peakRss: 30 * 2 ** 20, size: 16_384 };

/** Runs the agent beside a real Jupyter server with a kernel and a terminal open, at ten times its pace. */
export async function benchAgent(seconds = 30): Promise<AgentCost> {
  const stage = await startStage();
  let jupyter: Awaited<ReturnType<typeof prepareJupyter>> | undefined;
  try {
    jupyter = await prepareJupyter(stage.path('jupyter'));
    await jupyter.start();
    await jupyter.startKernel();
    await jupyter.api('terminals', { method: 'POST' });
    await stage.run({
      CURFEW_AGENT_API: jupyter.url,
      CURFEW_AGENT_SAMPLE: String(SAMPLE / HASTE),
      CURFEW_AGENT_INTERVAL: String(INTERVAL / HASTE),
      CURFEW_AGENT_CGROUP: undefined,
      CURFEW_AGENT_PTS: undefined,
    });
    await stage.next('the first heartbeat');
    const pid = await until('the agent', stage.pid);
    const startCpu = await cpuOf(pid);
    const began = performance.now();
    await sleep(seconds * 1000);
    const took = (performance.now() - began) / 1000;
    const cpu = (await cpuOf(pid)) - startCpu;
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return {
      seconds: took,
      looks: Math.floor(took / (SAMPLE / HASTE)),
      heartbeats: stage.events.length - 1,
      cpuShare: cpu / took / HASTE,
      startCpu,
      peakRss: Number(/VmHWM:\s*(\d+) kB/.exec(status)?.[1]) * 1024,
      size: (await readFile(SCRIPT)).toString('base64').length,
    };
  } finally {
    await jupyter?.stop();
    await stage.close();
  }
}

/** Seconds of CPU that a process has had. The scheduler counts them in nanoseconds. */
async function cpuOf(pid: number): Promise<number> {
  return Number((await readFile(`/proc/${pid}/schedstat`, 'utf8')).split(' ')[0]) / 1e9;
}

/** What is wrong with it wherever it runs: a size is a count, where times and memory are the machine's too. */
export function agentFaults({ size }: AgentCost): string[] {
  return size > AGENT_LIMITS.size
    ? [`the agent has ${size} characters of base64, and SageMaker takes ${AGENT_LIMITS.size}`]
    : [];
}

/** What to say of it, line by line. */
export function tellAgentCost(cost: AgentCost): string[] {
  const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`;
  return [
    `\nThe activity agent beside a real Jupyter server, ${cost.seconds.toFixed(0)} s at ${HASTE} times its pace: ` +
      `looks ${cost.looks}, heartbeats ${cost.heartbeats}`,
    `  CPU at its own pace  ${(cost.cpuShare * 100).toFixed(4)} % of a core (at most ${AGENT_LIMITS.cpuShare * 100} %); ` +
      `its first heartbeat ${(cost.startCpu * 1000).toFixed(0)} ms, once`,
    `  peak memory          ${megabytes(cost.peakRss)} (at most ${megabytes(AGENT_LIMITS.peakRss)})`,
    `  size                 ${cost.size} characters of base64 (at most ${AGENT_LIMITS.size})`,
  ];
}

if (import.meta.main) for (const line of tellAgentCost(await benchAgent())) console.log(line);
