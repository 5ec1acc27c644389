/** Secrets and ConfigMaps of real files, looked up and shown as the files change. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Logger } from '../../src/ports.ts';
import { Board } from '../../src/supervisor/board.ts';
import { FileObjects } from '../../src/supervisor/file-objects.ts';
import { Namespaces } from '../../src/supervisor/namespaces.ts';
import { ParsedTexts } from '../../src/supervisor/parsed-texts.ts';
import type { Change } from '../../src/supervisor/snapshot-store.ts';
import { Versions } from '../../src/supervisor/versions.ts';
import { VmFiles } from '../../src/supervisor/vm-files.ts';
import { silentLog } from './host/support.ts';

let dir: string;
let files: VmFiles;
let namespaces: Namespaces;
let objects: FileObjects;
let now = 1000;
let changes: string[];
let logged: object[];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'solovirt-objects-'));
  files = new VmFiles(new ParsedTexts());
  logged = [];
  const log: Logger = {
    ...silentLog,
    warn: (fields) => {
      logged.push(fields);
    },
  };
  const clock = { now: () => now };
  const versions = new Versions(() => 1);
  objects = new FileObjects({ files, clock, log }, versions);
  namespaces = new Namespaces({ board: new Board(versions), objects, clock }, versions);
  changes = [];
  const note = ({ type, key }: Change<unknown>): void => {
    changes.push(`${type} ${key}`);
  };
  objects.secrets.listen(note);
  objects.configMaps.listen(note);
});
afterEach(() => rm(dir, { recursive: true }));

async function save(name: string, text: string): Promise<void> {
  const path = join(dir, name);
  await writeFile(path, text);
  await files.apply([{ kind: 'changed', path }], [path], new Map());
}

const secret = (value: string): string =>
  `apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\ndata: {b: aGk=}\nstringData: {t: ${value}}\n`;
const ID = { kind: 'Secret', namespace: 'default', name: 'keys' } as const;

function values(): Readonly<Record<string, string>> | undefined {
  const found = objects.values(ID);
  return found && Object.fromEntries([...found].map(([key, bytes]) => [key, bytes.toString()]));
}

test('a file that every user can read is warned of once, until it is closed', async () => {
  const path = join(dir, 'a.yaml');
  await save('a.yaml', secret('x'));
  await chmod(path, 0o644);
  expect(objects.warnings()).toEqual([]);
  await chmod(dir, 0o755);
  await save('a.yaml', secret('y'));
  await save('a.yaml', secret('z'));
  const words = `every user of this host can read ${path}, which holds a Secret: chmod o-rwx ${path}`;
  expect(objects.warnings()).toEqual([words]);
  expect(logged).toEqual([{ trouble: words }]);
  await chmod(path, 0o640);
  expect(objects.warnings()).toEqual([]);
  await chmod(path, 0o644);
  await save('a.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: keys}\n');
  expect(objects.warnings()).toEqual([]);
});

test('values are looked up as bytes, as the file was last read', async () => {
  expect(values()).toBeUndefined();
  await save('a.yaml', secret('ö'));
  expect(values()).toEqual({ b: 'hi', t: 'ö' });
  expect(objects.find({ ...ID, kind: 'ConfigMap' })).toBeUndefined();
  await save('a.yaml', secret('new'));
  expect(values()).toEqual({ b: 'hi', t: 'new' });
  await save('a.yaml', secret('[broken'));
  expect(values()).toEqual({ b: 'hi', t: 'new' });
  await files.apply([{ kind: 'removed', path: join(dir, 'a.yaml') }], [], new Map());
  expect(values()).toBeUndefined();
});

test('what changes is told, once, and what stays the same is not', async () => {
  await save('a.yaml', secret('x'));
  const first = objects.secrets.get('Secret/default/keys');
  now += 1000;
  await save('a.yaml', `# a comment\n${secret('x')}`);
  expect(changes).toEqual(['ADDED Secret/default/keys']);
  await save('a.yaml', secret('y'));
  const second = objects.secrets.get('Secret/default/keys');
  expect(second?.since).toBe(first?.since);
  expect(second?.resourceVersion).toBeGreaterThan(first?.resourceVersion ?? Infinity);
  await save('a.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: keys}\n');
  expect(changes.slice(1)).toEqual([
    'MODIFIED Secret/default/keys',
    'DELETED Secret/default/keys',
    'ADDED ConfigMap/default/keys',
  ]);
  expect(objects.secrets.all()).toEqual([]);
});

test('a namespace is there for as long as something of a file is in it', async () => {
  const names = () => namespaces.snapshots.all().map(({ name }) => name);
  const inProd = secret('x').replace('name: keys', 'name: keys, namespace: prod');
  const map = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: prod}\n';
  await save('a.yaml', `${inProd}---\n${map}---\n${secret('x')}`);
  expect(names()).toEqual(['default', 'prod']);
  await save('a.yaml', map);
  expect(names()).toEqual(['default', 'prod']);
  await save('a.yaml', secret('x'));
  expect(names()).toEqual(['default']);
});
