/**
 * Which IP addresses a tenant's webhook may be sent to: those of the public internet. Everything of IANA's special-purpose
 * registries (RFC 6890) is refused, and what leads there by another way: addresses that hold an IPv4 address inside.
 */
type Range = readonly [prefix: string, bits: number, what: string];

const IPV4_RANGES: readonly Range[] = [
  ['0.0.0.0', 8, 'this machine'],
  ['10.0.0.0', 8, 'a private network'],
  ['100.64.0.0', 10, 'the network of a provider'],
  ['127.0.0.0', 8, 'this machine'],
  ['168.63.129.16', 32, 'the platform service of a cloud'],
  ['169.254.0.0', 16, 'link-local, where clouds keep their metadata'],
  ['172.16.0.0', 12, 'a private network'],
  ['192.0.0.0', 24, 'reserved'],
  ['192.0.2.0', 24, 'for documentation'],
  ['192.88.99.0', 24, 'a relay to IPv6'],
  ['192.168.0.0', 16, 'a private network'],
  ['198.18.0.0', 15, 'for measurements'],
  ['198.51.100.0', 24, 'for documentation'],
  ['203.0.113.0', 24, 'for documentation'],
  ['224.0.0.0', 4, 'multicast'],
  ['240.0.0.0', 4, 'reserved'],
];

/** Within 2000::/3; all else of IPv6 is refused anyway, IPv4-mapped and NAT64 addresses among it. */
const IPV6_RANGES: readonly Range[] = [
  ['2001::', 23, 'reserved, or a tunnel'],
  ['2001:db8::', 32, 'for documentation'],
  ['2002::', 16, 'a tunnel'],
  ['3fff::', 20, 'for documentation'],
];
const GLOBAL_UNICAST: Range = ['2000::', 3, 'public'];

/** What the address is instead of public, or null when it is public. What is no address is not public. */
export function whyNotPublic(address: string): string | null {
  const bytes = bytesOf(address);
  if (bytes === null) return 'not an address';
  if (bytes.length === 4) return IPV4_RANGES.find((range) => contains(range, bytes))?.[2] ?? null;
  if (!contains(GLOBAL_UNICAST, bytes)) return 'not of the public internet';
  return IPV6_RANGES.find((range) => contains(range, bytes))?.[2] ?? null;
}

/** Whether the text is an IPv4 or IPv6 address, without brackets. */
export function isAddress(text: string): boolean {
  return bytesOf(text) !== null;
}

function contains([prefix, bits]: Range, bytes: readonly number[]): boolean {
  const wanted = bytesOf(prefix);
  if (wanted?.length !== bytes.length) return false;
  return wanted.every((byte, index) => {
    const relevant = Math.max(0, Math.min(8, bits - index * 8));
    const mask = (0xff << (8 - relevant)) & 0xff;
    return (byte & mask) === ((bytes[index] ?? 0) & mask);
  });
}

/** 4 or 16 bytes; null for anything that is not exactly one address: a zone (`%eth0`), a prefix, octal or hexadecimal IPv4. */
function bytesOf(text: string): number[] | null {
  return text.includes(':') ? ipv6Bytes(text) : ipv4Bytes(text);
}

function ipv4Bytes(text: string): number[] | null {
  if (!/^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/u.test(text)) return null;
  const bytes = text.split('.').map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : null;
}

function ipv6Bytes(text: string): number[] | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head = [], tail] = halves.map((half, index) => groupBytes(half, index === halves.length - 1));
  if (head === null || tail === null) return null;
  if (tail === undefined) return head.length === 16 ? head : null;
  const missing = 16 - head.length - tail.length;
  return missing >= 2 ? [...head, ...Array<number>(missing).fill(0), ...tail] : null;
}

/** The bytes of groups between colons; the last one may be an IPv4 address. */
function groupBytes(text: string, mayEndInIpv4: boolean): number[] | null {
  if (text === '') return [];
  const groups = text.split(':');
  const bytes: number[] = [];
  for (const [index, group] of groups.entries()) {
    if (group.includes('.')) {
      const ipv4 = mayEndInIpv4 && index === groups.length - 1 ? ipv4Bytes(group) : null;
      if (ipv4 === null) return null;
      bytes.push(...ipv4);
    } else {
      if (!/^[0-9a-f]{1,4}$/iu.test(group)) return null;
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    }
  }
  return bytes;
}
