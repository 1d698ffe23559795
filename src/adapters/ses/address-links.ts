/** So many addresses are named. */
const MOST = 4;

/** Addresses as links that begin a mail, and as text; undefined where there are none. */
export function addressLinks(addresses: string[] = []) {
  if (addresses.length === 0) return undefined;
  const shown = addresses.slice(0, MOST);
  const more = addresses.length > MOST ? ` and ${addresses.length - MOST} more` : '';
  return {
    links: shown.map((address, index) => ({ before: index === 0 ? '' : ', ', address, href: hrefOf(address) })),
    more,
    text: shown.join(', ') + more,
  };
}

/** What a `mailto` would read as a subject or another reader is part of the address (RFC 6068). */
function hrefOf(address: string): string {
  const at = address.lastIndexOf('@');
  return `mailto:${encodeURIComponent(address.slice(0, at))}@${encodeURIComponent(address.slice(at + 1))}`;
}
