import type { Beat, DeployedFunction } from '../domain/checkup/deployment.ts';
import type { Trail } from '../domain/checkup/events.ts';
import type { IdentityStanding, MailStanding } from '../domain/checkup/mail.ts';
import type { Ruling } from '../domain/checkup/rights.ts';
import type { TableFacts } from '../domain/checkup/table.ts';
import type { Instant } from '../domain/time.ts';

// What only `doctor` asks, of services that nothing else of Curfew calls. All only read, and all throw PortError.

/** CloudTrail. */
export interface Trails {
  /** Every trail that this region knows, those of other regions and of the organization too. */
  list(region: string): Promise<Trail[]>;
}

/** Cost Explorer's cost allocation tags: $0.01 an asking. */
export interface CostTags {
  /** A tag that AWS has not seen yet is left out. */
  status(tags: string[]): Promise<Map<string, 'Active' | 'Inactive'>>;
}

/** What SES says of itself, rather than of a mail. */
export interface MailAccount {
  identity(name: string): Promise<IdentityStanding>;
  standing(): Promise<MailStanding>;
}

/** How the table is kept. */
export interface TableCare {
  /** Undefined where there is none. */
  look(): Promise<TableFacts | undefined>;
}

/** Lambda. */
export interface Functions {
  /** Those that work on this table. */
  on(table: string): Promise<DeployedFunction[]>;
}

/** What Lambda's own metrics tell. */
export interface Beats {
  read(functionName: string, since: Instant, until: Instant): Promise<Beat[]>;
}

/** Actions that are asked about on one resource; `*` for those that AWS scopes to none. */
export interface Ask {
  actions: string[];
  resource: string;
}

/** IAM's simulator. */
export interface Simulator {
  /** The role or user behind a caller's ARN, as the simulator wants it; undefined for the account's root, which may do all. */
  principalOf(callerArn: string): Promise<string | undefined>;
  simulate(principal: string, asks: Ask[]): Promise<Ruling[]>;
}
