import type { BillLine } from '../../local/aws/index.ts';
import { costExplorerBill } from '../../src/adapters/cost-explorer/bill.ts';
import { startWorld } from '../local/world.ts';

/** What most lines of these tests are of. */
export const LAB = 'Studio:JupyterLab-ml.t3.medium';

/** A line of 2026-11-02, which is settled. */
export const line = (over: Partial<BillLine> = {}): BillLine => ({
  date: '2026-11-02',
  usage: `USE1-${LAB}`,
  amount: '1',
  ...over,
});

/** A Cost Explorer that a test writes on, and its reading of 2026-11-02. */
export async function startBill() {
  const world = await startWorld();
  const { costExplorer } = world.aws;
  const bill = (account?: string) => costExplorerBill(world.costs, account);
  return {
    ...world,
    costExplorer,
    bill,
    put: (...lines: BillLine[]) => costExplorer.extras.push(...lines),
    read: (account?: string) => bill(account).read('us-east-1', '2026-11-02', '2026-11-03'),
    calls: () => world.aws.calls.count('cost-explorer'),
    /** Does something once, before the nth call from now is answered. */
    beforeCall(nth: number, work: () => void): void {
      let count = 0;
      const when = () => {
        count += 1;
        if (count === nth) work();
        return false;
      };
      world.aws.faults.add({ service: 'cost-explorer', action: 'GetCostAndUsage', status: 500, code: 'never', when });
    },
  };
}
