import type { Mail } from '../aws/index.ts';
import { PEOPLE } from './people.ts';

/** Whether a rule is a budget's or a guardrail's, and no limit's. */
export function isOfMoney(rule = ''): boolean {
  return /: (budget|guardrail)$/.test(rule);
}

/** Mail that tells of more than one app, or of none: failures, and budgets. The same words to several are one. */
export function toldBy(mails: Mail[]): { who: string; why: string }[] {
  const told = mails.filter(({ tags }) => tags.notice === 'failure' || tags.notice === 'budget');
  const readerOf = ([to = '']: string[]) =>
    PEOPLE.find(({ sso }) => sso.toLowerCase() === to.toLowerCase())?.name ?? 'the admins';
  const lines = told.map(({ to, subject }) => ({ who: readerOf(to), why: subject.replaceAll(/[\u2066-\u2069]/g, '') }));
  const once = new Map(lines.map((line) => [`${line.why} ${line.who}`, line]));
  return [...once].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
}
