import { type MailUrls, PortError, type Postbox } from '../../src/application/ports.ts';
import type { Notice } from '../../src/domain/notice.ts';
import { isAddress } from '../../src/domain/owner.ts';

/** A postbox in memory: what SES took, and what it grants. */
export interface MailRoom extends Postbox {
  /** Hears of every mail that SES takes, at that moment. */
  onMail: (notice: Notice, urls: MailUrls) => void;
  /** What the next calls fail with, asked at each. */
  faultOf: (call: 'quota' | 'send') => PortError | undefined;
  granted: { perSecond: number; perDay: number; isPaused: boolean };
}

/** SES as far as the service can see it: it keeps the adapter's contract, but for what mail looks like. */
export function mailRoom(): MailRoom {
  let taken = 0;
  const room: MailRoom = {
    onMail: () => {},
    faultOf: () => undefined,
    granted: { perSecond: 14, perDay: Number.POSITIVE_INFINITY, isPaused: false },
    async quota() {
      const fault = room.faultOf('quota');
      if (fault) throw fault;
      const { perSecond, perDay, isPaused } = room.granted;
      return { perSecond: isPaused ? 0 : perSecond, left: perDay - taken, isPaused };
    },
    async send(notice, urls) {
      const fault = room.faultOf('send');
      if (fault) throw fault;
      if (!isAddress(notice.to) || !/^[\x20-\x7e]+@/.test(notice.to))
        throw new PortError('refused', 'BadRequestException', `${notice.to} is no address`, { cause: notice.to });
      taken += 1;
      room.onMail(notice, urls);
      return `mail-${taken}`;
    },
  };
  return room;
}
