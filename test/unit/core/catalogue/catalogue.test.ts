import { describe, expect, test } from 'vitest';
import {
  type Catalogue,
  resolveCatalogue,
  sameEntry,
} from '../../../../src/core/catalogue/catalogue.ts';
import type { KnownFile } from '../../../../src/core/catalogue/known-file.ts';
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

  test('keeps a VM whose document has become part of a broken one', () => {
    const claims = new Map([claim('a', '/a.yaml'), claim('b', '/a.yaml')]);
    const open = vm('a').replace('{name: a}', '{name: a}\nlost: "quote');
    const catalogue = resolveCatalogue([file('/a.yaml', `${open}---\n${vm('b')}`)], claims);
    expect(inForce(catalogue)).toEqual(['a in /a.yaml (last good)', 'b in /a.yaml (last good)']);
    expect(problems(catalogue)).toEqual(['a: yaml-syntax', 'b: yaml-syntax']);
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

describe('the order of starts', () => {
  const ordered = (name: string, after: string): string =>
    vm(name).replace(
      `{name: ${name}}`,
      `{name: ${name}, annotations: {solovirt.io/start-after: "${after}"}}`,
    );
  const resolve = (files: Readonly<Record<string, string>>): readonly string[] =>
    problems(
      resolveCatalogue(
        Object.entries(files).map(([path, text]) => file(path, text)),
        new Map(),
      ),
    );

  test('is sound when every name is declared, in whatever file', () => {
    expect(resolve({ '/a.yaml': ordered('a', 'b'), '/b.yaml': vm('b') })).toEqual([]);
  });

  test('with a name that no file declares is a warning, and the VM is in force', () => {
    const catalogue = resolveCatalogue([file('/a.yaml', ordered('a', 'b, other/c'))], new Map());
    expect(inForce(catalogue)).toEqual(['a in /a.yaml']);
    const place = {
      line: 3,
      column: 'metadata: {name: a, annotations: {solovirt.io/start-after: "'.length,
    };
    expect(catalogue.get('default/a')?.problems).toMatchObject([
      { code: 'start-after-unknown', severity: 'warning', ...place },
      { code: 'start-after-unknown', severity: 'warning', ...place },
    ]);
  });

  test('may name a VM that is not valid at present', () => {
    const broken = vm('b', '  runStrateggy: x\n');
    expect(resolve({ '/a.yaml': ordered('a', 'b'), '/b.yaml': broken })).toEqual([
      'b: unknown-field',
    ]);
  });

  test('that goes round in a circle is a warning at each VM of it, and at no other', () => {
    const files = {
      '/a.yaml': ordered('a', 'b'),
      '/b.yaml': ordered('b', 'a'),
      '/c.yaml': ordered('c', 'a'),
      '/d.yaml': ordered('d', 'd'),
    };
    expect(resolve(files)).toEqual([
      'a: start-after-cycle',
      'b: start-after-cycle',
      'd: start-after-cycle',
    ]);
  });

  test('changes the entry of a VM whose own file did not change', () => {
    const a = file('/a.yaml', ordered('a', 'b'));
    const [before, after] = [[a], [a, file('/b.yaml', vm('b'))]].map((files) =>
      resolveCatalogue(files, new Map()).get('default/a'),
    );
    expect(sameEntry(before, before && { ...before })).toBe(true);
    expect(sameEntry(before, after)).toBe(false);
  });

  test('shows a long way round cut short', () => {
    const names = Array.from({ length: 30 }, (_, n) => `vm${n}`);
    const files = names.map((name, n) =>
      file(`/${name}.yaml`, ordered(name, names[(n + 1) % 30] ?? '')),
    );
    const [problem] = resolveCatalogue(files, new Map()).get('default/vm28')?.problems ?? [];
    expect(problem?.message).toMatch(
      /: vm28 → vm29 → vm0 → vm1 → vm2 → vm3 → vm4 → vm5 → vm6 → … → vm28; /,
    );
  });
});
