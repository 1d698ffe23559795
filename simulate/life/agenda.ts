import type { Step } from '../steps.ts';

/** What happens at a moment: the steps that it takes, those after the first at the same time where they overlap. */
export type Deed = (at: number) => Step[];

interface Entry {
  at: number;
  order: number;
  deed: Deed;
}

/** What is to happen, the soonest first, and of one moment what was put down first. */
export interface Agenda {
  put(at: number, deed: Deed): void;
  take(): { at: number; deed: Deed } | undefined;
}

export function newAgenda(): Agenda {
  const heap: Entry[] = [];
  let order = 0;
  const isSooner = (a: Entry, b: Entry) => a.at < b.at || (a.at === b.at && a.order < b.order);
  const swap = (i: number, j: number) => {
    [heap[i], heap[j]] = [heap[j]!, heap[i]!];
  };
  return {
    put(at, deed) {
      heap.push({ at, order: order++, deed });
      for (let i = heap.length - 1; i > 0; ) {
        const parent = (i - 1) >> 1;
        if (!isSooner(heap[i]!, heap[parent]!)) break;
        swap(i, parent);
        i = parent;
      }
    },
    take() {
      const [first] = heap;
      const last = heap.pop();
      if (!first || !last) return undefined;
      if (heap.length > 0) {
        heap[0] = last;
        for (let i = 0; ; ) {
          const [left, right] = [2 * i + 1, 2 * i + 2];
          let least = i;
          if (left < heap.length && isSooner(heap[left]!, heap[least]!)) least = left;
          if (right < heap.length && isSooner(heap[right]!, heap[least]!)) least = right;
          if (least === i) break;
          swap(i, least);
          i = least;
        }
      }
      return first;
    },
  };
}
