/** The boot-sector guests do what images/README.md says, on both machine types. */
import { describe, expect, test } from 'vitest';
import { BareQemu } from '../support/bare-qemu.ts';
import { TINY_DOWN, TINY_UP, type TinyVariant, tinyImage } from '../support/guests.ts';

function boot(variant: TinyVariant, ...extra: string[]): Promise<BareQemu> {
  const drive = `file=${tinyImage(variant)},format=raw,if=virtio,snapshot=on`;
  return BareQemu.start(['-m', '16', '-drive', drive, ...extra]);
}

interface Ending {
  readonly variant: TinyVariant;
  /** Besides the disk; empty for none. */
  readonly device: string;
  readonly code: number;
  readonly history: readonly string[];
  readonly console: string;
}

const POWERED_OFF = ['RESUME', 'SHUTDOWN guest-shutdown'];
const RESET = ['RESUME', 'SHUTDOWN guest-reset'];
const PANICKED = ['RESUME', 'GUEST_PANICKED', 'SHUTDOWN guest-panic'];

const ENDINGS: readonly Ending[] = [
  { variant: 'off', device: '', code: 0, history: POWERED_OFF, console: TINY_UP + TINY_DOWN },
  { variant: 'off-after', device: '', code: 0, history: POWERED_OFF, console: TINY_UP + TINY_DOWN },
  { variant: 'reset', device: '', code: 0, history: RESET, console: TINY_UP },
  { variant: 'reset-once', device: '', code: 0, history: RESET, console: TINY_UP },
  { variant: 'crash', device: '', code: 0, history: RESET, console: TINY_UP },
  { variant: 'panic', device: 'pvpanic-pci', code: 1, history: PANICKED, console: TINY_UP },
  { variant: 'panic', device: 'pvpanic', code: 1, history: PANICKED, console: TINY_UP },
  {
    variant: 'watchdog',
    device: 'i6300esb',
    code: 0,
    history: ['RESUME', 'WATCHDOG', 'SHUTDOWN guest-reset'],
    console: TINY_UP,
  },
];

describe.each(['q35', 'pc'])('on %s', (machine) => {
  test.for(ENDINGS)('$variant ends by itself $device', async (ending) => {
    const devices = ending.device === '' ? [] : ['-device', ending.device];
    await using qemu = await boot(ending.variant, '-machine', machine, ...devices);
    expect(await qemu.ended()).toBe(ending.code);
    expect(qemu.history()).toEqual(ending.history);
    expect(qemu.console).toBe(ending.console);
  });

  test.for(['obey', 'slow'] as const)('%s powers off at the power button', async (variant) => {
    await using qemu = await boot(variant, '-machine', machine);
    await qemu.shows(TINY_UP);
    qemu.send('system_powerdown');
    expect(await qemu.ended()).toBe(0);
    expect(qemu.history()).toEqual(['RESUME', 'POWERDOWN', 'SHUTDOWN guest-shutdown']);
    expect(qemu.console).toBe(TINY_UP + TINY_DOWN);
  });

  test('ignore hears the power button each time and stays', async () => {
    await using qemu = await boot('ignore', '-machine', machine);
    await qemu.shows(TINY_UP);
    qemu.send('system_powerdown');
    await qemu.shows('IGNORED');
    qemu.send('system_powerdown');
    await qemu.shows('IGNORED\r\nIGNORED');
    expect(qemu.history()).toEqual(['RESUME', 'POWERDOWN', 'POWERDOWN']);
  });

  test('spin is up and can only be ended from outside', async () => {
    await using qemu = await boot('spin', '-machine', machine);
    await qemu.shows(TINY_UP);
    qemu.send('system_powerdown');
    qemu.send('quit');
    await qemu.ended();
    expect(qemu.history()).toEqual(['RESUME', 'POWERDOWN', 'SHUTDOWN host-qmp-quit']);
    expect(qemu.console).toBe(TINY_UP);
  });
});

test('reset-once resets in its first boot and obeys in its second', async () => {
  await using qemu = await boot('reset-once', '-action', 'reboot=reset');
  await qemu.shows(TINY_UP + TINY_UP);
  qemu.send('system_powerdown');
  expect(await qemu.ended()).toBe(0);
  expect(new Set(qemu.history())).toEqual(
    new Set(['RESUME', 'RESET guest-reset', 'POWERDOWN', 'SHUTDOWN guest-shutdown']),
  );
});
