/**
 * The settings of one app type, whole and as SageMaker spells them: whether an update replaces or merges them AWS does not
 * say, so what Curfew does not read goes back as it came.
 */
export interface AppSettings {
  readonly [member: string]: unknown;
  /** The lifecycle configurations that users may choose from. */
  readonly LifecycleConfigArns?: string[];
  /** Holds the one that is chosen for a new space, until its user chooses another. */
  readonly DefaultResourceSpec?: { readonly [member: string]: unknown; readonly LifecycleConfigArn?: string };
  /** The one that always runs, before the default: each start takes what the domain says then (JupyterLab and Code Editor). */
  readonly BuiltInLifecycleConfigArn?: string;
  /** SageMaker's own idle shutdown (JupyterLab and Code Editor). */
  readonly AppLifecycleManagement?: { readonly IdleSettings?: IdleSettings };
}

/** `IdleSettings`, in minutes; a space may choose its own timeout between least and most. Source: SageMaker API reference. */
export interface IdleSettings {
  readonly LifecycleManagement?: string;
  readonly IdleTimeoutInMinutes?: number;
  readonly MinIdleTimeoutInMinutes?: number;
  readonly MaxIdleTimeoutInMinutes?: number;
}

/** Settings of apps, by app type. */
export type AppSettingsByType = Record<string, AppSettings>;

/** What a domain or a user profile sets for apps. */
export interface Settings {
  /** An ARN. */
  executionRole?: string;
  apps: AppSettingsByType;
}

/** Names a domain, or one of its user profiles. */
export interface SettingsRef {
  domainId: string;
  userProfileName?: string;
}

/** A domain or a user profile, and its settings. */
export interface SettingsHolder extends SettingsRef {
  arn: string;
  /** The domain's name, where this is a domain. */
  domainName?: string;
  /** `DefaultUserSettings` of a domain; `UserSettings` of a profile, which go before them. */
  user: Settings;
  /** `DefaultSpaceSettings`: a domain's for shared spaces, where it has any. */
  space?: Settings;
}

/** Which of a holder's settings. */
export type SettingsPart = 'user' | 'space';

/** What an update sends: app settings, whole, of each part. */
export type SettingsUpdate = Partial<Record<SettingsPart, AppSettingsByType>>;
