/** FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/): a short name for a text, where nobody tries to find a second. */

const OFFSET = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;

/** 64 bits, over UTF-16 code units as two bytes each, low byte first. */
export function fnv1a64(text: string): bigint {
  let hash = OFFSET;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    for (const byte of [unit & 0xff, unit >> 8])
      hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME);
  }
  return hash;
}
