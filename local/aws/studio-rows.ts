import { awsError } from './answers.ts';
import { sortedRows } from './paging.ts';

/** Rows by ARN and in order of creation. */
export function rowsByArn<Row extends { arn: string; creationTime: number; seq: number }>() {
  const byArn = new Map<string, Row>();
  const ordered = sortedRows<Row>((row) => [row.creationTime, row.seq]);
  return {
    has: (arn: string) => byArn.has(arn),
    get: (arn: string) => byArn.get(arn),
    all: ordered.all,
    insert(row: Row): Row {
      if (byArn.has(row.arn)) throw awsError('ResourceInUse', `${row.arn} already exists.`);
      byArn.set(row.arn, row);
      ordered.push(row);
      return row;
    },
    remove(arn: string): void {
      ordered.remove(byArn.get(arn) as Row);
      byArn.delete(arn);
    },
  };
}
