import { type AttributeValue, ScanCommand } from '@aws-sdk/client-dynamodb';
import { startHttpApi } from '../../local/host/http-api.ts';
import { dynamodbContacts } from '../../src/adapters/dynamodb/contacts.ts';
import { dynamodbLinks } from '../../src/adapters/dynamodb/links.ts';
import { makeLinks } from '../../src/application/link-token.ts';
import type { AppRef } from '../../src/domain/app.ts';
import { type Contact, newContact } from '../../src/domain/contact.ts';
import type { Purpose } from '../../src/domain/mail-link.ts';
import type { Notice, NoticeFacts, WarningFacts } from '../../src/domain/notice.ts';
import { newRun, type Run } from '../../src/domain/run.ts';
import { HOUR, MINUTE } from '../../src/domain/time.ts';
import { settle } from '../local/world.ts';
import { startLab } from './lab.ts';
import { contextOf, type Invocation, type Lambda } from './lambda.ts';

export const RULE = 'everything: max-uptime';

/** A lab with the pages of links on an HTTP API, and mail that has gone out to somebody. */
export async function startLinkLab(env: Record<string, string> = {}) {
  const lab = await startLab();
  const { aws, clock, dynamodb, runs, outbox } = lab;
  settle(aws);
  const contacts = dynamodbContacts(dynamodb, 'curfew');
  const links = dynamodbLinks(dynamodb, 'curfew');
  const answers: Invocation[] = [];
  let lambda: Lambda | undefined;
  const invoke = async (event: unknown) => {
    const answer = await lambda!.invoke(event, contextOf('curfew-links'));
    answers.push(answer);
    return answer;
  };
  const api = await startHttpApi({
    now: () => clock.now,
    account: lab.place.account,
    async invoke(event) {
      const { value, error } = await invoke(event);
      if (error) throw new Error(error.message);
      return value;
    },
  });
  lambda = await lab.lambda('links', { CURFEW_BASE_URL: api.url, ...env });
  let apps = 0;

  const send = async (to: string, facts: NoticeFacts, purposes: Purpose[]) => {
    apps += 1;
    const notice: Notice = { ...lab.place, id: `${facts.kind}-${apps}`, to, owedAt: clock.now, facts };
    await outbox.owe(notice);
    await outbox.settle(notice, { kind: 'sent', messageId: `m-${apps}` }, clock.now);
    const { id, hashes, tokens } = makeLinks(purposes);
    await links.open({ ...lab.place, id, notice: notice.id, to, madeAt: clock.now, hashes, used: {} });
    const url = (purpose: Purpose) => `${api.url}/${purpose}/${tokens[purpose]}`;
    return { notice, id, tokens: tokens as Record<Purpose, string>, url };
  };

  return {
    ...lab,
    api,
    contacts,
    links,
    /** Everything that came of every request. */
    answers,
    /** Hands one event to the Lambda, past the HTTP API. */
    invoke,
    send,
    /** A contact on file. */
    async contact(address: string, more: Partial<Contact> = {}): Promise<Contact> {
      const contact = { ...newContact(lab.place, address, clock.now), owners: ['d-lab/alice'], ...more };
      await contacts.open(contact);
      return contact;
    },
    /** A request to confirm that went out to a new contact. */
    async request(address: string, more: Partial<Contact> = {}) {
      const contact = await this.contact(address, { asked: [clock.now], ...more });
      const admins = ['admin-one@example.org'];
      const facts = { kind: 'confirmation' as const, owners: contact.owners, number: 1, admins, at: clock.now };
      return send(address, facts, ['confirm', 'unsubscribe']);
    },
    /** A run that is a day old and warned, with the mail that told so. */
    async warning(to = 'alice@people.example.net', more: Partial<WarningFacts> = {}) {
      apps += 1;
      const app: AppRef = {
        ...lab.place,
        domainId: 'd-lab',
        userProfileName: 'alice',
        appType: 'JupyterLab',
        appName: `app-${apps}`,
      };
      const startedAt = clock.now - 24 * HOUR;
      aws.studio.createApp({ ...app, userProfileName: 'alice', appType: 'JupyterLab', at: startedAt });
      const run: Run = { ...newRun(app, startedAt, { instanceType: 'ml.g5.xlarge', owner: 'alice' }) };
      const stopAt = clock.now + 30 * MINUTE;
      run.warnings[RULE] = {
        number: 1,
        given: { due: clock.now, at: clock.now, stopAt, notices: [`warning-${apps + 1}`] },
      };
      await runs.open(run);
      const facts: WarningFacts = {
        kind: 'warning',
        app: { ...app, startedAt, owner: 'alice', instanceType: 'ml.g5.xlarge' },
        audience: { role: 'owner' },
        rule: RULE,
        reason: 'up 24 h, limit 24 h',
        warnedAt: clock.now,
        stopAt,
        ...more,
      };
      return { ...(await send(to, facts, ['keep', 'stop', 'unsubscribe'])), app, run };
    },
    /** Every item of the table, byte for byte. */
    async table(): Promise<string[]> {
      const items: string[] = [];
      let ExclusiveStartKey: Record<string, AttributeValue> | undefined;
      do {
        const page = await dynamodb.send(
          new ScanCommand({ TableName: 'curfew', ConsistentRead: true, ExclusiveStartKey }),
        );
        items.push(...(page.Items ?? []).map((item) => JSON.stringify(item)));
        ExclusiveStartKey = page.LastEvaluatedKey;
      } while (ExclusiveStartKey);
      return items.sort();
    },
    async close() {
      await api.close();
      await lab.close();
    },
  };
}

/** Gets a page as a browser does, and sends its form. */
export async function submit(url: string, fields: Record<string, string> = {}): Promise<Response> {
  const html = await (await fetch(url)).text();
  return post(actionOf(html, url), { form: keyOf(html), ...checkedOf(html), ...fields });
}

export function post(url: string, fields: Record<string, string>, headers: Record<string, string> = {}) {
  return fetch(url, { method: 'POST', body: new URLSearchParams(fields), headers: { origin: 'null', ...headers } });
}

export function keyOf(html: string): string {
  return /name="form" value="([^"]*)"/.exec(html)?.[1] ?? '';
}

export function actionOf(html: string, url: string): string {
  return new URL(/action="([^"]*)"/.exec(html)?.[1] ?? 'no-form', url).href;
}

function checkedOf(html: string): Record<string, string> {
  const level = /name="level" value="([^"]*)" checked/.exec(html)?.[1];
  return level === undefined ? {} : { level };
}

export function titleOf(html: string): string {
  return /<h1>(.*)<\/h1>/.exec(html)?.[1] ?? '';
}

/** A page as its reader sees it: non-breaking spaces are spaces. */
export async function read(response: Response) {
  const html = (await response.text()).replaceAll('\u00a0', ' ');
  const text = html.replaceAll(/<style>[\s\S]*<\/style>|<[^>]+>/g, ' ');
  return { status: response.status, title: titleOf(html), html, text };
}
