/** What belongs to a machine's board, under systemd: processes of their own beside QEMU, and what outlasts a run. */
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { demoVm } from '../e2e/manifests.ts';
import { DAEMON, Fleet, livesOn } from './fleet.ts';
import { copyImages } from './install.ts';
import { LOWER_ROOT, Machine, whyNoMachine } from './machine.ts';

const reason = whyNoMachine();
const needs =
  reason ?? (existsSync('/usr/bin/swtpm') ? undefined : 'swtpm is missing: apt-get install swtpm');

const TPM = '          tpm: {persistent: true}\n';
const UEFI = '        firmware: {bootloader: {efi: {secureBoot: false, persistent: true}}}\n';

test.skipIf(needs !== undefined)(
  `a TPM lives in the unit of its VM and ends with it; what it holds, and UEFI's variables, outlast a run${needs ? ` (${needs})` : ''}`,
  async () => {
    await using fleet = await Fleet.booted({
      web: { guest: 'witness', devices: TPM },
      uefi: { domain: UEFI, grace: 0 },
    });
    const { machine } = fleet;
    await fleet.allRunning('web', 'uefi');
    const unit = fleet.unit('web');
    const cgroup = await machine.property(unit, 'ControlGroup');
    const inUnit = async (): Promise<readonly string[]> => {
      const pids = await machine.get('cat', `/sys/fs/cgroup${cgroup}/cgroup.procs`);
      const all = ['ps', '-o', 'comm=', ...pids.split('\n').map((pid) => `-p${pid}`)] as const;
      return (await machine.get(...all)).split('\n').toSorted();
    };
    expect(await inUnit()).toEqual(['beside', 'qemu-system-x86', 'swtpm']);
    const swtpm = await machine.get('pgrep', '-x', 'swtpm');
    // The VM's user, and of the host's files its own alone.
    const user = (pid: string) => machine.get('ps', '-o', 'user:32=', '-p', pid);
    expect(await user(swtpm)).toBe(await user(await machine.property(unit, 'MainPID')));
    expect(await machine.get('ls', `/proc/${swtpm}/root/var/lib/solovirt`)).toBe('images');

    const before = await fleet.life('web');
    await machine.get('systemctl', 'kill', '--signal=SIGKILL', DAEMON);
    await machine.until('the daemon is back', async () => {
      return (await machine.property(DAEMON, 'NRestarts')) === '1';
    });
    await fleet.allRunning('web', 'uefi');
    expect(livesOn(before, await fleet.life('web'))).toBe(true);
    expect(await machine.get('pgrep', '-x', 'swtpm')).toBe(swtpm);

    await machine.get('systemctl', 'kill', '--kill-whom=main', '--signal=SIGKILL', unit);
    await machine.until('another TPM', async () => {
      const { stdout } = await machine.run('pgrep', '-x', 'swtpm');
      return stdout !== '' && stdout !== swtpm && !stdout.includes('\n');
    });
    await fleet.allRunning('web');
    const board = '/var/lib/solovirt/machines';
    expect(machine.list(`${board}/default_web/tpm`)).toContain('tpm2-00.permall');
    expect(machine.list(`${board}/default_uefi`)).toEqual(['nvram.fd']);
    expect(readlinkSync(machine.path('/run/solovirt/vm/uefi/machine'))).toBe(
      `${board}/default_uefi`,
    );
    expect(await machine.get('stat', '-c', '%a %G', `${board}/default_web/tpm`)).toBe(
      '2770 solovirt-qemu',
    );

    await machine.get('systemctl', 'stop', DAEMON);
    expect((await machine.run('pgrep', '-x', 'swtpm')).stdout).toBe('');
  },
);

const virtiofsd = ['/usr/libexec/virtiofsd', '/usr/lib/qemu/virtiofsd'].find((path) =>
  existsSync(join(LOWER_ROOT, path)),
);

const LINUX_MS = 120_000;

/** A guest that mounts `shared` and writes into it (images/README.md). */
function sharing(): string {
  const devices = `          tpm: {}
          filesystems: [{name: shared, virtiofs: {}}, {name: words, virtiofs: {}}]
      volumes:
        - {name: shared, persistentVolumeClaim: {claimName: shared}}
        - {name: words, configMap: {name: words}}
`;
  const vm = demoVm('web', { strategy: 'Always', hooks: 'solovirt.share=shared', devices });
  const words = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: words}\ndata: {word: hello}\n';
  return `${vm}---\n${words}`;
}

