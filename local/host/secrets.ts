/** A mail address, as far as text shows one. A package's version (`sdk@3.1`) and one in `node_modules/@aws-sdk` are none. */
const ADDRESS = /[\w.+'-]+@(?!\d)[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}/gi;

/** A link's token: 128 bits that name a mail, and a secret of 256. */
const TOKEN = /[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/g;

/** The addresses and tokens in a text: what no log may hold. */
export function secretsIn(text: string): string[] {
  return [...text.matchAll(ADDRESS), ...text.matchAll(TOKEN)].map(([found]) => found);
}
