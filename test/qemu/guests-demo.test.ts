/** The demo guest comes up in both its forms, and ends in each of the ways that its hooks ask for. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { BareQemu } from '../support/bare-qemu.ts';
import {
  DEMO_DOWN,
  DEMO_HAS_ADDRESS,
  DEMO_KERNEL_ARGS,
  DEMO_UP,
  demoGuest,
} from '../support/guests.ts';

function bootKernel(hooks: string, ...extra: string[]): Promise<BareQemu> {
  const { kernel, initrd } = demoGuest();
  const append = `${DEMO_KERNEL_ARGS} ${hooks}`;
  return BareQemu.start(
    ['-machine', 'q35', '-m', '128', '-kernel', kernel, '-initrd', initrd]
      .concat(['-append', append])
      .concat(extra),
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

test('the kernel form serves the network and powers off at the power button', async () => {
  const port = await freePort();
  const nic = `user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:${port}-:80`;
  const devices = ['virtio-rng-pci', 'virtio-balloon-pci'].flatMap((name) => ['-device', name]);
  await using qemu = await bootKernel('', '-nic', nic, ...devices);
  await qemu.shows(DEMO_HAS_ADDRESS);
  const page = await fetch(`http://127.0.0.1:${port}/`);
  expect(await page.text()).toBe('Hello from a solovirt guest.\n');
  qemu.send('system_powerdown');
  expect(await qemu.ended()).toBe(0);
  expect(qemu.history()).toContain('POWERDOWN');
  expect(qemu.history().at(-1)).toBe('SHUTDOWN guest-shutdown');
  expect(qemu.console.indexOf(DEMO_UP)).toBeLessThan(qemu.console.indexOf(DEMO_DOWN));
});

test.for(['q35', 'pc'])('the disk form boots on %s', async (machine) => {
  const drive = `file=${demoGuest().disk},format=qcow2,if=virtio,snapshot=on`;
  await using qemu = await BareQemu.start(['-machine', machine, '-m', '128', '-drive', drive]);
  await qemu.shows(DEMO_UP);
  qemu.send('system_powerdown');
  expect(await qemu.ended()).toBe(0);
  expect(qemu.history()).toEqual(['RESUME', 'POWERDOWN', 'SHUTDOWN guest-shutdown']);
});

interface Ending {
  readonly hook: string;
  readonly device: string;
  readonly code: number;
  readonly history: readonly string[];
  readonly console: string;
}

const ENDINGS: readonly Ending[] = [
  {
    hook: 'poweroff=1',
    device: 'virtio-rng-pci',
    code: 0,
    history: ['RESUME', 'SHUTDOWN guest-shutdown'],
    console: DEMO_DOWN,
  },
  {
    hook: 'reboot=0',
    device: 'virtio-rng-pci',
    code: 0,
    history: ['RESUME', 'SHUTDOWN guest-reset'],
    console: DEMO_DOWN,
  },
  {
    hook: 'panic=0',
    device: 'pvpanic-pci',
    code: 1,
    history: ['RESUME', 'GUEST_PANICKED', 'SHUTDOWN guest-panic'],
    console: 'Kernel panic - not syncing',
  },
  {
    hook: 'panic=0',
    device: 'pvpanic',
    code: 1,
    history: ['RESUME', 'GUEST_PANICKED', 'SHUTDOWN guest-panic'],
    console: 'Kernel panic - not syncing',
  },
  {
    hook: 'triplefault=0',
    device: 'virtio-rng-pci',
    code: 0,
    history: ['RESUME', 'SHUTDOWN guest-reset'],
    console: 'sysrq: Resetting',
  },
  {
    hook: 'watchdog=1',
    device: 'i6300esb',
    code: 0,
    history: ['RESUME', 'WATCHDOG', 'SHUTDOWN guest-reset'],
    console: 'watchdog armed',
  },
];

test.for(ENDINGS)('solovirt.$hook ends the guest, with $device', async (ending) => {
  await using qemu = await bootKernel(`solovirt.${ending.hook}`, '-device', ending.device);
  expect(await qemu.ended()).toBe(ending.code);
  expect(qemu.history()).toEqual(ending.history);
  expect(qemu.console).toContain(DEMO_UP);
  expect(qemu.console).toContain(ending.console);
});
