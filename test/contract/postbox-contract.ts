import { beforeEach, describe, expect, it } from 'vitest';
import { PortError, type Postbox } from '../../src/application/ports.ts';
import type { Notice } from '../../src/domain/notice.ts';

/** A mail as its reader's program shows it. */
export interface Received {
  from: { name: string; address: string };
  to: string[];
  subject: string;
  text: string;
  html: string;
}

/** A postbox to hold to the contract, with sending allowed to everybody at 14 a second, 50,000 a day. */
export interface PostboxHarness {
  /** A postbox that sends as this sender. */
  postbox(sender: string): Postbox;
  received(): Promise<Received[]>;
  /** Lets the next sending fail with an error of SES's. */
  fail(how: { code: string; status: number; message?: string }): void;
  quota(quota: { max24HourSend: number; maxSendRate: number }): void;
  /** Sending is paused for the whole account. */
  pause(): void;
}

const T0 = Date.UTC(2026, 10, 23, 9);
const SENDER = 'Curfew <curfew@example.org>';
const notice: Notice = {
  id: 'a',
  to: 'jo@example.org',
  account: '111122223333',
  region: 'us-east-1',
  owedAt: T0,
  facts: {
    kind: 'warning',
    app: {
      account: '111122223333',
      region: 'us-east-1',
      domainId: 'd-lab',
      spaceName: 'alice-lab',
      appType: 'JupyterLab',
      appName: 'default',
      startedAt: T0,
      owner: 'alice',
    },
    audience: { role: 'admins', why: 'Because.' },
    rule: 'all: max-uptime',
    reason: 'up 26 h, limit 24 h',
    warnedAt: T0,
  },
};

/**
 * What every postbox must do.
 * @param look `plain`: its mails have no look, and what they look like is not asked
 */
