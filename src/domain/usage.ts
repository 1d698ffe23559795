import type { Run } from './run.ts';

/** What AWS bills a gigabyte of a space's volume as (aws-facts, "Cost Explorer"). */
export const VOLUME_USAGE = 'Studio:VolumeUsage.gp3';

/**
 * What AWS bills an app as, without the prefix of the region: `Studio:JupyterLab-ml.t3.medium`, `Canvas:Session-Hrs`
 * (aws-facts, "Cost Explorer"). What RStudio's sessions are billed as is not certain.
 */
export function usageOf({ app, instanceType }: Pick<Run, 'app' | 'instanceType'>): string {
  return app.appType === 'Canvas' ? 'Canvas:Session-Hrs' : `Studio:${app.appType}-${instanceType ?? 'unknown'}`;
}
