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

/** True when some address is in both. */
export function overlap(one: Subnet, other: Subnet): boolean {
  const [a, b] = [ipv4Number(one.subnet), ipv4Number(other.subnet)];
  if (a === undefined || b === undefined) return false;
  return a < b + sizeOf(other) && b < a + sizeOf(one);
}
