/** A TPM on QEMU's command line, and the process that it is. */
import { describe, expect, test } from 'vitest';
import { buildQemuArgs } from '../../../../src/core/qemu-args/build.ts';
import { withCompanions } from '../../../../src/core/qemu-args/companion.ts';
import { memoryOverhead } from '../../../../src/core/qemu-args/memory-overhead.ts';
import { outlastsInstances } from '../../../../src/core/qemu-args/persistence.ts';
import { tpmCompanion } from '../../../../src/core/qemu-args/tpm.ts';
import { anInput, aSpec } from './builders.ts';

describe('QEMU', () => {
  test.for([
    [false, 'tpm-tis'],
    [true, 'tpm-crb'],
  ] as const)('has for a TPM whose persistence is %s the device %s', ([persistent, driver]) => {
    const spec = aSpec({ tpm: { persistent } });
    const args = buildQemuArgs(anInput({ spec })).join(' ');
    expect(args).toContain(`{"driver":"${driver}","tpmdev":"tpm0"}`);
    expect(args).toContain('-tpmdev emulator,id=tpm0,chardev=tpm');
    expect(args).toMatch(/-chardev socket,id=tpm,path=\/run\/i\/[^,]+\/tpm /);
    expect(outlastsInstances(spec)).toBe(persistent);
  });

  test('has none otherwise', () => {
    expect(buildQemuArgs(anInput()).join(' ')).not.toContain('tpm');
    expect(outlastsInstances(aSpec())).toBe(false);
  });

  test('needs room for it, as KubeVirt reckons', () => {
    const more = memoryOverhead(aSpec({ tpm: { persistent: false } })) - memoryOverhead(aSpec());
    expect(more).toBe(53 * 2 ** 20);
  });
});

describe('a companion', () => {
  const { paths } = anInput();
  const wrappers = { beside: '/b', confine: '/c' };
  const program = ['/c', '--', '/qemu', '-S'];
  const tpm = tpmCompanion('/usr/bin/swtpm', '/state/tpm', paths);

  test('is started before the program, as its user, with its own directory and nothing else', () => {
    const user = { uid: 7, gid: 8, groups: [] };
    const words = withCompanions([tpm], program, wrappers, () => user);
    expect(words).toEqual(
      [
        ...['/b', '--socket', paths.tpmSocket, '--end', paths.tpmEnd, '--state', '/state/tpm'],
        ...['--words', '16'],
        ...['/c', '--uid', '7', '--gid', '8', '--write-dir', '/state/tpm', '--'],
        ...['/usr/bin/swtpm', 'socket', '--tpm2', '--ctrl', 'type=unixio,fd={socket}'],
        ...['--tpmstate', 'dir=/state/tpm,mode=0660', '--terminate'],
        ...program,
      ].map(String),
    );
  });

  test('comes after the first, where there are two', () => {
    const words = withCompanions([tpm, tpm], program, wrappers);
    expect(words.filter((word) => word === '/b')).toHaveLength(2);
    expect(words.slice(-program.length)).toEqual(program);
  });

  test('there is none without one', () => {
    expect(withCompanions([], program, wrappers)).toEqual(program);
  });
});
