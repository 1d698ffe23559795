/** What a killed process throws from every call it would still make. */
export class Killed extends Error {
  override name = 'Killed';
}

/** Where a process dies: before or after its `call`-th call on any port. */
export interface Death {
  call: number;
  when: 'before' | 'after';
}

/**
 * Wraps ports so that the process dies at a call: the call itself is made or not, and nothing after it is.
 * @returns the ports, and how many calls they have seen
 */
export function mortal<P extends Record<string, object>>(ports: P, death?: Death): { ports: P; calls: () => number } {
  let calls = 0;
  let isDead = false;
  const wrap = (port: object) =>
    new Proxy(port, {
      get(target, name) {
        const method = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return async (...args: unknown[]) => {
          if (isDead) throw new Killed();
          const isLast = death !== undefined && calls++ === death.call;
          if (death === undefined) calls++;
          if (isLast) isDead = true;
          if (isLast && death.when === 'before') throw new Killed();
          const result = await Reflect.apply(method, target, args);
          // Dead meanwhile: the call took effect, and nobody hears its answer.
          if (isDead) throw new Killed();
          return result;
        };
      },
    });
  const wrapped = Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, wrap(port)]));
  return { ports: wrapped as P, calls: () => calls };
}
