/** What volumes for cloud-init mean. Their faults are in the bad fixtures. */
import { expect, test } from 'vitest';
import { instanceOf, manifestText, onlyDocument } from './manifest-text.ts';

function volume(source: object): { readonly instance: { readonly volumes: readonly object[] } } {
  return { instance: { volumes: [{ name: 'seed', ...source }] } };
}

test('an empty text is none', () => {
  const cloudInitNoCloud = { userData: '', userDataBase64: 'eA==', networkData: '' };
  expect(instanceOf(volume({ cloudInitNoCloud })).disks[0]?.source).toEqual({
    kind: 'cloudInit',
    format: 'NoCloud',
    userData: { kind: 'base64', base64: 'eA==' },
  });
});

test.for([
  ['userData', 'ü'.repeat(1024), []],
  ['userData', `${'ü'.repeat(1024)}x`, ['2049 bytes']],
  ['networkDataBase64', Buffer.alloc(2048).toString('base64'), []],
  ['networkDataBase64', Buffer.alloc(2050).toString('base64'), ['2050 bytes']],
] as const)('%s that KubeVirt would not take gives a warning', ([name, value, sizes]) => {
  const text = manifestText(volume({ cloudInitConfigDrive: { [name]: value } }));
  const { vm, problems } = onlyDocument(text);
  expect(vm).toBeDefined();
  expect(problems.map(({ code }) => code)).toEqual(sizes.map(() => 'not-portable'));
  for (const [index, size] of sizes.entries()) expect(problems[index]?.message).toContain(size);
});
