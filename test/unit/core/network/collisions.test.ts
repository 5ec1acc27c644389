import { expect, test } from 'vitest';
import { createLocator } from '../../../../src/core/manifest/locate.ts';
import { parseManifests } from '../../../../src/core/manifest/parse.ts';
import { NETWORK_KIND, type NetworkObject } from '../../../../src/core/model/file-object.ts';
import { collision, collisionFindings } from '../../../../src/core/network/collisions.ts';
import { lan } from './managed.ts';

const other = lan({ name: 'other' });
const apart = { ...other, managed: { ...other.managed, subnet: '10.45.0.0' } };

test('two networks share neither bridge nor addresses', () => {
  expect(collision(lan(), [apart])).toEqual({
    about: 'bridge',
    words: 'its bridge lan0 is that of the network default/other',
  });
  expect(collision(lan(), [{ ...other, bridge: 'b' }])).toEqual({
    about: 'subnet',
    words: 'its subnet 10.44.0.0/24 overlaps 10.44.0.0/24 of the network default/other',
  });
  expect(collision(lan(), [{ ...apart, bridge: 'b' }])).toBeUndefined();
});

const manifest = (config: string): string => `apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: lan}
spec:
  config: |
    ${config.replaceAll('\n', '\n    ')}
`;

const PLAIN = `{
  "type": "bridge", "bridge": "lan0",
  "isGateway": true,
  "ipam": {"type": "host-local", "subnet": "10.44.0.0/24"}
}`;
const LISTED = `{"plugins": [
  {"type": "bridge",
   "bridge": "lan0",
   "isGateway": true,
   "ipam": {
     "type": "host-local",
     "ranges": [[{"subnet": "10.44.0.0/24"}]]
}}]}`;

function networkIn(text: string): NetworkObject {
  const content = parseManifests(text).documents[0]?.object?.content;
  if (content?.kind !== NETWORK_KIND) throw new Error('no network');
  return content;
}

test.each([
  ['a bridge', PLAIN, apart, { path: 'spec.config.bridge', line: 7, column: 35 }],
  [
    'a subnet',
    PLAIN,
    { ...other, bridge: 'b' },
    { path: 'spec.config.ipam.subnet', line: 9, column: 48 },
  ],
  [
    'a bridge in a list of plugins',
    LISTED,
    apart,
    { path: 'spec.config.plugins[0].bridge', line: 8, column: 18 },
  ],
  [
    'a subnet in a list of ranges',
    LISTED,
    { ...other, bridge: 'b' },
    { path: 'spec.config.plugins[0].ipam.ranges[0][0].subnet', line: 12, column: 33 },
  ],
])('%s that another network has is told where the JSON says it', (_, config, rival, place) => {
  const text = manifest(config);
  const [found, ...more] = collisionFindings(networkIn(text), [rival]);
  expect(more).toEqual([]);
  expect(found).toMatchObject({ code: 'network-collides', severity: 'warning' });
  expect(createLocator(text)(0, found?.field ?? [])).toEqual(place);
});

test('a network is not in its own way, nor is one whose bridge is the host’s', () => {
  const network = networkIn(manifest(PLAIN));
  const { managed: _, ...unmanaged } = other;
  expect(collisionFindings(network, [lan({ mtu: 9000 }), unmanaged])).toEqual([]);
});
