import type { AppRef } from '../domain/app.ts';
import type { Tags } from '../domain/picture.ts';
import { tagKey } from '../domain/running-app.ts';
import type { Fleet } from './ports.ts';

/** The tagging API may lag behind a creation, and no exemption by the app's own tag may be missed: its call told them. */
export function withTags(fleet: Fleet, app: AppRef, tags: Tags = {}): Fleet {
  if (Object.keys(tags).length === 0) return fleet;
  return {
    ...fleet,
    async look(place, needs) {
      const picture = await fleet.look(place, needs);
      const own = tagKey(app);
      return { ...picture, tags: new Map(picture.tags).set(own, { ...tags, ...picture.tags.get(own) }) };
    },
  };
}
