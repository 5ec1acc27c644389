import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stableUuid } from '../../../../src/core/seed/stable-uuid.ts';

test('the UUID of a VM never changes, not even with the next version', () => {
  expect(stableUuid({ namespace: 'default', name: 'web' })).toBe(
    '143f36cd-489a-8cdf-ba2d-28da94ffe464',
  );
});

test('every VM has a UUID of its own, of version 8', () => {
  const name = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  const vm = fc.record({ namespace: name, name });
  fc.assert(
    fc.property(
      fc.uniqueArray(vm, { minLength: 2, selector: (v) => `${v.namespace}/${v.name}` }),
      (vms) => {
        const uuids = vms.map(stableUuid);
        expect(new Set(uuids).size).toBe(vms.length);
        for (const uuid of uuids)
          expect(uuid).toMatch(
            /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
          );
      },
    ),
  );
});
