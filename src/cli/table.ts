import { ConfigError } from '../config.ts';
import { makeTable, regionOfSdk } from '../wiring.ts';
import { note } from './print.ts';

/** `curfew table create`. @returns the exit code */
export async function tableCreate(options: { table?: string; region?: string }): Promise<number> {
  const name = options.table ?? process.env.CURFEW_TABLE;
  if (!name) throw new ConfigError('which table? Name it with CURFEW_TABLE or --table');
  const region = options.region ?? (await regionOfSdk());
  if (!region) throw new ConfigError('no region: set AWS_REGION, or name one with --region');
  const { isNew, expires } = await makeTable({ region, table: name });
  process.stdout.write(`Table ${name} in ${region}: ${isNew ? 'made' : 'was there already'}.\n`);
  if (!expires) note('This endpoint knows no time to live: old items will not expire.');
  return 0;
}
