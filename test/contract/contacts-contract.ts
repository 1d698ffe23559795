import { beforeEach, describe, expect, it } from 'vitest';
import type { Contacts } from '../../src/application/ports.ts';
import type { Place } from '../../src/domain/app.ts';
import { type Contact, newContact } from '../../src/domain/contact.ts';
import { DAY } from '../../src/domain/time.ts';

const place: Place = { account: '111122223333', region: 'us-east-1' };
const T0 = Date.UTC(2026, 10, 23, 9);
const jo: Contact = newContact(place, "jo.o'neil+curfew@example.org", T0);
const full: Contact = {
  ...jo,
  consent: 'confirmed',
  unsubscribed: 'warnings',
  owners: ['d-lab/jo', 'd-lab/zoë'],
  invitedAt: T0 - 3 * DAY,
  asked: [T0 - 3 * DAY, T0 - DAY],
  changedAt: T0 + 5,
  bounces: 3,
};

/** What every store of contacts must do. `make` gives an empty one. */
export function contactsContract(name: string, make: () => Promise<Contacts>): void {
  describe(`Contacts, ${name}`, () => {
    let contacts: Contacts;
    const get = (address = jo.address) => contacts.get(place, address);
    beforeEach(async () => {
      contacts = await make();
    });

    it('knows nobody at first', async () => {
      expect(await get()).toBeUndefined();
      expect(await contacts.list(place)).toEqual([]);
    });

    it('gives every member back as it was written, and no others', async () => {
      expect(await contacts.open(full)).toBe(true);
      expect(await get()).toEqual(full);
      expect(await contacts.list(place)).toEqual([full]);
    });

    it('takes addresses that differ in case for one, which keeps its first spelling', async () => {
      expect(await contacts.open({ ...jo, address: 'Jo@Example.org' })).toBe(true);
      expect(await contacts.open({ ...jo, address: 'jo@example.org' })).toBe(false);
      for (const spelling of ['Jo@Example.org', 'jo@example.org', 'JO@EXAMPLE.ORG'])
        expect(await get(spelling)).toMatchObject({ address: 'Jo@Example.org' });
      expect(await get('jo@example.com')).toBeUndefined();
      expect(await contacts.list(place)).toHaveLength(1);
    });

    it('keeps accounts and regions apart: a no to one is none to the other', async () => {
      const far = { ...full, region: 'eu-west-1' };
      const other = { ...full, account: '999988887777' };
      for (const one of [jo, far, other]) expect(await contacts.open(one)).toBe(true);
      expect(await contacts.list(place)).toEqual([jo]);
      expect(await contacts.remove(jo)).toBe(true);
      expect(await contacts.list(far)).toEqual([far]);
      expect(await contacts.get(other, jo.address)).toEqual(other);
    });

    it('lists in order of address, whatever the case, and more than one page holds', async () => {
      const owners = Array.from({ length: 20 }, (_, i) => `d-lab/${'x'.repeat(2_000)}${i}`);
      const names = Array.from(
        { length: 60 },
        (_, i) => `${i % 2 ? 'P' : 'p'}${String(i).padStart(2, '0')}@example.org`,
      );
      await Promise.all(names.toReversed().map((address) => contacts.open({ ...jo, address, owners })));
      const listed = await contacts.list(place);
      expect(listed.map(({ address }) => address)).toEqual(names);
      expect(listed.every((contact) => contact.owners.length === 20)).toBe(true);
    });

    describe('open', () => {
      it('of what is there already is refused, and changes nothing', async () => {
        await contacts.open(full);
        expect(await contacts.open(jo)).toBe(false);
        expect(await get()).toEqual(full);
      });

      it('by many at once begins one', async () => {
        const begun = await Promise.all(
          Array.from({ length: 20 }, (_, i) => contacts.open({ ...jo, owners: [`d-lab/${i}`] })),
        );
        expect(begun.filter(Boolean)).toHaveLength(1);
        expect(await get()).toMatchObject({ owners: [`d-lab/${begun.indexOf(true)}`], version: 1 });
      });
    });

    describe('change', () => {
      it('makes the contact the other, whole, one version on', async () => {
        await contacts.open(full);
        const { unsubscribed: _, ...wanted } = full;
        const next: Contact = { ...wanted, consent: 'bounced', asked: [] };
        expect(await contacts.change(full, next)).toBe(true);
        expect(await get()).toEqual({ ...next, version: 2 });
      });

      it('made from what is no longer so is refused, and changes nothing', async () => {
        await contacts.open(jo);
        await contacts.change(jo, { ...jo, bounces: 1 });
        expect(await contacts.change(jo, { ...jo, consent: 'confirmed' })).toBe(false);
        expect(await get()).toEqual({ ...jo, bounces: 1, version: 2 });
        expect(await contacts.change({ ...jo, version: 2 }, { ...jo, consent: 'confirmed' })).toBe(true);
        expect(await get()).toEqual({ ...jo, consent: 'confirmed', version: 3 });
      });

      it('by many at once is made by one, and nothing of the others is left', async () => {
        await contacts.open(jo);
        const made = await Promise.all(
          Array.from({ length: 20 }, (_, i) => contacts.change(jo, { ...jo, bounces: i + 1 })),
        );
        expect(made.filter(Boolean)).toHaveLength(1);
        expect(await get()).toEqual({ ...jo, bounces: made.indexOf(true) + 1, version: 2 });
      });

      it('a no and a yes at once: whoever comes second has to look again', async () => {
        await contacts.open(jo);
        const [no, yes] = await Promise.all([
          contacts.change(jo, { ...jo, unsubscribed: 'everything' }),
          contacts.change(jo, { ...jo, consent: 'confirmed' }),
        ]);
        expect([no, yes].filter(Boolean)).toHaveLength(1);
        expect(await get()).toEqual({
          ...jo,
          ...(no ? { unsubscribed: 'everything' } : { consent: 'confirmed' }),
          version: 2,
        });
      });

      it('of nobody is refused, and begins nobody', async () => {
        expect(await contacts.change(jo, full)).toBe(false);
        expect(await contacts.list(place)).toEqual([]);
      });

      it('does not share what it was given', async () => {
        const mine = { ...full, owners: [...full.owners] };
        await contacts.open(mine);
        mine.owners.push('d-lab/late');
        const found = (await get())!;
        expect(found.owners).toEqual(full.owners);
        found.asked.push(T0);
        expect((await get())!.asked).toEqual(full.asked);
      });
    });

    describe('remove', () => {
      it('forgets a contact, so that it can be begun anew', async () => {
        await contacts.open(full);
        expect(await contacts.remove(full)).toBe(true);
        expect(await get()).toBeUndefined();
        expect(await contacts.remove(full)).toBe(false);
        expect(await contacts.open(jo)).toBe(true);
      });

      it('of what has changed since is refused: a no that came in between stays', async () => {
        await contacts.open(jo);
        await contacts.change(jo, { ...jo, unsubscribed: 'everything' });
        expect(await contacts.remove(jo)).toBe(false);
        expect(await get()).toMatchObject({ unsubscribed: 'everything' });
      });

      it('and a change at once: one is done', async () => {
        await contacts.open(jo);
        const [gone, changed] = await Promise.all([contacts.remove(jo), contacts.change(jo, { ...jo, bounces: 1 })]);
        expect([gone, changed].filter(Boolean)).toHaveLength(1);
        expect(await get()).toEqual(gone ? undefined : { ...jo, bounces: 1, version: 2 });
      });
    });
  });
}
