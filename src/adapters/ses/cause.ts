import { isMoneyRule } from '../../domain/verdict.ts';

/** How mail speaks of what an app was warned of or stopped for: a limit, a budget or a guardrail. */
export function causeOf(rule: string) {
  if (!isMoneyRule(rule)) {
    return {
      money: false,
      over: 'over a limit',
      headline: 'over its limit',
      want: 'If your work needs longer',
      lift: '',
      needed: 'has to run longer',
      allowed: 'may run this long',
      remedy: 'exempt it or raise its limit in the policy',
      row: { label: 'Limit', value: rule },
    };
  }
  const common = { money: true, needed: 'has to go on', allowed: 'may go on' };
  const name = rule.slice(0, rule.lastIndexOf(': '));
  return rule.endsWith(': budget')
    ? {
        ...common,
        over: 'over a budget',
        headline: 'over a budget',
        want: 'If your work needs more',
        lift: 'grant more or lift the budget',
        remedy: 'grant more, lift the budget, or exempt it in the policy',
        row: { label: 'Budget', value: name },
      }
    : {
        ...common,
        over: 'against a guardrail',
        headline: 'against a guardrail',
        want: 'If your work needs it',
        lift: 'lift the guardrail',
        remedy: 'allow it in the guardrail, or exempt it in the policy',
        row: { label: 'Guardrail', value: name },
      };
}
