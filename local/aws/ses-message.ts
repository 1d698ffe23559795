import { awsError, type Input } from './answers.ts';

const bad = (message: string) => awsError('BadRequestException', message);

/** Headers that SES writes itself, or takes from other members. */
const ownHeaders = new Set(
  'bcc cc content-disposition content-type date from message-id mime-version reply-to return-path sender subject to'.split(
    ' ',
  ),
);

/** Refuses a message that SES would refuse before looking at who sends it to whom. */
export function checkMessage(input: Input): void {
  const simple = input.Content?.Simple;
  if (input.Content?.Raw !== undefined || input.Content?.Template !== undefined) {
    throw awsError('UnknownOperationException', 'The embedded AWS sends Content.Simple only.', 404);
  }
  if (simple === undefined) throw bad('Content must have one of Simple, Raw and Template.');
  const subject = simple.Subject?.Data;
  if (typeof subject !== 'string') throw bad("Missing required header 'Subject'.");
  if (/[\r\n]/.test(subject)) throw bad('Subject contains control characters.');
  const { Html: html, Text: text } = simple.Body ?? {};
  if (!html?.Data && !text?.Data) throw bad('Body must have Html or Text.');
  for (const part of [simple.Subject, html, text]) checkCharset(part);
  checkHeaders(simple.Headers ?? []);
  checkTags(input.EmailTags ?? []);
}

/** Without a Charset SES takes content for 7-bit ASCII, and refuses what is not. */
function checkCharset(part: Input): void {
  if (part === undefined || part.Charset !== undefined) return;
  if (typeof part.Data === 'string' && /[\u0080-\uffff]/.test(part.Data)) {
    throw bad('Content contains non-ASCII characters: set Charset.');
  }
}

function checkHeaders(headers: Input[]): void {
  if (headers.length > 15) throw bad('The number of headers exceeds 15.');
  for (const { Name: name, Value: value } of headers) {
    const nameFits = typeof name === 'string' && /^[!-9;-~]{1,126}$/.test(name);
    if (!nameFits) throw bad(`Header name ${JSON.stringify(name)} is invalid.`);
    const valueFits = typeof value === 'string' && /^[ -~]{1,995}$/.test(value) && name.length + value.length <= 996;
    if (!valueFits) throw bad(`The value of header ${name} is invalid.`);
    if (ownHeaders.has(name.toLowerCase())) throw bad(`Header ${name} is not allowed.`);
  }
}

function checkTags(tags: Input[]): void {
  if (tags.length > 50) throw bad('The number of tags exceeds 50.');
  for (const { Name: name, Value: value } of tags) {
    for (const text of [name, value]) {
      if (typeof text !== 'string' || !/^[A-Za-z0-9_-]{1,256}$/.test(text)) {
        throw bad(`Invalid tag ${JSON.stringify(text)}: only ASCII letters, numbers, underscores and dashes.`);
      }
    }
  }
}
