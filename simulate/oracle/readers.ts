/** What a reader has truly said, and what their mailbox did. `doubt`: the service was told, and did not answer. */
export interface Reader {
  agreed: 'no' | 'yes' | 'doubt';
  /** 0 wants all; 1 no reports, 2 no warnings either, 3 nothing: since `noOrder`. */
  no: number;
  noOrder: number;
  /** It bounces, since this order. */
  deadOrder: number | undefined;
  complainedOrder: number | undefined;
  /** The service was told of bad news of their mailbox, or that they want no more, and did not answer: it may know. */
  isDoubtful: boolean;
  /** When they last said something, or were invited: older news of their mailbox does not count. */
  changedAt: number;
  /** Requests to confirm since the last invitation, and how many of them they asked for themselves. */
  requests: Set<string>;
  wanted: number;
  /** When mail was sent to them once more, as they asked. */
  renewed: number[];
}

/** The readers of all addresses, by address in any case. */
export function readersOf(): (to: string) => Reader {
  const all = new Map<string, Reader>();
  return (to) => {
    const key = to.toLowerCase();
    let reader = all.get(key);
    if (!reader) {
      const silent = { agreed: 'no' as const, no: 0, noOrder: 0, deadOrder: undefined, complainedOrder: undefined };
      reader = { ...silent, isDoubtful: false, changedAt: 0, requests: new Set(), wanted: 0, renewed: [] };
      all.set(key, reader);
    }
    return reader;
  };
}

/** From which level of unsubscribing on a kind of mail is unwanted. */
const UNWANTED: Record<string, number> = {
  digest: 1,
  report: 1,
  warning: 2,
  budget: 2,
  stopped: 3,
  failure: 3,
  confirmation: 3,
};

/** Why a mail should not have gone out, by what was so before `order`, when its sending was begun. */
export function unwelcome(
  { id, kind, role, isAdmin }: { id: string; kind: string; role: 'owner' | 'admins'; isAdmin: boolean },
  reader: Reader,
  order: number,
): string[] {
  const isRequest = kind === 'confirmation';
  const before = (since: number | undefined) => since !== undefined && since < order;
  if (isRequest) reader.requests.add(id);
  const rules: [string, boolean][] = [
    ['mail to an address that bounces', before(reader.deadOrder)],
    ['mail to a reader who complained', before(reader.complainedOrder)],
    [
      'mail that its reader unsubscribed from',
      reader.no >= (UNWANTED[kind] ?? 0) && reader.no > 0 && before(reader.noOrder),
    ],
    ['a fourth request to confirm', isRequest && reader.requests.size > 3 + reader.wanted],
    ['an owner’s mail to a reader who has not agreed', !isRequest && role === 'owner' && reader.agreed === 'no'],
    ['an admins’ mail to another reader', !isRequest && role === 'admins' && !isAdmin],
  ];
  return rules.filter(([, broken]) => broken).map(([rule]) => rule);
}
