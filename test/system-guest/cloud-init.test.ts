/** A real Debian with cloud-init, set up by its seed: `images/build debian`, and minutes of emulation. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { freePort } from '../e2e/agent-guest.ts';
import { World } from '../e2e/daemon-harness.ts';
import { Vm } from '../e2e/vm-handle.ts';

const SET_UP_MS = 540_000;

function debianVm(port: number, key: string): string {
  return `apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: debian
  annotations:
    solovirt.io/kernel: debian/latest/vmlinuz
    solovirt.io/initrd: debian/latest/initrd.img
    solovirt.io/kernel-args: console=ttyS0 quiet
    solovirt.io/host-ports: '${port}:22'
spec:
  runStrategy: Always
  template:
    spec:
      hostname: front
      domain:
        cpu: {cores: 2}
        memory: {guest: 512Mi}
        devices:
          rng: {}
          disks:
            - name: root
              disk: {bus: virtio}
            - name: seed
              disk: {bus: virtio}
      volumes:
        - name: root
          containerDisk: {image: 'debian:latest'}
        - name: seed
          cloudInitNoCloud:
            userData: |
              #cloud-config
              users:
                - name: me
                  ssh_authorized_keys: ['${key}']
              runcmd:
                - echo "$(hostname) is set up" >/dev/ttyS0
`;
}

test('a seed gives the guest its name, its commands and the key that logs in', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'ssh-key-'));
  const identity = join(dir, 'id');
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', identity]);
  const port = await freePort();
  await using world = await World.start();
  const key = readFileSync(`${identity}.pub`, 'utf8').trim();
  const vm = Vm.put(world, 'debian', debianVm(port, key));
  const { uid } = await vm.running();
  const said = (): string => readFileSync(vm.paths(uid).console, 'utf8');
  for (const giveUp = Date.now() + SET_UP_MS; !said().includes('front is set up'); await sleep(500))
    if (Date.now() > giveUp) throw new Error(`not set up in time:\n${said().slice(-4000)}`);

  const strangers = ['-o', 'StrictHostKeyChecking=no', '-o', `UserKnownHostsFile=${dir}/known`];
  const options = ['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=60', ...strangers];
  const { stdout } = await execa(
    'ssh',
    [...options, '-i', identity, '-p', String(port), 'me@127.0.0.1', 'hostname; id -un'],
    { timeout: 120_000 },
  );
  expect(stdout).toBe('front\nme');
  rmSync(dir, { recursive: true, force: true });
});
