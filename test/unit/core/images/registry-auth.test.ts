/** Credentials of Secrets, as skopeo reads them. */
import { expect, test } from 'vitest';
import { authText } from '../../../../src/core/images/registry-auth.ts';

const IMAGE = 'quay.io/example/web:1';

function text(values: Readonly<Record<string, string>>, image = IMAGE): string | undefined {
  return authText(image, (key) => values[key]);
}

test('a docker configuration is taken as it is', () => {
  const config = '{"auths":{"quay.io":{"auth":"eA=="}}}';
  expect(text({ '.dockerconfigjson': config })).toBe(config);
});

test('a user and a password are for the registry of the image', () => {
  const auth = Buffer.from('änn:s:cret').toString('base64');
  expect(JSON.parse(text({ accessKeyId: 'änn', secretKey: 's:cret' }) ?? '')).toEqual({
    auths: { 'quay.io': { auth } },
  });
});

test.for([
  ['nothing', {}],
  ['no JSON', { '.dockerconfigjson': 'quay.io' }],
  ['JSON of something else', { '.dockerconfigjson': '{"quay.io":{}}' }],
  ['half of it', { accessKeyId: 'ann' }],
] as const)('%s is no credentials', ([, values]) => {
  expect(text(values)).toBeUndefined();
});
