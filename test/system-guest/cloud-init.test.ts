/**
 * A real Debian with cloud-init, set up by its seed and given credentials by its agent: `images/build debian`, and minutes of
 * emulation.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import type { VmObject } from '../../src/api/contract.ts';
import { freePort } from '../e2e/agent-guest.ts';
import { World } from '../e2e/daemon-harness.ts';
import { Vm } from '../e2e/vm-handle.ts';
import { condition } from '../e2e/waiting.ts';
import { newKey, publicKey } from '../support/ssh-key.ts';

const SET_UP_MS = 540_000;
const LIVE_MS = 120_000;

function debianVm(port: number): string {
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
      accessCredentials:
        - sshPublicKey:
            source: {secret: {secretName: keys}}
            propagationMethod: {noCloud: {}}
        - userPassword:
            source: {secret: {secretName: passwords}}
            propagationMethod: {qemuGuestAgent: {}}
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
              user: me
              runcmd:
                - echo "$(hostname) is set up" >/dev/ttyS0
`;
}

function secret(name: string, key: string, value: string): string {
  return JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name } },
    stringData: { [key]: value },
  });
}

test('a seed gives the guest its name, its commands and the key that logs in, its agent the password', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'ssh-key-'));
  const identity = await newKey(join(dir, 'id'));
  const port = await freePort();
  await using world = await World.start();
  world.write('keys', secret('keys', 'me', publicKey(identity)));
  world.write('passwords', secret('passwords', 'me', 'first-9y'));
  const vm = Vm.put(world, 'debian', debianVm(port));
  const { uid } = await vm.running();
  const said = (): string => readFileSync(vm.paths(uid).console, 'utf8');
  for (const giveUp = Date.now() + SET_UP_MS; !said().includes('front is set up'); await sleep(500))
    if (Date.now() > giveUp) throw new Error(`not set up in time:\n${said().slice(-4000)}`);

  const strangers = ['-o', 'StrictHostKeyChecking=no', '-o', `UserKnownHostsFile=${dir}/known`];
  const options = ['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=60', ...strangers];
  const logIn = async (command: string): Promise<string> => {
    const to = ['-i', identity, '-p', String(port), 'me@127.0.0.1', command];
    return (await execa('ssh', [...options, ...to], { timeout: 120_000 })).stdout;
  };
  expect(await logIn('hostname; id -un')).toBe('front\nme');

  // As the guest itself judges it.
  const accepts = async (password: string): Promise<boolean> => {
    const python = `import crypt, spwd; h = spwd.getspnam("me").sp_pwdp; print(crypt.crypt("${password}", h) == h)`;
    return (await logIn(`sudo python3 -W ignore -c '${python}'`)) === 'True';
  };
  const synced = (found: VmObject | undefined) =>
    condition(found, 'AccessCredentialsSynchronized')?.status === 'True';
  await vm.until('has its password', synced);
  expect(await accepts('first-9y')).toBe(true);
  world.write('passwords', secret('passwords', 'me', 'second-4k'));
  for (const giveUp = Date.now() + LIVE_MS; !(await accepts('second-4k')); await sleep(500))
    if (Date.now() > giveUp) throw new Error('the new password is not in force');
  expect(await accepts('first-9y')).toBe(false);
  rmSync(dir, { recursive: true, force: true });
});
