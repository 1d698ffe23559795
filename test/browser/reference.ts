import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Page } from 'playwright-core';

/** Set it, and what is seen becomes the reference: `CURFEW_REFERENCES=write npm run test:browser`, then look at them. */
export const WRITES = process.env.CURFEW_REFERENCES === 'write';

const FOLDER = new URL('reference/', import.meta.url);

/**
 * Fonts differ from machine to machine, and with them where a line breaks. So pictures are compared as seen from afar: 48
 * dots wide, in which words are grey and bars, boxes and gaps stay what they are. A dot may differ by a quarter of the
 * range, a fiftieth of them by more, and all of them by four hundredths in the mean; heights by a twelfth.
 */
const TOLERANCE = { width: 48, dot: 0.25, strays: 0.02, mean: 0.04, height: 1 / 12 };

/** How a picture differs from its reference: shares from 0 to 1. */
export interface Difference {
  height: number;
  mean: number;
  strays: number;
}

export function isAlike({ height, mean, strays }: Difference): boolean {
  return height <= TOLERANCE.height && mean <= TOLERANCE.mean && strays <= TOLERANCE.strays;
}

// For the page: our types know no DOM. Gives a small picture, and how it differs from another where there is one.
const COMPARE = `async ({ shot, known, width, dot, height }) => {
  const load = async (data) => {
    const image = new Image();
    image.src = 'data:image/png;base64,' + data;
    await image.decode();
    return image;
  };
  const draw = (image, height) => {
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width, height });
    const context = canvas.getContext('2d', { willReadFrequently: true });
    // Halved again and again: each dot is the mean of all that lies under it.
    let from = image, w = image.width, h = image.height;
    while (w > 2 * width) {
      const half = document.createElement('canvas');
      w = Math.ceil(w / 2); h = Math.ceil(h / 2);
      Object.assign(half, { width: w, height: h });
      half.getContext('2d').drawImage(from, 0, 0, w, h);
      from = half;
    }
    context.drawImage(from, 0, 0, width, height);
    return { canvas, dots: context.getImageData(0, 0, width, height).data };
  };
  const seen = await load(shot);
  const own = Math.max(1, Math.round((seen.height / seen.width) * width));
  const small = draw(seen, own).canvas.toDataURL('image/png').split(',')[1];
  if (!known) return { small };
  const reference = await load(known);
  const a = draw(seen, reference.height).dots, b = draw(reference, reference.height).dots;
  let sum = 0, strays = 0;
  for (let i = 0; i < a.length; i += 4) {
    const off = Math.max(...[0, 1, 2].map((c) => Math.abs(a[i + c] - b[i + c]))) / 255;
    sum += off;
    if (off > dot) strays++;
  }
  const count = a.length / 4;
  return { small, difference: { height: Math.abs(own / reference.height - 1), mean: sum / count, strays: strays / count } };
}`;

/**
 * Holds a picture of the whole page against the one on file.
 * @param sheet a blank page to reckon on: the page itself may forbid it
 * @returns undefined where it has just become the reference
 */
export async function compare(page: Page, name: string, sheet: Page): Promise<Difference | undefined> {
  const shot = (await page.screenshot({ fullPage: true })).toString('base64');
  return compareShot(shot, name, sheet);
}

export async function compareShot(shot: string, name: string, sheet: Page): Promise<Difference | undefined> {
  const file = new URL(`${name.replaceAll(/[^a-z0-9]+/gi, '-')}.png`, FOLDER);
  const isKnown = !WRITES && existsSync(file);
  const known = isKnown ? (await readFile(file)).toString('base64') : '';
  const given = JSON.stringify({ shot, known, ...TOLERANCE });
  const told = await sheet.evaluate<{ small: string; difference?: Difference }>(`(${COMPARE})(${given})`);
  if (isKnown) return told.difference;
  if (!WRITES) throw new Error(`there is no reference ${file.pathname}: CURFEW_REFERENCES=write makes it`);
  await mkdir(dirname(file.pathname), { recursive: true });
  await writeFile(file, Buffer.from(told.small, 'base64'));
  return undefined;
}
