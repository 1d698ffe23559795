import { type Input, invalid } from './answers.ts';
import type { BillLine } from './bill-meter.ts';

/** What a line is under each dimension that the embedded Cost Explorer knows. */
const dimensions: Record<string, (line: BillLine) => string> = {
  SERVICE: (line) => line.service ?? 'Amazon SageMaker',
  REGION: (line) => line.region ?? '',
  RECORD_TYPE: (line) => line.recordType ?? 'Usage',
  USAGE_TYPE: (line) => line.usage,
  LINKED_ACCOUNT: (line) => line.account ?? '',
};

/** Reads a filter into the question that it asks of a line. `tagOf` gives an active tag's value; empty where there is none. */
export function readFilter(
  filter: Input,
  tagOf: (line: BillLine, key: string) => string,
  mayTags = true,
): (line: BillLine) => boolean {
  if (filter === undefined || filter === null) return () => true;
  const readOne = (expression: Input): ((line: BillLine) => boolean) => {
    const members = Object.keys(expression ?? {});
    if (members.length !== 1) throw invalid('Expression must have exactly one of And, Or, Not, Dimensions and Tags.');
    const [member] = members as [string];
    const operand = expression[member];
    if (member === 'Not') {
      const test = readOne(operand);
      return (line) => !test(line);
    }
    if (member === 'And' || member === 'Or') {
      if (!Array.isArray(operand) || operand.length < 2) throw invalid(`${member} expression needs two operands.`);
      const tests = operand.map(readOne);
      return (line) => (member === 'And' ? tests.every((test) => test(line)) : tests.some((test) => test(line)));
    }
    const { Key: key, Values: values, MatchOptions: options = [] } = operand ?? {};
    if (member === 'Dimensions') {
      const read = dimensions[key];
      if (read === undefined) throw invalid(`The embedded Cost Explorer has no dimension ${key}.`);
      if (!options.every((option: string) => option === 'EQUALS' || option === 'CASE_SENSITIVE'))
        throw invalid(`Match options ${options} are not supported.`);
      if (!Array.isArray(values) || values.length === 0) throw invalid(`Values of ${key} must not be empty.`);
      return (line) => values.includes(read(line));
    }
    if (member !== 'Tags' || !mayTags) throw invalid(`${member} is not supported in this filter.`);
    if (typeof key !== 'string') throw invalid('A tag filter needs a Key.');
    if (options.includes('ABSENT')) return (line) => tagOf(line, key) === '';
    return (line) => values.includes(tagOf(line, key));
  };
  return readOne(filter);
}

/** Reads what to group by: at most two, each a dimension or a tag. Gives a line's keys. */
export function readGroups(
  groups: Input,
  tagOf: (line: BillLine, key: string) => string,
): ((line: BillLine) => string[]) | undefined {
  if (groups === undefined || groups === null || groups.length === 0) return undefined;
  if (groups.length > 2) throw invalid('Number of GroupBy definitions must be 2 or fewer.');
  const readers = groups.map(({ Type: type, Key: key }: Input): ((line: BillLine) => string) => {
    const read = dimensions[key];
    if (type === 'TAG' && typeof key === 'string') return (line) => `${key}$${tagOf(line, key)}`;
    if (type === 'DIMENSION' && read !== undefined) return read;
    throw invalid(`Group Definition dimension is invalid: ${type} ${key}.`);
  });
  return (line) => readers.map((keyOf: (line: BillLine) => string) => keyOf(line));
}