test.skipIf(reason !== undefined || virtiofsd === undefined)(
  `a directory is shared from the sandbox of a VM's unit${virtiofsd ? '' : ' (virtiofsd is missing)'}`,
  async () => {
    const dir = '/var/lib/solovirt/images/_claims/default/shared';
    await using machine = await Machine.booted((off) => {
      copyImages(off.path('/'), 'demo');
      off.write('/etc/solovirt/vms/web.yaml', sharing());
      if (virtiofsd === '/usr/lib/qemu/virtiofsd')
        off.write(
          '/etc/systemd/system/solovirt-vm@.service.d/virtiofsd.conf',
          readFileSync(new URL('../../systemd/virtiofsd-of-qemu.conf', import.meta.url)),
        );
    });
    await machine.get('install', '-d', '-m', '2770', dir);
    machine.write(`${dir}/of-host`, 'from the host\n');
    await machine.get('systemctl', 'start', DAEMON);
    const written = `${dir}/of-guest`;
    await machine.until(
      'the guest has written',
      () => machine.exists(written) && machine.read(written) === 'from the guest\n',
      // A Linux has to boot, emulated.
      LINUX_MS,
    );
    expect(
      await machine.get('sh', '-c', 'cat /var/lib/solovirt/instances/*/console.log'),
    ).toContain('shared has of-host: from the host');
    const unit = 'solovirt-vm@web.service';
    const served = (await machine.get('pgrep', '-x', 'virtiofsd')).split('\n');
    expect(served).toHaveLength(2);
    const user = (pid: string) => machine.get('ps', '-o', 'user:32=', '-p', pid);
    // A file that the guest knows of takes one.
    const limits = await machine.get('cat', `/proc/${served[0]}/limits`);
    const most = /^Max open files\s+(\d+)\s+(\d+)/m.exec(limits);
    expect(most?.[1]).toBe(most?.[2]);
    const main = await machine.property(unit, 'MainPID');
    for (const pid of served) expect(await user(pid)).toBe(await user(main));
    // Whatever the unit allows, QEMU has given it up.
    expect(await machine.get('sed', '-n', 's/^Seccomp:\t//p', `/proc/${main}/status`)).toBe('2');

    await machine.get('systemctl', 'stop', DAEMON);
    expect((await machine.run('pgrep', '-x', 'virtiofsd|swtpm')).stdout).toBe('');
  },
  2 * LINUX_MS,
);

const passt = existsSync(join(LOWER_ROOT, '/usr/bin/passt'));

test.skipIf(reason !== undefined || !passt)(
  `passt is refused by the unit of a VM in words that say what lets it, and then works there${passt ? '' : ' (passt is missing)'}`,
  async () => {
    await using fleet = await Fleet.booted({
      web: {
        strategy: 'Manual',
        devices: '          interfaces: [{name: default, passtBinding: {}}]\n',
        spec: '      networks: [{name: default, pod: {}}]\n',
      },
    });
    const { machine } = fleet;
    const link = (...words: readonly string[]) => machine.get('ip', 'link', ...words);
    await link('add', 'svtest0', 'type', 'veth', 'peer', 'name', 'svtest1');
    await link('set', 'svtest1', 'up');
    await machine.get('ip', 'address', 'add', '192.0.2.1/24', 'dev', 'svtest0');
    await link('set', 'svtest0', 'up');
    await machine.get('ip', 'route', 'add', 'default', 'via', '192.0.2.9');
    await fleet.untilStatus('web', 'Stopped');
    const refused = await machine.run('solovirt', 'start', 'web', '--wait');
    expect(`${refused.stdout}${refused.stderr}`).toContain('/usr/share/solovirt/passt.conf');

    const dropIns = '/etc/systemd/system/solovirt-vm@.service.d';
    await machine.get('install', '-D', '-t', dropIns, '/usr/share/solovirt/passt.conf');
    await machine.get('systemctl', 'daemon-reload');
    await fleet.cli('start', 'web');
    await fleet.allRunning('web');
    const program = await machine.get('pgrep', '-f', '^/usr/bin/passt');
    const user = (pid: string) => machine.get('ps', '-o', 'user:32=', '-p', pid);
    expect(await user(program)).toBe(
      await user(await machine.property(fleet.unit('web'), 'MainPID')),
    );
    await machine.get('systemctl', 'stop', DAEMON);
    expect((await machine.run('pgrep', '-f', '^/usr/bin/passt')).stdout).toBe('');
  },
);
