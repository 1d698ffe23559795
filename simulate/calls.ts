import { PortError } from '../src/application/ports.ts';
import type { Judge, Pass } from './oracle/judge.ts';
import type { Fault } from './steps.ts';

/** What a killed process throws from every call that it would still make. */
export class Killed extends Error {
  override name = 'Killed';
}

/** An invocation under way: what the judge sees of it, and what chance has in store for it. */
export interface Invocation extends Pass {
  calls: number;
  plan: Map<number, Fault['how']>;
  /** How many turns a call waits before it is made: where several are under way, chance says who goes first. */
  turns: (call: number) => number;
}

/** Hears of every call that was made, with its answer; `made` is the order of the moment at which it was made. */
export type Witness = (
  invocation: Invocation,
  port: string,
  verb: string,
  args: unknown[],
  result: unknown,
  made: number,
) => void;

/** What goes with a call before and after it. */
interface Beside {
  judge: Judge;
  witness: Witness;
  /** What a fault of a listing is: parts that it lacks. */
  lacking: (call: number) => { until: () => void };
}

/** Verbs that change nothing. */
const READS =
  /^(load|get|history|place|lastPause|look|find|ssoUserName|standings|owed|oldest|list|read|rates|quota|days|armed|progress)$/;

type Port = Record<string, (...args: unknown[]) => Promise<unknown>>;

/**
 * Ports as an invocation has them: each call may fail, or work and not answer, or be the last of its process.
 * @returns a function that gives the ports for one invocation
 */
export function faultyPorts<P extends object>(ports: P, beside: Beside): (invocation: Invocation) => P {
  const kinds = Object.entries(ports).map(([name, port]) => {
    const prototype: Record<string, unknown> = {};
    for (const verb of Object.keys(port))
      if (typeof (port as Port)[verb] === 'function')
        prototype[verb] = function (this: { invocation: Invocation }, ...args: unknown[]) {
          return through(this.invocation, name, verb, port as Port, args, beside);
        };
    return [name, prototype] as const;
  });
  return (invocation) => {
    const own: Record<string, unknown> = {};
    for (const [name, prototype] of kinds) {
      const port = Object.create(prototype);
      port.invocation = invocation;
      own[name] = port;
    }
    return own as P;
  };
}

async function through(
  invocation: Invocation,
  name: string,
  verb: string,
  port: Port,
  args: unknown[],
  { judge, witness, lacking }: Beside,
): Promise<unknown> {
  if (invocation.isDead) throw new Killed();
  const call = invocation.calls++;
  for (let turns = invocation.turns(call); turns > 0; turns--) await undefined;
  if (invocation.isDead) throw new Killed();
  if (invocation.does === 'dry scan' && !READS.test(verb)) judge.accuse('9 a dry run wrote', `${name}.${verb}`);
  const how = invocation.plan.get(call);
  if (how === 'dies before') {
    invocation.isDead = true;
    throw new Killed();
  }
  // Neither ever throws: what they could not have, they say.
  const isListing = verb === 'look' || name === 'canvasUse';
  if (how && how !== 'timeout' && how !== 'dies after' && !isListing) {
    const isSending = verb === 'send';
    const error = failed(invocation, name, verb, how === 'refused' && !isSending ? 'fault' : how, judge);
    witness(invocation, name, `${verb} failed`, args, error, judge.truth.order);
    throw error;
  }
  const lack = isListing && how && how !== 'dies after' ? lacking(call) : undefined;
  if (lack) note(invocation, name, verb, judge);
  let result: unknown;
  // What a call sees or does is so when it is made: others may come before its answer does.
  if (verb === 'look') invocation.lookOrder = judge.truth.order;
  const made = judge.truth.order;
  const answer = port[verb]!(...args);
  lack?.until();
  try {
    result = await answer;
  } catch (error) {
    note(invocation, name, verb, judge);
    witness(invocation, name, `${verb} failed`, args, error, made);
    throw error;
  }
  witness(invocation, name, verb, args, result, made);
  if (how === 'dies after') invocation.isDead = true;
  if (invocation.isDead) throw new Killed();
  if (how === 'timeout' && !isListing) {
    witness(invocation, name, `${verb} unanswered`, args, result, made);
    throw failed(invocation, name, verb, 'timeout', judge);
  }
  return result;
}

function note(invocation: Invocation, name: string, verb: string, judge: Judge): void {
  invocation.faults += 1;
  if (name === 'prices' || (name === 'runs' && verb === 'load')) invocation.isBlind = true;
  judge.truth.calmSince = judge.truth.now;
}

const CODES = {
  throttled: ['throttled', 'ThrottlingException'],
  fault: ['fault', 'InternalServerError'],
  timeout: ['fault', 'TimeoutError'],
  denied: ['denied', 'AccessDeniedException'],
  refused: ['refused', 'MessageRejected'],
} as const;

/** The fault as an adapter would tell it. */
export function portError(how: keyof typeof CODES): PortError {
  const [kind, code] = CODES[how];
  return new PortError(kind, code, `planned: ${how}`, { cause: how });
}

function failed(invocation: Invocation, name: string, verb: string, how: keyof typeof CODES, judge: Judge): PortError {
  note(invocation, name, verb, judge);
  return portError(how);
}