export function postboxContract(
  name: string,
  make: () => Promise<PostboxHarness>,
  { look = 'rendered' }: { look?: 'rendered' | 'plain' } = {},
): void {
  const isRendered = look === 'rendered';
  describe(`Postbox, ${name}`, () => {
    let harness: PostboxHarness;
    beforeEach(async () => {
      harness = await make();
    });
    const send = (to = notice.to, sender = SENDER) => harness.postbox(sender).send({ ...notice, to }, {});
    const failure = async (work: Promise<unknown>): Promise<PortError> => {
      const error = await work.then(
        () => 'sent',
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(PortError);
      return error as PortError;
    };

    it('tells the quota, what is left of it, and where there is none', async () => {
      harness.quota({ max24HourSend: 200, maxSendRate: 1 });
      expect(await harness.postbox(SENDER).quota()).toEqual({ perSecond: 1, left: 200, isPaused: false });
      await send();
      expect(await harness.postbox(SENDER).quota()).toEqual({ perSecond: 1, left: 199, isPaused: false });
      harness.quota({ max24HourSend: -1, maxSendRate: 14 });
      expect(await harness.postbox(SENDER).quota()).toMatchObject({ perSecond: 14, left: Number.POSITIVE_INFINITY });
      harness.quota({ max24HourSend: 1, maxSendRate: 14 });
      expect((await harness.postbox(SENDER).quota()).left).toBe(0);
      harness.pause();
      expect((await harness.postbox(SENDER).quota()).isPaused).toBe(true);
    });

    if (isRendered)
      it('sends both parts to the one address, and gives an id for each mail', async () => {
        const ids = [await send(), await send()];
        expect(new Set(ids).size).toBe(2);
        const mails = await harness.received();
        expect(mails).toHaveLength(2);
        expect(mails[0]).toMatchObject({
          from: { name: 'Curfew', address: 'curfew@example.org' },
          to: ['jo@example.org'],
        });
        expect(mails[0]!.subject).not.toBe('');
        for (const part of [mails[0]!.text, mails[0]!.html]) expect(part).toContain('up 26 h, limit 24 h');
      });

    if (isRendered)
      it.each([
        ['curfew@example.org', ''],
        ['<curfew@example.org>', ''],
        ['Curfew <curfew@example.org>', 'Curfew'],
        ['"Curfew" <curfew@example.org>', 'Curfew'],
        ["O'Neil’s Lab <curfew@example.org>", "O'Neil’s Lab"],
        ["O'Neil <curfew@example.org>", "O'Neil"],
        ['Curfew, Inc. (ML) <curfew@example.org>', 'Curfew, Inc. (ML)'],
        ['The "Lab" <curfew@example.org>', 'The "Lab"'],
        ['"The \\"Lab\\"" <curfew@example.org>', 'The "Lab"'],
        ['back\\slash <curfew@example.org>', 'back\\slash'],
        ['Équipe données <curfew@example.org>', 'Équipe données'],
        ['学習基盤チーム 👩🏽‍🔬 <curfew@example.org>', '学習基盤チーム 👩🏽‍🔬'],
        [`${'é'.repeat(60)} <curfew@example.org>`, 'é'.repeat(60)],
      ])('is from %s as people read it', async (sender, name) => {
        await send(notice.to, sender);
        expect((await harness.received())[0]!.from).toEqual({ name, address: 'curfew@example.org' });
      });

    if (isRendered)
      it.each([
        ["o'neil@example.org", "o'neil@example.org"],
        ['jo+curfew@example.org', 'jo+curfew@example.org'],
        ['jo@exämple.example.org', 'jo@xn--exmple-cua.example.org'],
        ['jo@例え.example.org', 'jo@xn--r8jz45g.example.org'],
        ['Jo.Doe@Example.ORG', /^Jo\.Doe@example\.org$/i],
      ])('reaches %s', async (to, arrived) => {
        await send(to);
        expect((await harness.received())[0]!.to).toEqual([
          typeof arrived === 'string' ? arrived : expect.stringMatching(arrived),
        ]);
      });

    it.each(['jö@example.org', 'a..b@example.org', 'jo@exa_mple..org'])(
      'is refused for good for %s, which SES takes from nobody',
      async (to) => {
        expect((await failure(send(to))).kind).toBe('refused');
        expect(await harness.received()).toEqual([]);
      },
    );

    if (isRendered)
      it.each(['cürfew@example.org', 'a..b@example.org', `${'é'.repeat(150)} <curfew@example.org>`])(
        'as a sender that SES takes from nobody (%s) is for an admin to mend: no mail is refused for good',
        async (sender) => {
          expect((await failure(send(notice.to, sender))).kind).not.toBe('refused');
        },
      );

    it.each([
      ['MessageRejected', 400, 'Email content is bad.', 'refused'],
      ['BadRequestException', 400, 'Illegal address', 'refused'],
      ['TooManyRequestsException', 429, 'Maximum sending rate exceeded.', 'throttled'],
      ['ThrottlingException', 400, 'Rate exceeded', 'throttled'],
      ['LimitExceededException', 400, 'Daily message quota exceeded.', 'throttled'],
      ['MessageRejected', 400, 'Email address is not verified. The following identities failed', 'denied'],
      ['SendingPausedException', 400, 'Email sending is paused for this account.', 'denied'],
      ['AccountSuspendedException', 400, 'suspended', 'denied'],
      ['MailFromDomainNotVerifiedException', 400, 'no MX', 'denied'],
      ['NotFoundException', 404, 'Configuration set <x> does not exist.', 'denied'],
      ['AccessDeniedException', 403, 'not authorized to perform ses:SendEmail', 'denied'],
      ['ExpiredTokenException', 403, 'expired', 'denied'],
      ['InternalServiceError', 500, 'oops', 'fault'],
      ['ServiceUnavailable', 503, 'later', 'fault'],
    ] as const)('%s (%i, "%s") is %s', async (code, status, message, kind) => {
      if (kind !== undefined) harness.fail({ code, status, message });
      const error = await failure(send());
      expect(error).toMatchObject({ kind, code });
      expect(error.message).toContain(message);
      expect(error.cause).toBeDefined();
      expect(await harness.received()).toEqual([]);
    });

    it('tries once only, whatever fails: the outbox tries again, and a second try here could send twice', async () => {
      harness.fail({ code: 'InternalServiceError', status: 500 });
      await failure(send());
      expect(await harness.received()).toEqual([]);
      await send();
      expect(await harness.received()).toHaveLength(1);
    });
  });
}
