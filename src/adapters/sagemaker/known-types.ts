import { AppInstanceType, AppType } from '@aws-sdk/client-sagemaker';

/**
 * The types of apps and instances that AWS's API names, by this release's SDK. AWS adds more: one that is not here is
 * doubtful, not wrong.
 */
export const KNOWN_TYPES: { appType: readonly string[]; instance: readonly string[] } = {
  appType: Object.values(AppType),
  instance: Object.values(AppInstanceType),
};
