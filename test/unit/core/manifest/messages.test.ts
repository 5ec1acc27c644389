/**
 * Messages say what was found and what would be right.
 */
import { describe, expect, test } from 'vitest';
import { suggest } from '../../../../src/core/manifest/suggest.ts';
import { manifestText, onlyDocument, type Parts } from './manifest-text.ts';

describe('messages', () => {
  test.for<[Parts, string]>([
    [{ domain: { cpu: { core: 1 } } }, 'unknown field "core"; did you mean "cores"?'],
    [{ domain: { cpu: { zzz: 1 } } }, 'unknown field "zzz"; known here: cores, sockets'],
    [{ domain: { cpu: { cores: '2' } } }, 'write 2 without quotes'],
    [{ domain: { memory: { guest: '512MB' } } }, 'did you mean "512M"?'],
    [{ domain: { machine: { type: 'microvm' } } }, 'hang at boot'],
    [
      { devices: { sound: {} } },
      'KubeVirt field sound is not supported by this version of solovirt',
    ],
    [{ instance: { schedulerName: 'web' } }, 'no effect'],
    [{ annotations: { 'solovirt.io/hostports': '' } }, 'did you mean "solovirt.io/host-ports"?'],
    [{ annotations: { a: 1 } }, 'write it in quotes, "1"'],
    [
      { instance: { volumes: [{ name: 'a', serviceAccount: { serviceAccountName: 'x' } }] } },
      'KubeVirt field serviceAccount is not supported',
    ],
    [{ devices: { rng: null } }, 'write "rng: {}"'],
  ])('%j says %s', ([parts, expected]) => {
    const { problems } = onlyDocument(manifestText(parts));
    expect(problems.map((problem) => problem.message).join('\n')).toContain(expected);
  });

  test.for([
    [
      'both',
      '{ running: true, runStrategy: Always }',
      'Running and RunStrategy are mutually exclusive',
    ],
    ['neither', '{}', 'RunStrategy must be specified'],
    ['case', '{ runStrategy: rerunonfailure }', 'did you mean "RerunOnFailure"?'],
    ['value', '{ runStrategy: Sometimes }', 'Invalid RunStrategy (Sometimes)'],
    ['receiver', '{ runStrategy: WaitAsReceiver }', 'only a cluster has'],
    ['deprecated', '{ running: true }', 'write runStrategy: Always'],
  ] as const)('of run strategies say what is wrong: %s', ([, spec, expected]) => {
    const { problems } = onlyDocument(`{ kind: VirtualMachine, spec: ${spec} }`);
    expect(problems.map((problem) => problem.message).join('\n')).toContain(expected);
  });

  test('never repeat long input', () => {
    const { problems } = onlyDocument(
      manifestText({ domain: { cpu: { model: '!'.repeat(10_000) } } }),
    );
    expect(problems[0]?.message.length).toBeLessThan(300);
  });
});

describe('suggestions', () => {
  const fields = ['runStrategy', 'running', 'template', 'memory', 'ports'];

  test.for([
    ['RUNSTRATEGY', 'runStrategy'],
    ['run_strategy', 'runStrategy'],
    ['memroy', 'memory'],
    ['porst', 'ports'],
    ['port', 'ports'],
    ['unrelated', undefined],
  ] as const)('for %s: %s', ([word, expected]) => {
    expect(suggest(word, fields)).toBe(expected);
  });

  test('need a candidate', () => {
    expect(suggest('a', [])).toBeUndefined();
  });
});
