import type { SESv2Client } from '@aws-sdk/client-sesv2';
import { GetAccountCommand, GetEmailIdentityCommand } from '@aws-sdk/client-sesv2';
import type { MailAccount } from '../../application/doctor-ports.ts';
import { PortError } from '../../application/ports.ts';
import { call } from '../aws-error.ts';

/** The IAM actions that this adapter calls. */
export const MAIL_ACCOUNT_ACTIONS = ['ses:GetEmailIdentity', 'ses:GetAccount'];

/** What SES says of an identity and of the account, over the SDK. */
export function sesMailAccount(client: SESv2Client): MailAccount {
  return {
    async identity(EmailIdentity) {
      try {
        const { VerifiedForSendingStatus } = await call('ses:GetEmailIdentity', () =>
          client.send(new GetEmailIdentityCommand({ EmailIdentity })),
        );
        return VerifiedForSendingStatus ? 'verified' : 'not verified';
      } catch (error) {
        if (error instanceof PortError && error.code === 'NotFoundException') return 'none';
        throw error;
      }
    },
    async standing() {
      const { ProductionAccessEnabled, SendingEnabled, EnforcementStatus, SendQuota } = await call(
        'ses:GetAccount',
        () => client.send(new GetAccountCommand({})),
      );
      return {
        isProduction: ProductionAccessEnabled === true,
        isSending: SendingEnabled === true,
        enforcement: EnforcementStatus ?? 'HEALTHY',
        perDay: SendQuota?.Max24HourSend ?? 200,
        perSecond: SendQuota?.MaxSendRate ?? 1,
        sentLastDay: SendQuota?.SentLast24Hours ?? 0,
      };
    },
  };
}
