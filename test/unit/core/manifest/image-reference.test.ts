import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  imageFileCandidates,
  parseImageReference,
  registryName,
} from '../../../../src/core/manifest/image-reference.ts';

const HEX = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

describe('image references', () => {
  test.for([
    ['cirros', { repository: 'cirros' }],
    ['kubevirt/cirros:1.2', { repository: 'kubevirt/cirros', tag: '1.2' }],
    ['quay.io/a/b_c__d-e--f', { registry: 'quay.io', repository: 'a/b_c__d-e--f' }],
    ['localhost/x', { registry: 'localhost', repository: 'x' }],
    ['host:5000/x:1', { registry: 'host:5000', repository: 'x', tag: '1' }],
    ['[::1]:5000/x', { registry: '[::1]:5000', repository: 'x' }],
    [`x:1@sha256:${HEX}`, { repository: 'x', tag: '1', digest: `sha256:${HEX}` }],
  ] as const)('%s is taken apart', ([reference, expected]) => {
    expect(parseImageReference(reference)).toEqual({ ok: true, reference: expected });
  });

  test.for([
    '',
    '/',
    'Upper',
    'a/../b',
    '../a',
    'a//b',
    '/a',
    'a/',
    'a:',
    'a:.x',
    'a:b:c',
    'a b',
    'a,b',
    'a\nb',
    '-a',
    'a@sha256:123',
    `a@sha256:${HEX.toUpperCase()}`,
    `a@sha256:${HEX}@sha256:${HEX}`,
    'host.:5000/x',
    'a'.repeat(256),
    `a:${'t'.repeat(129)}`,
    'http://example.com/a',
  ])('%j is none', (reference) => {
    const parsed = parseImageReference(reference);
    expect(parsed.ok).toBe(false);
    expect(imageFileCandidates(reference)).toEqual([]);
  });
});

describe('files of an image', () => {
  const of = (base: string) => [
    ...['.qcow2', '.img', '.raw', '.iso'].map((extension) => base + extension),
    ...['disk.qcow2', 'disk.img', 'disk.raw'].map((file) => `${base}/${file}`),
  ];
  const bare = (name: string) =>
    ['.qcow2', '.img', '.raw', '.iso'].map((extension) => name + extension);

  test.for([
    [
      'kubevirt/cirros-container-disk-demo:latest',
      [
        ...of('kubevirt/cirros-container-disk-demo/latest'),
        ...bare('kubevirt/cirros-container-disk-demo'),
      ],
    ],
    ['x', [...of('x/latest'), ...bare('x')]],
    ['host:5000/x:1', of('host_5000/x/1')],
    ['[::1]:5000/x:1', of('___1__5000/x/1')],
    [`x@sha256:${HEX}`, of(`x/sha256-${HEX}`)],
    [`x:latest@sha256:${HEX}`, of(`x/sha256-${HEX}`)],
  ] as const)('%s lies where the layout says', ([reference, expected]) => {
    expect(imageFileCandidates(reference)).toEqual(expected);
  });

  test.for([
    ['/boot/vmlinuz', ['x/latest/boot/vmlinuz']],
    ['disk.raw', ['x/latest/disk.raw']],
    ['../../etc/shadow', []],
    ['/a/../../b', []],
    ['/', []],
    ['', []],
    ['a\nb', []],
  ] as const)('with the path %j are %j', ([path, expected]) => {
    expect(imageFileCandidates('x', path)).toEqual(expected);
  });

  test('never lie outside the image directory', () => {
    const part = fc.constantFrom(
      'a',
      '..',
      '.',
      '/',
      ':',
      '@',
      'sha256:',
      HEX,
      'b.c',
      '_',
      '-',
      '\\',
      '[',
      ']',
    );
    const text = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, fc.option(text, { nil: undefined }), (reference, path) => {
        for (const candidate of imageFileCandidates(reference, path)) {
          expect(candidate).not.toMatch(/^\//);
          expect(candidate.split('/')).not.toContain('..');
        }
      }),
      { numRuns: 300 },
    );
  });
});

test.for([
  ['cirros', 'cirros:latest'],
  ['quay.io/a/b:1', 'quay.io/a/b:1'],
  ['host:5000/x', 'host:5000/x:latest'],
  [`x:1@sha256:${HEX}`, `x@sha256:${HEX}`],
] as const)('a registry is asked for %s as %s', ([text, expected]) => {
  const parsed = parseImageReference(text);
  expect(parsed.ok && registryName(parsed.reference)).toBe(expected);
});
