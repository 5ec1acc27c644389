import { expect, test } from 'vitest';
import { isManifestName } from '../../../src/host/vm-directory-names.ts';

test.for([
  'web.yaml',
  'web.yml',
  'a b.yaml',
  'web.old.yaml',
  'web~.yaml',
  'line\nbreak.yaml',
  'ünï.yaml',
])('%j is a manifest', (name) => {
  expect(isManifestName(name)).toBe(true);
});

test.for([
  '.yaml',
  '.web.yaml',
  '.web.yaml.swp',
  '.#web.yaml',
  '#web.yaml#',
  '#web.yaml',
  'web.yaml~',
  'web.yaml.swp',
  'web.yaml.123456',
  'web.yaml___jb_tmp___',
  '4913',
  'web.YAML',
  'web.json',
  'yaml',
  '',
])('%j is no manifest', (name) => {
  expect(isManifestName(name)).toBe(false);
});
