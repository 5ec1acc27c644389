import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseOciManifest } from '../../../../src/core/images/oci-manifest.ts';

const HEX = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const LAYER = { digest: `sha256:${HEX}` };

test('the layers are listed from the lowest on', () => {
  const other = 'a'.repeat(64);
  const text = JSON.stringify({ layers: [LAYER, { digest: `sha256:${other}` }] });
  expect(parseOciManifest(text)).toEqual({ ok: true, layers: [HEX, other] });
});

test.for([
  ['{', /is not JSON/],
  ['[]', /is not JSON/],
  ['{"fsLayers":[]}', /has no list of layers/],
  ['{"layers":[{}]}', /layer 1 of its manifest has no digest/],
  ['{"layers":[{"digest":"sha256:../../../etc/shadow"}]}', /layer 1/],
  [JSON.stringify({ layers: [LAYER, { digest: `sha256:${HEX}/..` }] }), /layer 2/],
  [JSON.stringify({ layers: Array(1001).fill(LAYER) }), /it has 1001 layers; 1000 are looked/],
] as const)('%.40s is refused', ([text, message]) => {
  const parsed = parseOciManifest(text);
  expect(parsed.ok ? '' : parsed.message).toMatch(message);
});

test('whatever it says, a layer is a name without a path', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const parsed = parseOciManifest(text);
      if (parsed.ok) for (const layer of parsed.layers) expect(layer).toMatch(/^[0-9a-f]{64}$/);
    }),
  );
});
