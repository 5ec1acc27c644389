/** What a guest is called, as DHCP tells it. */
import { expect, test } from 'vitest';
import { buildQemuArgs } from '../../../../src/core/qemu-args/build.ts';
import { anInput, aSpec } from './builders.ts';
import { jsonValues } from './parse-args.ts';

const interfaces = [{ name: 'default', model: 'virtio', forwards: [] }] as const;

test.for([
  ['the name of the VM', {}, { hostname: 'web' }],
  ['its host name', { hostname: 'front' }, { hostname: 'front' }],
  ['its domain too', { hostname: 'a', subdomain: 'b' }, { hostname: 'a', domainname: 'b' }],
] as const)('a guest is told %s', ([, names, told]) => {
  const args = buildQemuArgs(anInput({ spec: aSpec({ interfaces, ...names }) }));
  const [netdev] = jsonValues(args, '-netdev') as [Record<string, unknown>];
  const { hostname, domainname } = netdev;
  expect(JSON.parse(JSON.stringify({ hostname, domainname }))).toEqual(told);
});
