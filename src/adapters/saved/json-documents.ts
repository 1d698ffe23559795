/**
 * Reads a text of one JSON document or of several, one after the other, as a loop of `aws … >> file` leaves them.
 * @throws SyntaxError where a document is malformed
 */
export function parseJsonDocuments(text: string): unknown[] {
  try {
    return [JSON.parse(text)].flat();
  } catch (error) {
    const parts = splitDocuments(text);
    if (parts.length < 2) throw error;
    return parts.flatMap((part) => JSON.parse(part));
  }
}

/** Cuts behind every bracket that closes the outermost one; brackets inside strings do not count. */
function splitDocuments(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/g)) {
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    else continue;
    if (depth !== 0) continue;
    parts.push(text.slice(from, index + 1));
    from = index + 1;
  }
  if (text.slice(from).trim() !== '') parts.push(text.slice(from));
  return parts;
}
