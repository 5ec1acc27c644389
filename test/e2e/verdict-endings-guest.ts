/** Endings that the guest itself brings about. All are held, and let go once it is settled whether a daemon lives. */
import { ISA_PANIC_DEVICE, tinyVm } from './manifests.ts';
import type { Ending } from './verdict-ending.ts';
import { demoVm, HELD, REBOOT_ENDS, watchdogDevice } from './verdict-manifests.ts';

const held = { strategy: 'Manual', spec: HELD } as const;
const NO_PANIC_DEVICE = '        solovirt.io/panic-device: none\n';

const byGuest = { ready: 'held', initiator: 'guest' } as const;

export const GUEST_ENDINGS: readonly Ending[] = [
  {
    ...byGuest,
    name: 'poweroff-tiny',
    manifest: (name) => tinyVm(name, { ...held, guest: 'off' }),
    outcome: 'Succeeded',
    reason: 'GuestShutdown',
    message: 'The guest shut itself down.',
  },
  {
    ...byGuest,
    name: 'poweroff-linux',
    manifest: (name) => demoVm(name, { args: 'solovirt.poweroff=0', spec: HELD }),
    outcome: 'Succeeded',
    reason: 'GuestShutdown',
    message: 'The guest shut itself down.',
  },
  {
    ...byGuest,
    name: 'panic-isa',
    manifest: (name) => tinyVm(name, { ...held, guest: 'panic', devices: ISA_PANIC_DEVICE }),
    outcome: 'Failed',
    reason: 'GuestPanicked',
    message: 'The guest kernel panicked.',
  },
  {
    ...byGuest,
    name: 'panic-linux',
    manifest: (name) => demoVm(name, { args: 'solovirt.panic=0', spec: HELD }),
    outcome: 'Failed',
    reason: 'GuestPanicked',
    message: 'The guest kernel panicked: "Kernel panic - not syncing: sysrq triggered crash".',
  },
  ...(['poweroff', 'shutdown'] as const).map(
    (action): Ending => ({
      ...byGuest,
      name: `watchdog-${action}`,
      manifest: (name) =>
        tinyVm(name, { ...held, guest: 'watchdog', devices: watchdogDevice(action) }),
      outcome: 'Failed',
      reason: 'WatchdogExpired',
      message: `The guest stopped feeding its watchdog, whose action is ${action}.`,
    }),
  ),
  {
    ...byGuest,
    name: 'watchdog-reset',
    manifest: (name) =>
      tinyVm(name, {
        ...held,
        guest: 'watchdog',
        devices: watchdogDevice('reset'),
        domain: REBOOT_ENDS,
      }),
    outcome: 'Failed',
    reason: 'WatchdogExpired',
    message: 'The guest stopped feeding its watchdog, whose action is reset.',
  },
  ...(['reset', 'crash'] as const).map(
    (guest): Ending => ({
      ...byGuest,
      name: `reboot-${guest}`,
      manifest: (name) => tinyVm(name, { ...held, guest, domain: REBOOT_ENDS }),
      outcome: 'Succeeded',
      reason: 'GuestReboot',
      message: 'The guest rebooted, and rebootPolicy Terminate made that its end.',
    }),
  ),
  {
    ...byGuest,
    name: 'reboot-after-panic',
    manifest: (name) =>
      demoVm(name, {
        args: 'panic=-1 solovirt.panic=0',
        annotations: NO_PANIC_DEVICE,
        domain: REBOOT_ENDS,
        spec: HELD,
      }),
    outcome: 'Succeeded',
    reason: 'GuestReboot',
    message:
      'The guest rebooted, but its console shows a kernel panic: "Kernel panic - not syncing: sysrq triggered crash"; rebootPolicy Terminate made that its end.',
  },
  {
    ...byGuest,
    // Its QEMU has isa-debug-exit where others have the panic device.
    name: 'exited',
    manifest: (name) =>
      tinyVm(name, { ...held, guest: 'panic' }).replace(
        '    spec:\n      termination',
        `    metadata:\n      annotations:\n${NO_PANIC_DEVICE}    spec:\n      termination`,
      ),
    outcome: 'Failed',
    reason: 'QemuExited',
    initiator: 'host',
    message: 'QEMU exited with code 3 and left no event that explains it.',
  },
];
