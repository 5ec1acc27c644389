import { describe, expect, test } from 'vitest';
import {
  type Catalogue,
  type KnownFile,
  resolveCatalogue,
} from '../../../../src/core/catalogue/catalogue.ts';
import { parseManifests } from '../../../../src/core/manifest/parse.ts';

const vm = (name: string, extra = ''): string =>
  `apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata: {name: ${name}}
spec:
  runStrategy: Always
${extra}  template:
    spec:
      domain: {devices: {}}
`;

let order = 0;
function file(path: string, text: string): KnownFile {
  order += 1;
  return { path, order, text, unread: false, ...parseManifests(text) };
}

const claim = (name: string, path: string) =>
  [`default/${name}`, { identity: { namespace: 'default', name }, path }] as const;

const alphabetically = (a: string, b: string): number => a.localeCompare(b);

const inForce = (catalogue: Catalogue) =>
  [...catalogue.values()]
    .filter((e) => e.isVm)
    .map((e) => `${e.name} in ${e.path}${e.vm === undefined ? ' (last good)' : ''}`)
    .sort(alphabetically);

const problems = (catalogue: Catalogue) =>
  [...catalogue.values()]
    .flatMap((e) => e.problems.map((p) => `${e.name}: ${p.code}`))
    .sort(alphabetically);

describe('which document is in force', () => {
  test('each document of each file for its own VM', () => {
    const files = [file('/a.yaml', `${vm('a')}---\n${vm('b')}`), file('/c.yaml', vm('c'))];
    const catalogue = resolveCatalogue(files, new Map());
    expect(inForce(catalogue)).toEqual(['a in /a.yaml', 'b in /a.yaml', 'c in /c.yaml']);
    expect(problems(catalogue)).toEqual([]);
  });

  test('of two files with one VM the first seen, and the other file has the problem', () => {
    const files = [file('/a.yaml', vm('a')), file('/copy.yaml', vm('a'))];
    const catalogue = resolveCatalogue(files, new Map());
    expect(inForce(catalogue)).toEqual(['a in /a.yaml']);
    expect(problems(catalogue)).toEqual(['copy.yaml: duplicate-vm']);
  });

  test('the file that holds the VM on record beats one that was seen first', () => {
    const files = [file('/a.yaml', vm('a')), file('/b.yaml', vm('a'))];
    const catalogue = resolveCatalogue(files, new Map([claim('a', '/b.yaml')]));
    expect(inForce(catalogue)).toEqual(['a in /b.yaml']);
    expect(problems(catalogue)).toEqual(['a.yaml: duplicate-vm']);
  });

  test('a renamed file takes its VM along', () => {
    const catalogue = resolveCatalogue(
      [file('/new.yaml', vm('a'))],
      new Map([claim('a', '/old.yaml')]),
    );
    expect(inForce(catalogue)).toEqual(['a in /new.yaml']);
  });

  test('a VM within one file twice is a problem of that file', () => {
    const catalogue = resolveCatalogue([file('/a.yaml', `${vm('a')}---\n${vm('a')}`)], new Map());
    expect(inForce(catalogue)).toEqual(['a in /a.yaml']);
    expect(problems(catalogue)).toEqual(['a.yaml: duplicate-vm']);
  });
});

describe('a broken file', () => {
  const BROKEN = 'apiVersion: [kubevirt.io/v1\n';

  test('keeps every VM that it declared', () => {
    const claims = new Map([claim('a', '/a.yaml'), claim('b', '/a.yaml')]);
    const catalogue = resolveCatalogue([file('/a.yaml', BROKEN)], claims);
    expect(inForce(catalogue)).toEqual(['a in /a.yaml (last good)', 'b in /a.yaml (last good)']);
    expect(problems(catalogue).length).toBeGreaterThan(0);
  });

  test('that was never valid is listed under its own name', () => {
    const catalogue = resolveCatalogue([file('/a.yaml', BROKEN)], new Map());
    expect([...catalogue.values()]).toMatchObject([{ name: 'a.yaml', isVm: false }]);
  });

  test('with one bad field keeps its VM, with the problem', () => {
    const claims = new Map([claim('a', '/a.yaml')]);
    const catalogue = resolveCatalogue([file('/a.yaml', vm('a', '  runStrateggy: x\n'))], claims);
    expect(inForce(catalogue)).toEqual(['a in /a.yaml (last good)']);
    expect(problems(catalogue)).toEqual(['a: unknown-field']);
  });

  test('that is not read yet keeps its VM without a problem', () => {
    const unread: KnownFile = {
      path: '/a.yaml',
      order: 1,
      documents: [],
      problems: [],
      unread: true,
    };
    const catalogue = resolveCatalogue([unread], new Map([claim('a', '/a.yaml')]));
    expect(inForce(catalogue)).toEqual(['a in /a.yaml (last good)']);
    expect(problems(catalogue)).toEqual([]);
  });

  test('does not hide that a VM now stands in another file', () => {
    const files = [file('/a.yaml', BROKEN), file('/b.yaml', vm('a'))];
    const catalogue = resolveCatalogue(files, new Map([claim('a', '/a.yaml')]));
    expect(inForce(catalogue)).toEqual(['a in /b.yaml']);
  });
});

test('a VM that no file declares any more is gone', () => {
  const claims = new Map([claim('a', '/a.yaml'), claim('b', '/a.yaml')]);
  const catalogue = resolveCatalogue([file('/a.yaml', vm('a'))], claims);
  expect(inForce(catalogue)).toEqual(['a in /a.yaml']);
});
