/** Filesystems on QEMU's command line, and the processes behind them. */
import { describe, expect, test } from 'vitest';
import { buildQemuArgs } from '../../../../src/core/qemu-args/build.ts';
import { withCompanions } from '../../../../src/core/qemu-args/companion.ts';
import { filesystemCompanion } from '../../../../src/core/qemu-args/filesystems.ts';
import { memoryOverhead } from '../../../../src/core/qemu-args/memory-overhead.ts';
import { anInput, aSpec } from './builders.ts';

const FILESYSTEMS = ['media', 'words'].map((name) => ({
  name,
  source: { kind: 'claim', claim: name, readonly: false } as const,
}));
const MIB = 2 ** 20;

describe('QEMU', () => {
  test('has a device and a socket for each, and memory that it shares', () => {
    const spec = aSpec({ filesystems: FILESYSTEMS, memoryBytes: 64 * MIB });
    const args = buildQemuArgs(anInput({ spec }));
    const line = args.join(' ');
    expect(line).toMatch(/-chardev socket,id=fs0,path=\/run\/i\/[^,]+\/fs0 /);
    expect(line).toMatch(/"driver":"vhost-user-fs-pci","chardev":"fs0","tag":"media"/);
    expect(line).toMatch(/"driver":"vhost-user-fs-pci","chardev":"fs1","tag":"words"/);
    expect(args).toContain(
      `{"qom-type":"memory-backend-memfd","id":"ram0","size":${64 * MIB},"share":true}`,
    );
    expect(args.find((arg) => arg.startsWith('type='))).toContain('memory-backend=ram0');
  });

  test('shares huge pages, too', () => {
    const spec = aSpec({
      filesystems: FILESYSTEMS,
      memoryBytes: 64 * MIB,
      hugepageBytes: 2 * MIB,
    });
    const line = buildQemuArgs(anInput({ spec })).join(' ');
    expect(line).toContain('"share":true,"hugetlb":true');
  });

  test('shares none otherwise', () => {
    expect(buildQemuArgs(anInput()).join(' ')).not.toContain('memory-backend');
  });

  test('needs room for them, as KubeVirt gives its containers', () => {
    const more = memoryOverhead(aSpec({ filesystems: FILESYSTEMS })) - memoryOverhead(aSpec());
    expect(more).toBe(160_000_000);
  });
});

describe('a virtiofsd', () => {
  const wrappers = { beside: '/b', confine: '/c' };
  const paths = { socket: '/s', end: '/e' };
  const words = (kind: 'c' | 'rust', dir: string, readonly = false): string => {
    const shared = { dir, readonly, whose: 'host' } as const;
    const companion = filesystemCompanion({ path: '/v', kind }, shared, paths);
    return withCompanions([companion], ['/qemu'], wrappers).join(' ');
  };

  test('in Rust tells its user apart by number and needs no namespace', () => {
    expect(words('rust', '/d')).toBe(
      '/b --socket /s --end /e --words 22 /c --tell-ids --write-tree /d -- /v --fd={socket} --rlimit-nofile=0' +
        ' --shared-dir /d --sandbox none --log-level error' +
        ' --translate-uid squash-guest:0:{uid}:4294967295 --translate-uid host:{uid}:0:1' +
        ' --translate-gid squash-guest:0:{gid}:4294967295 --translate-gid host:{gid}:0:1 /qemu',
    );
  });

  test('in C is root in a namespace, and takes a path with whatever is in it', () => {
    expect(words('c', '/a,b\\c', true)).toBe(
      '/b --socket /s --end /e --words 14 /c --root-to-itself --read /a,b\\c -- /v --fd={socket} --rlimit-nofile=0' +
        ' -o source=/a\\,b\\\\c -o sandbox=chroot -o log_level=err /qemu',
    );
  });
});
