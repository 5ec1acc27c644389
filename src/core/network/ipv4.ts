/** IPv4 addresses and subnets as numbers. Pure. */

export interface Subnet {
  /** The first address, as text. */
  readonly subnet: string;
  /** Bits of the address that all hosts share. */
  readonly prefix: number;
}

/** The address as a number from 0 to 2³²−1; undefined when the text is none. */
export function ipv4Number(text: string): number | undefined {
  const octets = text.split('.');
  if (octets.length !== 4) return undefined;
  let number = 0;
  for (const octet of octets) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(octet) || Number(octet) > 255) return undefined;
    number = number * 256 + Number(octet);
  }
  return number;
}

export function ipv4Text(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
}

/** How many addresses a subnet has. */
export function sizeOf({ prefix }: Subnet): number {
  return 2 ** (32 - prefix);
}

/** Subnets that nobody has on the internet (RFC 1918, RFC 6598). */
const PRIVATE: readonly Subnet[] = [
  { subnet: '10.0.0.0', prefix: 8 },
  { subnet: '172.16.0.0', prefix: 12 },
  { subnet: '192.168.0.0', prefix: 16 },
  { subnet: '100.64.0.0', prefix: 10 },
];

export function isPrivate(one: Subnet): boolean {
  return PRIVATE.some((space) => one.prefix >= space.prefix && overlap(one, space));
}

/** True when some address is in both. */
export function overlap(one: Subnet, other: Subnet): boolean {
  const [a, b] = [ipv4Number(one.subnet), ipv4Number(other.subnet)];
  if (a === undefined || b === undefined) return false;
  return a < b + sizeOf(other) && b < a + sizeOf(one);
}
