/** Throws when the view lacks a member that the template names outside a condition. Every value is escaped. */
export const page: (view: object) => string;

/** What a Content-Security-Policy calls the page's own style. */
export const styleHash: string;
export const reportPage: (view: object) => string;
/** What the policy of a report's page allows as style: the page's own. */
export const reportStyleHash: string;
