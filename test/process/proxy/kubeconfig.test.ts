import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { kubeconfigText, writeKubeconfig } from '../../../src/proxy/kubeconfig.ts';
import { newToken, tokenFrom } from '../../../src/proxy/token.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'solovirt-proxy-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

const FACTS = {
  server: 'https://[::1]:8001',
  cert: 'A CERT',
  token: '-starts_with.a-dash',
  namespace: 'web',
};

test('it leads to the proxy, with what is needed there', () => {
  expect(parse(kubeconfigText(FACTS))).toEqual({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'solovirt',
    clusters: [
      {
        name: 'solovirt',
        cluster: {
          server: 'https://[::1]:8001',
          'certificate-authority-data': Buffer.from('A CERT').toString('base64'),
        },
      },
    ],
    contexts: [
      { name: 'solovirt', context: { cluster: 'solovirt', user: 'solovirt', namespace: 'web' } },
    ],
    users: [{ name: 'solovirt', user: { token: '-starts_with.a-dash' } }],
  });
  const open = parse(kubeconfigText({ ...FACTS, cert: undefined, token: undefined }));
  expect(open.users).toEqual([{ name: 'solovirt', user: {} }]);
  expect(open.clusters[0].cluster).toEqual({ server: 'https://[::1]:8001' });
});

test('it is for its user alone, and replaces only what is of its own kind', async () => {
  const file = join(dir, 'kubeconfig');
  await writeKubeconfig(file, kubeconfigText(FACTS));
  await writeKubeconfig(file, kubeconfigText({ ...FACTS, namespace: 'db' }));
  expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
  expect(readFileSync(file, 'utf8')).toContain('namespace: "db"');
  const other = join(dir, 'config');
  writeFileSync(other, 'apiVersion: v1\nkind: Config\n');
  await expect(writeKubeconfig(other, 'x')).rejects.toThrow(
    `${other} is there already, and \`solovirt proxy\` did not write it`,
  );
  expect(readFileSync(other, 'utf8')).toBe('apiVersion: v1\nkind: Config\n');
  await expect(writeKubeconfig(join(dir, 'no', 'where'), 'x')).rejects.toThrow('cannot be written');
});

test('tokens are new each time, unless they are kept in a file', () => {
  expect(newToken()).toMatch(/^[\w-]{43}$/);
  expect(newToken()).not.toBe(newToken());
  const file = join(dir, 'token');
  const token = tokenFrom(file);
  expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
  expect(tokenFrom(file)).toBe(token);
});

test('a token file that others may read, or without a token, is not used', () => {
  const file = join(dir, 'open');
  writeFileSync(file, `${newToken()}\n`, { mode: 0o600 });
  chmodSync(file, 0o640);
  expect(() => tokenFrom(file)).toThrow(`others may read or change the token in ${file}`);
  writeFileSync(join(dir, 'short'), 'abc\n', { mode: 0o600 });
  expect(() => tokenFrom(join(dir, 'short'))).toThrow('holds no token');
  expect(() => tokenFrom(join(dir, 'no', 'where'))).toThrow('cannot be used');
});
