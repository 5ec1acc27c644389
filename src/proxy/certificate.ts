/**
 * A certificate that vouches for itself (RFC 5280), for one proxy: kubectl sends its token over TLS only. The few bytes are
 * put together here: libraries that make certificates are larger than all of solovirt, and Node itself has none.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP, isIPv6 } from 'node:net';

export interface Certificate {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

const YEAR_MS = 365.25 * 24 * 3600 * 1000;
/** A proxy may run as a service for long; nobody has to trust the certificate after it. */
const VALID_YEARS = 10;
/** For clocks that differ. */
const SLACK_MS = 3600 * 1000;

/** @param hosts names and addresses that clients may reach it by */
export function selfSigned(hosts: readonly string[], now: number): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const body = certificateBody(publicKey, hosts, now);
  const signature = sign('sha256', body, privateKey);
  const der = sequence(body, ECDSA_WITH_SHA256, bitString(signature));
  const lines = der.toString('base64').replaceAll(/.{64}(?=.)/g, '$&\n');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** RFC 5280, 4.1: TBSCertificate. */
function certificateBody(publicKey: KeyObject, hosts: readonly string[], now: number): Buffer {
  const name = sequence(set(sequence(objectId(2, 5, 4, 3), utf8('solovirt proxy'))));
  return sequence(
    explicit(0, integer(Buffer.of(2))),
    integer(randomBytes(16)),
    ECDSA_WITH_SHA256,
    name,
    sequence(time(now - SLACK_MS), time(now + VALID_YEARS * YEAR_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(
      3,
      sequence(
        // It is its own authority.
        extension(objectId(2, 5, 29, 19), { critical: true }, sequence(TRUE)),
        // keyUsage: digitalSignature and keyCertSign, bits 0 and 5.
        extension(objectId(2, 5, 29, 15), { critical: true }, tagged(0x03, Buffer.of(2, 0x84))),
        // extKeyUsage: serverAuth.
        extension(objectId(2, 5, 29, 37), {}, sequence(objectId(1, 3, 6, 1, 5, 5, 7, 3, 1))),
        extension(objectId(2, 5, 29, 17), {}, sequence(...hosts.map(generalName))),
      ),
    ),
  );
}

function extension(id: Buffer, { critical = false }, value: Buffer): Buffer {
  return sequence(id, ...(critical ? [TRUE] : []), tagged(0x04, value));
}

/** RFC 5280, 4.2.1.6: a DNS name, or the bytes of an address. */
function generalName(host: string): Buffer {
  return isIP(host) === 0 ? tagged(0x82, Buffer.from(host, 'ascii')) : tagged(0x87, bytesOf(host));
}

function bytesOf(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number));
  // A URL spells out an address of four numbers at the end, and puts it into its shortest form.
  const { hostname } = new URL(`http://[${address}]`);
  const [head = '', tail] = hostname.slice(1, -1).split('::');
  const groups = (text: string): string[] => text.split(':').filter((group) => group !== '');
  const [first, last] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0');
  const words = [...first, ...zeros, ...last].map((group) => Number.parseInt(group, 16));
  return Buffer.from(words.flatMap((word) => [word >> 8, word & 0xff]));
}

// DER (ITU-T X.690), as far as it is needed.

function tagged(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of(tag), lengthOf(content), content]);
}

function lengthOf({ length }: Buffer): Buffer {
  if (length < 0x80) return Buffer.of(length);
  if (length < 0x100) return Buffer.of(0x81, length);
  return Buffer.of(0x82, length >> 8, length & 0xff);
}

function sequence(...items: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(items));
}

function set(item: Buffer): Buffer {
  return tagged(0x31, item);
}

function explicit(number: number, item: Buffer): Buffer {
  return tagged(0xa0 + number, item);
}

/** Positive, whatever the first bit says. */
function integer(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = bytes.subarray(start === -1 ? bytes.length - 1 : start);
  const isNegative = ((digits[0] ?? 0) & 0x80) !== 0;
  return tagged(0x02, isNegative ? Buffer.concat([Buffer.of(0), digits]) : digits);
}

function bitString(bytes: Buffer): Buffer {
  return tagged(0x03, Buffer.concat([Buffer.of(0), bytes]));
}

function utf8(text: string): Buffer {
  return tagged(0x0c, Buffer.from(text, 'utf8'));
}

function objectId(first: number, second: number, ...rest: readonly number[]): Buffer {
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let left = value >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
  return digits;
}

/** RFC 5280, 4.1.2.5: with two digits for the year until 2049. */
function time(unixMs: number): Buffer {
  const date = new Date(unixMs);
  const text = `${date.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
  return date.getUTCFullYear() < 2050
    ? tagged(0x17, Buffer.from(text.slice(2)))
    : tagged(0x18, Buffer.from(text));
}

const TRUE = tagged(0x01, Buffer.of(0xff));
const ECDSA_WITH_SHA256 = sequence(objectId(1, 2, 840, 10045, 4, 3, 2));
