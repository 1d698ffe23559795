/** Throws when the view lacks a member that the template names outside a condition. */
type Template = (view: object) => string;

interface MailTemplates {
  /** Not escaped. */
  subject: Template;
  /** Escaped: every value that the view holds is text. */
  html: Template;
  /** Not escaped. */
  text: Template;
}

export const templates: Record<
  'warning' | 'stopped' | 'failure' | 'digest' | 'confirmation' | 'budget' | 'report',
  MailTemplates
>;
