/** IPv6 callers count by their /64, the least that one subscriber holds: 2^64 addresses are not as many callers. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - after.length);
  return `${[...groups, ...Array.from({ length: zeros }, () => '0'), ...after].slice(0, 4).join(':')}::/64`;
}
