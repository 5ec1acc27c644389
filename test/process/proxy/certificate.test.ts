import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { selfSigned } from '../../../src/proxy/certificate.ts';
import { NOW } from '../../support/build.ts';

const HOSTS = ['localhost', '127.0.0.1', '::1', 'fd00:1::2:3', '::ffff:192.0.2.1'];

test('it vouches for its names and addresses, and for itself', () => {
  const { cert, key } = selfSigned(HOSTS, NOW);
  const read = new X509Certificate(cert);
  expect(read.checkHost('localhost')).toBe('localhost');
  for (const address of HOSTS.slice(1)) expect(read.checkIP(address), address).toBe(address);
  expect(read.checkHost('evil.example')).toBeUndefined();
  expect(read.checkIP('127.0.0.2')).toBeUndefined();
  expect(read.verify(read.publicKey)).toBe(true);
  expect(read.checkIssued(read)).toBe(true);
  expect(read.ca).toBe(true);
  expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
});

test('it is valid for ten years, from an hour ago', () => {
  const read = new X509Certificate(selfSigned(HOSTS, NOW).cert);
  expect(read.validFromDate.getTime()).toBe(Math.floor((NOW - 3_600_000) / 1000) * 1000);
  expect(read.validToDate.getUTCFullYear()).toBe(new Date(NOW).getUTCFullYear() + 10);
});

test('a date with a year of four digits, and numbers of any first bit', () => {
  const late = Date.UTC(2045, 0, 1);
  const serials = new Set<string>();
  for (let index = 0; index < 50; index += 1) {
    const read = new X509Certificate(selfSigned(HOSTS, late).cert);
    expect(read.validToDate.getUTCFullYear()).toBe(2055);
    expect(read.serialNumber.startsWith('-')).toBe(false);
    serials.add(read.serialNumber);
  }
  expect(serials.size).toBe(50);
});

test('TLS clients that trust it take it, others do not', async () => {
  const { cert, key } = selfSigned(HOSTS, Date.now());
  const server = createServer({ cert, key }, (_, response) => response.end('hello'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ask = async (options: object): Promise<number | undefined> => {
    const outgoing = get({ host: '127.0.0.1', port, agent: false, ...options });
    const [response] = await once(outgoing, 'response');
    response.resume();
    return response.statusCode;
  };
  expect(await ask({ ca: cert })).toBe(200);
  await expect(ask({})).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  server.close();
});
